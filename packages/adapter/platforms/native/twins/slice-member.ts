/** Twin of `wire/src/slice-member.ts`. */
import type { Host } from "../host.ts";

declare const host: Host;

export const sliceMember: Host["sliceMember"] = host.sliceMember;
