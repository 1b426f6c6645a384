// cargo with a compiler for static programs, made once in target/toolchain.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { runOrExit } from "./setup.mjs";

/** Where the toolchain is; it is made when it is not there. */
export function toolchain(root) {
  const prefix = join(root, "target", "toolchain");
  if (!existsSync(join(prefix, "complete")))
    runOrExit("bash", [join(root, "scripts", "native-toolchain.sh"), prefix]);
  return prefix;
}

/**
 * Builds a program for `machine` (x86_64 or aarch64); the file's path.
 * @param {{ crate: string, program: string, env?: Record<string, string> }} what `crate` is its folder
 */
export function cargoBuild(root, machine, { crate, program, env = {} }) {
  const prefix = toolchain(root);
  const target = `${machine}-unknown-linux-musl`;
  const name = target.replaceAll("-", "_");
  const cc = join(prefix, "bin", `${machine}-musl-cc`);
  const targetDir = join(root, "target");
  const flags = [
    "-C target-feature=+crt-static",
    // Nothing to relocate at start: some fifty pages less to touch.
    "-C relocation-model=static",
    "-C link-self-contained=no",
    `-L native=${join(prefix, "lib", machine)}`,
    // A panic is a fault of the host; its text costs 300 KB. Foreign input must not reach one (native/src).
    "-Z unstable-options",
    "-C panic=immediate-abort",
    // Nothing unwinds: a twelfth of the file, and of the memory, for tables that nobody reads.
    "-C force-unwind-tables=no",
    // No path of the machine that builds goes into the file: same commit, same bytes.
    `--remap-path-prefix=${root}=.`,
    `--remap-path-prefix=${homedir()}=~`,
  ];
  runOrExit(
    "cargo",
    ["build", "--release", "--locked", "--manifest-path", join(root, crate, "Cargo.toml")].concat([
      "--target",
      target,
      "--target-dir",
      targetDir,
      "-Z",
      "build-std=std,panic_abort",
      "-j",
      "2",
    ]),
    {
      env: {
        ...process.env,
        ...env,
        RUSTC: join(prefix, "bin", "rustc"),
        // build-std is an unstable switch; the compiler that reads it is the stable one of the day.
        RUSTC_BOOTSTRAP: "1",
        SOURCE_DATE_EPOCH: "0",
        [`CC_${name}`]: cc,
        [`CFLAGS_${name}`]: `-ffile-prefix-map=${root}=. -fno-unwind-tables -fno-asynchronous-unwind-tables`,
        [`AR_${name}`]: `${machine}-linux-gnu-ar`,
        [`CARGO_TARGET_${name.toUpperCase()}_LINKER`]: cc,
        [`CARGO_TARGET_${name.toUpperCase()}_RUSTFLAGS`]: flags.join(" "),
      },
    },
  );
  return join(targetDir, target, "release", program);
}
