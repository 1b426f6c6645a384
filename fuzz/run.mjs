// `npm run fuzz -- [--seconds N] [--seed N] [TARGET...]`: 60 s over all targets unless told otherwise.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { root, setUp } from "../scripts/setup.mjs";

const { values, positionals } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string" } },
  allowPositionals: true,
});
const numbers = { seconds: Number(values.seconds), seed: Number(values.seed ?? Date.now() % 2 ** 31) };
if (!(numbers.seconds > 0) || !Number.isSafeInteger(numbers.seed)) {
  console.error("Usage: npm run fuzz -- [--seconds N] [--seed N] [TARGET...]");
  process.exit(2);
}
setUp();
// Only now there is an esbuild. One script with the code under test, so that coverage is asked of one.
const { build } = await import("esbuild");
const folder = join(root, "dist", "fuzz");
mkdirSync(folder, { recursive: true });
const outfile = join(folder, "long-run.mjs");
await build({
  entryPoints: [join(root, "fuzz", "long-run.ts")],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  conditions: ["source"],
  absWorkingDir: root,
  logLevel: "warning",
});
const script = pathToFileURL(outfile).href;
const { runLong } = await import(script);
const corpus = pathToFileURL(join(root, "fuzz", "corpus", "/"));
process.exitCode = runLong({ ...numbers, names: positionals, corpus, script });
