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

/** AWS Lambda Web Adapter, or why it cannot be asked. */
export function lwa(): Subject | string {
  const file = lwaBinary();
  if (existsSync(file)) return { name: `LWA ${LWA_VERSION}`, file, args: [] };
  return `LWA ${LWA_VERSION} is not installed: run \`node conformance/install-lwa.mjs\`, which needs cargo`;
}
