/** Twin of `wire/src/field-syntax.ts`: the same questions, answered by the host. */
import type { Host } from "../host.ts";

declare const host: Host;

export const isToken: (text: string) => boolean = host.isToken;
export const isFieldValue: (text: string) => boolean = host.isFieldValue;
