//! What the nodes of an ONNX graph hold of a model.
//!
//! ```text
//! NodeProto      2 output, 4 op_type, 5 attribute, 7 domain
//! AttributeProto 1 name, 4 s, 5 t, 6 g, 7 floats, 8 ints, 9 strings, 10 tensors, 11 graphs, 22, 23 sparse
//! FunctionProto  7 node
//! ```
//!
//! A converter may put all that was learned into nodes: `Constant` has a tensor, the trees of `ai.onnx.ml` are
//! lists of numbers. The tensors of `Constant` nodes are listed by the name of what they give. Where anything else
//! is larger than what sizes, axes and scalars take, the tensors are not all listed, and that is said.

use std::ops::Range;

use super::onnx::{Fault, MAX_NAME_BYTES};
use super::onnx_tensor::{Initializer, Outline};
use super::protobuf::{Value, Wire};

/// Most whole numbers or texts in a list that sets how a node computes: axes, pads, sizes, steps.
const MAX_STRUCTURAL: usize = 64;

/// Most fractions in such a list: scales, or the slopes of the activations of a recurrent node.
const MAX_STRUCTURAL_FLOATS: usize = 8;

/// Longest text that sets how a node computes.
const MAX_STRUCTURAL_TEXT: u64 = 4_096;

/// Graphs inside of the nodes of graphs.
const MAX_DEPTH: usize = 16;

/// What was found in the nodes.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// The tensors of the `Constant` nodes of the main graph.
    pub(super) constants: Vec<Initializer>,
    /// Why these and the initialisers are not all that the model is.
    pub(super) unlisted: Option<String>,
}

impl Held {
    /// Looks at a node of the main graph, at depth 0, or of one inside of it.
    pub(super) fn node(&mut self, wire: &mut Wire, message: Range<u64>, depth: usize) -> Result<(), Fault> {
        let (mut output, mut kind, mut domain, mut rest) = (None, None, None, message.clone());
        while let Some((number, value)) = wire.next(&mut rest)? {
            match number {
                2 if output.is_none() => output = Some(value.bytes("output")?),
                4 => kind = Some(value.bytes("op_type")?),
                7 => domain = Some(value.bytes("domain")?),
                _ => {}
            }
        }
        let mut text = |range: Option<Range<u64>>, field| match range {
            Some(range) => wire.text(&range, MAX_NAME_BYTES, field),
            None => Ok(String::new()),
        };
        let (kind, domain) = (text(kind, "op_type")?, text(domain, "domain")?);
        let node = Node { output, kind, is_standard: matches!(domain.as_str(), "" | "ai.onnx"), depth };
        rest = message;
        while let Some((number, value)) = wire.next(&mut rest)? {
            if number == 5 {
                self.attribute(wire, value.bytes("attribute")?, &node)?;
            }
        }
        Ok(())
    }

    fn attribute(&mut self, wire: &mut Wire, mut message: Range<u64>, node: &Node) -> Result<(), Fault> {
        let (mut floats, mut others) = (0_usize, 0_usize);
        while let Some((number, value)) = wire.next(&mut message)? {
            match (number, value) {
                (4, Value::Bytes(text)) if text.end - text.start > MAX_STRUCTURAL_TEXT => self.holds(node),
                (5, value) => {
                    let tensor = value.bytes("t")?;
                    if Outline::read(wire, tensor.clone())?.is_structural() {
                        continue;
                    }
                    if node.is_standard && node.kind == "Constant" && node.depth == 0 {
                        let mut constant = Initializer::read(wire, tensor)?;
                        let name = node.output.as_ref().map(|name| wire.text(name, MAX_NAME_BYTES, "output"));
                        constant.name = name.transpose()?.unwrap_or_default();
                        self.constants.push(constant);
                    } else {
                        self.holds(node);
                    }
                }
                (6 | 11, value) => self.graph(wire, value.bytes("g")?, node.depth + 1)?,
                (7, Value::Bytes(packed)) => {
                    let count = usize::try_from((packed.end - packed.start) / 4).unwrap_or(usize::MAX);
                    floats = floats.saturating_add(count);
                }
                (7, _) => floats = floats.saturating_add(1),
                (8, Value::Bytes(mut packed)) => {
                    while others <= MAX_STRUCTURAL && wire.packed(&mut packed)?.is_some() {
                        others += 1;
                    }
                }
                (8, _) => others = others.saturating_add(1),
                (9, Value::Bytes(text)) => {
                    others = others.saturating_add(1);
                    if text.end - text.start > MAX_STRUCTURAL_TEXT {
                        self.holds(node);
                    }
                }
                (10 | 22 | 23, _) => self.holds(node),
                _ => {}
            }
        }
        // Of a constant, more than one fraction is a tensor; of another domain, any list may be what was learned.
        let (most_floats, most) = match (node.is_standard, node.kind.as_str()) {
            (true, "Constant") => (1, MAX_STRUCTURAL),
            (true, _) => (MAX_STRUCTURAL_FLOATS, MAX_STRUCTURAL),
            (false, _) => (0, 0),
        };
        if floats > most_floats || others > most {
            self.holds(node);
        }
        Ok(())
    }

    /// A graph inside of a node, or one of those that train the model.
    pub(super) fn graph(
        &mut self,
        wire: &mut Wire,
        mut message: Range<u64>,
        depth: usize,
    ) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            self.because("its graphs are nested deeper than is looked at".to_owned());
            return Ok(());
        }
        while let Some((number, value)) = wire.next(&mut message)? {
            match number {
                1 => self.node(wire, value.bytes("node")?, depth)?,
                5 if !Outline::read(wire, value.clone().bytes("initializer")?)?.is_structural() => {
                    self.because("graphs inside of its nodes have tensors of their own".to_owned());
                }
                15 => self.because("graphs inside of its nodes have tensors of their own".to_owned()),
                _ => {}
            }
        }
        Ok(())
    }

    /// A function of the model's own: its nodes.
    pub(super) fn function(&mut self, wire: &mut Wire, mut message: Range<u64>) -> Result<(), Fault> {
        while let Some((number, value)) = wire.next(&mut message)? {
            if number == 7 {
                self.node(wire, value.bytes("node")?, 1)?;
            }
        }
        Ok(())
    }

    fn holds(&mut self, node: &Node) {
        let kind: String = node.kind.chars().take(64).collect();
        self.because(format!("its `{kind}` nodes hold numbers of the model themselves"));
    }

    fn because(&mut self, why: String) {
        _ = self.unlisted.get_or_insert(why);
    }
}

struct Node {
    /// The name of what it gives.
    output: Option<Range<u64>>,
    kind: String,
    /// Of the operators of ONNX itself.
    is_standard: bool,
    depth: usize,
}
