// Builds the small native program of packages/checkpoint into dist/native/linux-ARCH/anylambda-pod, for this machine, in
// seconds and with the machine's own compiler. Static, so that the same file runs on any Linux. Needs cargo and the C
// library's static part (libc6-dev). What is published is built by build-native.mjs.
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { root, runOrExit } from "./setup.mjs";

const target = { x64: "x86_64-unknown-linux-gnu", arm64: "aarch64-unknown-linux-gnu" }[process.arch];
if (process.platform !== "linux" || target === undefined) {
  console.error(
    `Processes can be frozen on Linux only, x64 or arm64; this is ${process.platform} ${process.arch}.`,
  );
  process.exit(1);
}
const built = join(root, "target", "pod");
const manifest = join(root, "native", "pod", "Cargo.toml");
const words = [
  "build",
  "--release",
  "--locked",
  "--manifest-path",
  manifest,
  "--target",
  target,
  "--target-dir",
  built,
];
runOrExit("cargo", words, { env: { ...process.env, RUSTFLAGS: "-C target-feature=+crt-static" } });
const folder = join(root, "dist", "native", `linux-${process.arch}`);
mkdirSync(folder, { recursive: true });
copyFileSync(join(built, target, "release", "anylambda-pod"), join(folder, "anylambda-pod"));
console.log(join(folder, "anylambda-pod"));
