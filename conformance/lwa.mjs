// Where LWA is, and which one: the newest in the registry. Read by the installer, which has no TypeScript yet.
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const LWA_VERSION = "1.0.0-rc1";

/** @returns {string} */
export function lwaRoot() {
  return fileURLToPath(new URL(`../target/peers/lwa-${LWA_VERSION}`, import.meta.url));
}

/** The binary; `ANYLAMBDA_LWA` names another one. @returns {string} */
export function lwaBinary() {
  return process.env.ANYLAMBDA_LWA ?? join(lwaRoot(), "bin", "lambda-adapter");
}
