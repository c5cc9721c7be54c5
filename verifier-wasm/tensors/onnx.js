// The tensors of an ONNX file: the initialisers of its graph, and the larger constants of its nodes.
//
//   ModelProto 7 graph      GraphProto 1 node, 5 initializer, 15 sparse_initializer
//   NodeProto  2 output, 4 op_type, 5 attribute { 5 t }, 7 domain
//
// Out of scope: what else the file says, such as what the nodes compute.

import { MAX_NAME_BYTES, MAX_TENSORS, malformed, notComparable, tooMany } from './bytes.js';
import { outlineOf, readTensor } from './onnx-tensor.js';
import { bytesOf, Wire } from './protobuf.js';

const MAX_ATTRIBUTES = 256;

/** The tensors of a file by name, each with a `digest` that hashes its values. */
export async function readOnnx(file, context) {
  const reader = { file, context, wire: new Wire(file, context.signal) };
  const model = { start: 0, end: file.size };
  let graph;
  for (let field; (field = await reader.wire.next(model));) {
    if (field.number !== 7) continue;
    if (graph !== undefined) throw malformed('there are two graphs');
    graph = bytesOf(field);
  }
  if (graph === undefined) throw malformed('there is no graph');
  return readGraph(reader, graph);
}

async function readGraph(reader, graph) {
  const tensors = new Map();
  const add = (tensor) => {
    if (tensors.has(tensor.name)) throw malformed('two tensors have one name');
    if (tensors.size >= MAX_TENSORS) throw tooMany('tensors');
    tensors.set(tensor.name, tensor);
  };
  for (let field; (field = await reader.wire.next(graph));) {
    if (field.number === 1) for (const constant of await readNode(reader, bytesOf(field))) add(constant);
    if (field.number === 5) add(await readTensor(reader, bytesOf(field)));
    if (field.number === 15) throw notComparable('sparse tensors are not compared');
  }
  return tensors;
}

// Only `Constant` has tensors that a passport lists, by the name of what it gives.
async function readNode({ wire, ...rest }, node) {
  let [output, kind, domain] = [];
  const attributes = [];
  for (let field; (field = await wire.next(node));) {
    if (field.number === 2) output ??= bytesOf(field);
    if (field.number === 4) kind = bytesOf(field);
    if (field.number === 7) domain = bytesOf(field);
    if (field.number === 5) attributes.push(bytesOf(field));
    if (attributes.length > MAX_ATTRIBUTES) throw tooMany('attributes');
  }
  const text = (range) => (range ? wire.text(range, MAX_NAME_BYTES) : '');
  const length = kind ? kind.end - kind.start : 0;
  if (length !== 'Constant'.length || await text(kind) !== 'Constant') return [];
  if (!['', 'ai.onnx'].includes(await text(domain))) return [];
  const constants = [];
  for (const attribute of attributes) {
    for (let field; (field = await wire.next(attribute));) {
      if (field.number !== 5) continue;
      const tensor = bytesOf(field);
      if (await isSetting(wire, tensor)) continue;
      constants.push({ ...(await readTensor({ wire, ...rest }, tensor)), name: await text(output) });
    }
  }
  return constants;
}

// A scalar, or a short list of sizes or axes, says how the graph computes and was not learned.
async function isSetting(wire, tensor) {
  if (tensor.end - tensor.start > 1_024) return false;
  const { elements, whole } = await outlineOf(wire, { ...tensor });
  return elements <= (whole ? 64n : 1n);
}
