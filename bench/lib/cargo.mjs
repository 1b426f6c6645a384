// The benches' own programs, in Rust so that they cost next to nothing beside what they measure.
import { join } from "node:path";
import { runOrExit } from "../../scripts/setup.mjs";
import { root } from "./programs.mjs";

/** Builds the programs of bench/adapter; the folder they lie in. */
export function buildPrograms() {
  const target = join(root, "target", "bench-adapter");
  const manifest = join(root, "bench", "adapter", "Cargo.toml");
  runOrExit("cargo", ["build", "--release", "--quiet", "--manifest-path", manifest, "--target-dir", target]);
  return join(target, "release");
}
