// `npm run fuzz:native -- [--seconds N]`: the byte primitives of the native host under libFuzzer, guided by coverage, with
// the address sanitizer. Laid out as `cargo fuzz` has it (native/fuzz), which can run it as well; here no nightly
// compiler is needed. Needs g++. What reaches something new is added to native/fuzz/corpus; commit what is worth keeping.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root, runOrExit } from "./setup.mjs";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" } } });
const seconds = Number(values.seconds);
if (!(seconds > 0)) {
  console.error("Usage: npm run fuzz:native -- [--seconds N]");
  process.exit(2);
}
const target = "x86_64-unknown-linux-gnu";
const coverage = ["-level=4", "-inline-8bit-counters", "-pc-table", "-trace-compares"];
const flags = [
  "-Cpasses=sancov-module",
  ...coverage.map((one) => `-Cllvm-args=-sanitizer-coverage${one}`),
  "-Zsanitizer=address",
  "-Ccodegen-units=1",
  "-Cdebug-assertions",
  "--cfg=fuzzing",
];
const targetDir = join(root, "target", "fuzz");
runOrExit(
  "cargo",
  ["build", "--release", "--locked", "--manifest-path", join(root, "native", "fuzz", "Cargo.toml")].concat([
    "--target",
    target,
    "--target-dir",
    targetDir,
  ]),
  // Sanitizers are an unstable switch of the stable compiler. With a target named, the flags are not those of build scripts.
  { env: { ...process.env, RUSTC_BOOTSTRAP: "1", RUSTFLAGS: flags.join(" ") } },
);
const finds = join(root, "native", "fuzz", "artifacts");
mkdirSync(finds, { recursive: true });
runOrExit(join(targetDir, target, "release", "bytes"), [
  join(root, "native", "fuzz", "corpus"),
  `-artifact_prefix=${finds}/`,
  `-max_total_time=${seconds}`,
  "-max_len=4096",
  "-timeout=10",
]);
