/** Twin of `wire/src/http1/plain-head.ts`. */
import type { Host } from "../host.ts";

declare const host: Host;

export const plainHead: Host["plainHead"] = host.plainHead;
