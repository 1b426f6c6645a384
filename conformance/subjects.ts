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

/** AWS Lambda Web Adapter, or why it cannot be asked. */
export function lwa(): Subject | string {
  const file = lwaBinary();
  if (existsSync(file)) return { name: `LWA ${LWA_VERSION}`, file, args: [] };
  return `LWA ${LWA_VERSION} is not installed: run \`node conformance/install-lwa.mjs\`, which needs cargo`;
}
