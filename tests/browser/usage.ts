// Every type of the package, used as its README says. Only compiled; types.test.mjs does that.

import { hashFile, init, load, needs, PassportVerifierError, verify, version, wasmSha256, type ErrorCode, type Need, type Policy, type Report, type Rule, type TrustList, type Verdict } from '@model-passport/verifier';
import { embedVerifier, type FrameMessage, type VerifyMessage } from '@model-passport/verifier/embed';
import { ModelPassport, type DocumentLoader } from '@model-passport/verifier/element';
import { init as initInline, verify as verifyInline } from '@model-passport/verifier/inline';
import { verify as verifyInNode } from '@model-passport/verifier/node';
import { snippets } from '@model-passport/verifier/snippets';
import { loadUi, LOCALES, pickLocale, showFailure, showLimits, showReport } from '@model-passport/verifier/view';
import { createVerifier } from '@model-passport/verifier/worker';

export async function everything(text: string, file: File, frame: HTMLIFrameElement): Promise<Verdict> {
  await init(new URL('https://a.example/verifier.wasm'));
  await init(fetch('/verifier.wasm'));
  await init(new Uint8Array());
  await init(new WebAssembly.Module(new ArrayBuffer(0)));
  await initInline();
  await load();
  // @ts-expect-error not a source
  await init(null);

  const rule: Rule = { require: 'metric', definition: 'auc', atLeast: '0.85', issuers: ['did:web:a.example'] };
  // @ts-expect-error decimals are texts
  const wrong: Rule = { require: 'metric', definition: 'auc', atLeast: 0.85 };
  const list: TrustList = { name: 'Ours', issuers: [{ id: 'did:web:a.example', name: 'A', kinds: ['ModelPassport'] }] };
  const policy: Policy[] = [{ profile: 'passport', rules: [rule, wrong], trust: [list], lineage: { declared: 'fail' } }];
  const measured = await hashFile(file, { signal: AbortSignal.timeout(1), onProgress: ({ done, total }) => console.log(done, total) });
  const report: Report = await verify(text, { evidence: { artifacts: [{ path: file.name, ...measured }] }, policy, now: new Date(), webCrypto: true });
  // @ts-expect-error text, and not an object made from it
  await verify(JSON.parse(text) as object);
  const open: Need[] = await needs(text, { policy });
  for (const { node, outcome, code, message, help, pointer } of report.checks) console.log(node?.length, outcome, code, message, help?.length, pointer);
  console.log(open.length, await version(), wasmSha256, report.nodes[0]?.taint?.path, report.shown[0]?.content['credentialSubject']);
  await verifyInline(text);
  await verifyInNode(text);

  const worker = createVerifier({ worker: () => new Worker('x.js', { type: 'module' }), source: '/verifier.wasm', timeLimit: 1_000 });
  await worker.verify(text, { policy: policy[0]! });
  await worker.hashFile(file.stream(), {});
  worker.terminate();

  const loader: DocumentLoader = async ({ url, kind }, { signal }) => (kind === 'didDocument' ? (await fetch(url, { signal })).text() : undefined);
  ModelPassport.createVerifier = () => createVerifier();
  const element = document.createElement('model-passport');
  Object.assign(element, { src: 'passport.json' } satisfies Partial<ModelPassport>);
  element.documentLoader = loader;
  element.display = 'badge';
  // @ts-expect-error not a display
  element.display = 'huge';
  element.trustList = [list];
  element.policyRules = policy;
  element.now = '2026-11-21T10:00:00Z';
  element.addEventListener('passport-verdict', ({ detail }) => console.log(detail.report.verdict));
  element.addEventListener('passport-error', ({ detail: { code } }) => console.log(code satisfies ErrorCode));
  element.addEventListener('passport-progress', ({ detail }) => detail.phase === 'need' && console.log(detail.need.url));
  element.addEventListener('click', ({ clientX }) => console.log(clientX));
  await element.verifyFile([file], { signal: AbortSignal.timeout(1) });
  // @ts-expect-error read only
  element.report = null;

  const ui = await loadUi(pickLocale(navigator.languages));
  document.body.append(...showReport(ui, report, { role: 'auditor', onRole: (role) => console.log(role) }), showLimits(ui), showFailure(ui, 'message'));
  console.log(LOCALES.de, ui.t('content'));

  const embedded = embedVerifier(frame, { origin: 'https://verify.example' });
  await embedded.ready;
  await embedded.verify(text, { files: [file], display: 'full', onProgress: ({ phase }) => console.log(phase) });
  const message: VerifyMessage = { type: 'model-passport/verify', id: 1, text };
  const answered = (answer: FrameMessage) => (answer.type === 'model-passport/verdict' ? answer.report.verdict : undefined);
  console.log(message, answered, snippets({ page: 'https://verify.example/', src: 'https://a.example/passport.json' }).markdown);

  try {
    embedded.close();
  } catch (error) {
    if (error instanceof PassportVerifierError && error.code === 'misuse.text') throw error;
  }
  return report.verdict;
}
