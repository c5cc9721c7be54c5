// Starts `passport serve --conformance` behind TLS, which the suites want, and says how a suite reaches it.
//
//   node tests/conformance/serve.mjs [--suite CHECKOUT] [--port N] [-- ARGUMENTS OF passport serve]
//
// Prints a `localConfig.cjs`; with `--suite`, writes it into the checkout. The certificate is made now, by
// openssl, for `localhost`, and forgotten at the end.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

const { values: options, positionals: forService } = parseArgs({
  options: { suite: { type: "string" }, port: { type: "string", default: "8443" } },
  allowPositionals: true,
});
const passport = process.env.PASSPORT ?? "passport";
const base = `https://localhost:${options.port}`;

const service = spawn(passport, ["serve", "--conformance", "--base", base, ...forService], {
  stdio: ["ignore", "pipe", "inherit"],
});
service.on("error", (error) => fail(`${passport}: ${error.message}; name the binary in PASSPORT`));
service.on("exit", (code) => process.exit(code ?? 0));
process.on("SIGINT", () => service.kill());
process.on("SIGTERM", () => service.kill());

const [line] = await createInterface(service.stdout)[Symbol.asyncIterator]().next().then(({ value }) => [value]);
const ready = JSON.parse(line);
const config = localConfig(ready.issuers);
if (options.suite) writeFileSync(join(options.suite, "localConfig.cjs"), config);
createServer(certificate(), forward(new URL(ready.base))).listen(options.port, "127.0.0.1", () => {
  console.log(config);
  console.error(`${base}${options.suite ? `, for ${options.suite}` : ""}`);
});

/** Hands a request on, and its answer back. */
function forward(target) {
  return (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const inner = request(new URL(url, target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    inner.on("error", () => outgoing.destroy());
    incoming.pipe(inner);
  };
}

function certificate() {
  const folder = mkdtempSync(join(tmpdir(), "passport-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = spawnSync("openssl", [
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost".split(" "),
    ...["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
  ]);
  if (made.status !== 0) fail(`openssl: ${made.error?.message ?? made.stderr}`);
  const pair = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return pair;
}

/** The manifest in the form of `vc-test-suite-implementations`: one issuer for each tag, as the suites take the first. */
function localConfig(issuers) {
  const curves = { "P-256": ["P-256"], "P-384": ["P-384"], Ed25519: [] };
  const supports = { vc: ["1.1", "2.0"] };
  const issuer = ({ id, path, cryptosuite, curve }) => ({
    id,
    endpoint: base + path,
    supportedEcdsaKeyTypes: curves[curve],
    supports: { ...supports, keyTypes: curves[curve] },
    tags: [cryptosuite],
  });
  // The suites are about proofs; who signs as a JWS has no cryptosuite.
  const proving = issuers.filter(({ cryptosuite }) => cryptosuite);
  const plain = proving.filter(({ status }) => !status);
  const tags = [...new Set(proving.map(({ cryptosuite }) => cryptosuite))];
  // What these suites ask is whether a proof holds; their credentials name issuers that are not the key's.
  const verifiers = tags.map((tag) => ({
    id: base,
    endpoint: `${base}/proof-only/credentials/verify`,
    supportedEcdsaKeyTypes: tag.startsWith("ecdsa") ? (tag.includes("-sd-") ? ["P-256"] : ["P-256", "P-384"]) : [],
    supports,
    tags: [tag],
  }));
  // The data model, and status lists: what is issued has to be the issuer's, and to follow every rule.
  // JCS, because a text may have a direction, which statements cannot hold and nobody here signs without.
  const named = (wanted) => issuers.find(({ name }) => name === wanted);
  const model = { ...issuer(named("eddsa-jcs-2022")), tags: ["vc2.0"] };
  const status = { ...issuer(issuers.find(({ status }) => status)), tags: ["BitstringStatusList"] };
  const whole = [...model.tags, ...status.tags];
  const standard = (of) => ({ id: base, endpoint: `${base}/standard/${of}/verify`, supports, tags: whole });
  const settings = { enableInteropTests: true, testAllImplementations: false };
  const implementations = [
    {
      name: "Model Passport",
      implementation: "passport serve",
      issuers: [...plain.map(issuer), model, status],
      vcHolders: [{ id: base, endpoint: `${base}/credentials/derive`, supports, tags: ["vcHolder", "ecdsa-sd-2023"] }],
      verifiers: [...verifiers, standard("credentials")],
      vpVerifiers: [standard("presentations")],
    },
  ];
  return `module.exports = ${JSON.stringify({ settings, implementations }, null, 2)};\n`;
}

function fail(message) {
  console.error(`error: ${message}`);
  service.kill();
  process.exit(64);
}
