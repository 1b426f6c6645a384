// `npm run check:native`: the Rust host by itself. Format, lint, its tests (a slice of the fuzzing among them), and where its
// crates come from: crates.io alone, pinned by checksum, none withdrawn, under a licence that asks for nothing but its text.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { checkCrates } from "./crates.mjs";
import { root, runOrExit } from "./setup.mjs";

const crate = join(root, "native");
const env = { ...process.env, CARGO_TARGET_DIR: join(root, "target", "check") };
const cargo = (args) => runOrExit("cargo", args, { cwd: crate, env });

runOrExit(process.execPath, [join(root, "scripts", "build-native.mjs"), "--bundle-only"]);
cargo(["fmt", "--check"]);
cargo(["fmt", "--check", "--manifest-path", "fuzz/Cargo.toml"]);
cargo(["clippy", "--locked", "--all-targets", "--", "-D", "warnings"]);
cargo(["test", "--locked", "--quiet"]);
// The small program of packages/checkpoint.
const pod = ["--manifest-path", "pod/Cargo.toml"];
cargo(["fmt", "--check", ...pod]);
cargo(["clippy", "--locked", "--all-targets", ...pod, "--", "-D", "warnings"]);
cargo(["test", "--locked", "--quiet", ...pod]);

const { count, faults } = checkCrates(root);
for (const fault of [...faults, ...withdrawn()]) {
  console.error(fault);
  process.exitCode = 1;
}
if (process.exitCode !== 1)
  console.log(`${count} crates: from crates.io, pinned, not withdrawn, licences allowed`);

/**
 * Versions that their authors have withdrawn (yanked), which is what the registry itself knows of faults: cargo warns of
 * them when it makes a package. The RustSec advisories are not in the registry; see CONTRIBUTING.md.
 */
function withdrawn() {
  const args = ["package", "--locked", "--no-verify", "--allow-dirty"];
  const { status, stderr } = spawnSync("cargo", args, { cwd: crate, env, encoding: "utf8" });
  if (status !== 0) return [`the registry could not be asked which versions are withdrawn: ${stderr}`];
  return stderr.split("\n").filter((line) => / is yanked in registry /.test(line));
}
