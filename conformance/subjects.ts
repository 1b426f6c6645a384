/** The programs that the scenarios are run against. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Subject } from "./harness/stage.ts";
import { LWA_VERSION, lwaBinary } from "./lwa.mjs";

const root = new URL("../", import.meta.url);

/** Our adapter on Node, as it is shipped. */
export const ours: Subject = {
  name: "anylambda on Node",
  file: process.execPath,
  args: [fileURLToPath(new URL("dist/adapter.mjs", root))],
};

/** Our adapter on the native host, or why it cannot be asked. */
export function native(): Subject | string {
  const name = process.arch === "arm64" ? "linux-arm64" : "linux-x64";
  const file = fileURLToPath(new URL(`dist/native/${name}/lambda-adapter`, root));
  if (existsSync(file)) return { name: "anylambda native", file, args: [] };
  return `The native adapter is not built: npm run build:native -- ${name}`;
}

/** The same for arm64, emulated on other machines. */
export function nativeArm64(): Subject | string {
  const file = fileURLToPath(new URL("dist/native/linux-arm64/lambda-adapter", root));
  const emulator = "/usr/bin/qemu-aarch64-static";
  if (!existsSync(file)) return "The native adapter is not built: npm run build:native -- linux-arm64";
  if (!existsSync(emulator))
    return "The native adapter for arm64 needs qemu-aarch64-static: apt-get install qemu-user-static";
  return { name: "anylambda native, arm64 emulated", file: emulator, args: [file] };
}

/** AWS Lambda Web Adapter, or why it cannot be asked. */
export function lwa(): Subject | string {
  const file = lwaBinary();
  if (existsSync(file)) return { name: `LWA ${LWA_VERSION}`, file, args: [] };
  return `LWA ${LWA_VERSION} is not installed: run \`node conformance/install-lwa.mjs\`, which needs cargo`;
}
