/** Tells how two answers to the same request differ; what may differ stands in `set-aside.ts`. */
import { Buffer } from "node:buffer";
import type { ExampleRequest } from "./requests.ts";
import type { Answer } from "./send.ts";
import {
  type Adds,
  functionUrl,
  requestHeadersSetAside,
  responseHeadersSetAside,
  unorderedHeaders,
} from "./set-aside.ts";

/** One sentence a difference; empty when the client could not tell the two apart. */
export function differences(
  request: ExampleRequest,
  direct: Answer,
  through: Answer,
  door: Adds = functionUrl,
): string[] {
  const found: string[] = [];
  if (direct.status !== through.status) {
    found.push(`status: directly ${direct.status}, through ${through.status}${excerptOf(through.body)}`);
  }
  found.push(...headerDifferences(request, direct, through, door));
  found.push(
    ...(request.answers === "headers-seen"
      ? seenDifferences(direct.body, through.body)
      : bodyDifferences(direct.body, through.body)),
  );
  return found;
}

function headerDifferences(
  request: ExampleRequest,
  direct: Answer,
  through: Answer,
  { adds, defaultContentType }: Adds,
): string[] {
  const before = valuesByName(direct.headers);
  const after = valuesByName(through.headers);
  const found: string[] = [];
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    if (name in responseHeadersSetAside || name in adds) continue;
    // An ETag is a digest of the body, and here the bodies may differ.
    if (name === "etag" && request.answers === "headers-seen") continue;
    const left = before.get(name) ?? [];
    const right = after.get(name) ?? [];
    if (name === "content-type" && left.length === 0 && right.join() === defaultContentType) continue;
    if (!sameValues(name, left, right)) {
      found.push(`header ${name}: directly ${shown(left)}, through ${shown(right)}`);
    }
  }
  return found;
}

function valuesByName(headers: Answer["headers"]): Map<string, string[]> {
  const byName = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    byName.set(key, [...(byName.get(key) ?? []), value]);
  }
  return byName;
}

/** Repeated lines are the same as one joined with commas (RFC 9110, 5.3); cookies cannot be joined. */
function sameValues(name: string, left: readonly string[], right: readonly string[]): boolean {
  if (name in unorderedHeaders) return elementsOf(left).sort().join() === elementsOf(right).sort().join();
  if (left.length === right.length) return left.every((value, at) => value === right[at]);
  if (name === "set-cookie" || left.length === 0 || right.length === 0) return false;
  return left.join(", ") === right.join(", ");
}

function elementsOf(values: readonly string[]): string[] {
  return values
    .join(",")
    .split(",")
    .map((element) => element.trim());
}

/** The body of `/headers`: `{"headers": {name: value}}`, as the app saw them. */
function seenDifferences(direct: Uint8Array, through: Uint8Array): string[] {
  const before = headersSeen(direct);
  const after = headersSeen(through);
  if (before === undefined || after === undefined) return bodyDifferences(direct, through);
  const found: string[] = [];
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (name in requestHeadersSetAside) continue;
    const left = before[name];
    const right = after[name];
    // A Function URL joins repeated lines with a bare comma, servers with a comma and a space.
    const same =
      left !== undefined && right !== undefined && elementsOf([left]).join() === elementsOf([right]).join();
    if (!same) found.push(`the app saw ${name}: directly ${shown(left)}, through ${shown(right)}`);
  }
  return found;
}

function headersSeen(body: Uint8Array): Record<string, string> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString());
    return (value as { headers?: Record<string, string> }).headers;
  } catch {
    return undefined;
  }
}

function bodyDifferences(direct: Uint8Array, through: Uint8Array): string[] {
  if (Buffer.compare(direct, through) === 0) return [];
  const shorter = Math.min(direct.length, through.length);
  let at = 0;
  while (at < shorter && direct[at] === through[at]) at++;
  return [
    `body: directly ${direct.length} bytes, through ${through.length}, first difference at ${at}: ` +
      `${shown(partOf(direct, at))} and ${shown(partOf(through, at))}`,
  ];
}

function partOf(body: Uint8Array, at: number): string {
  return Buffer.from(body.subarray(Math.max(0, at - 20), at + 40)).toString("latin1");
}

function excerptOf(body: Uint8Array): string {
  return body.length === 0 ? "" : ` with ${shown(Buffer.from(body.subarray(0, 200)).toString())}`;
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
