/**
 * Events that are not HTTP: the event's own bytes are posted to one path of the app, and the app's JSON is the
 * answer, byte for byte (spec adapter.md 3.9 and 4.1, event-formats.md 14.5).
 */
import { isJson as isQuicklyJson } from "@anylambda/wire";
import type { Codec, HttpRequest, HttpResponse } from "@anylambda/wire";

/** The request, before the context headers. White space around the event is not part of it. */
export function toPassThrough(event: Uint8Array, path: string, authority: string): HttpRequest {
  const headers = [
    ["host", authority],
    ["content-type", "application/json"],
  ] as const;
  return { method: "POST", target: path, headers, body: withoutSpace(event) };
}

export function withoutSpace(event: Uint8Array): Uint8Array {
  let start = 0;
  let end = event.length;
  while (start < end && isSpace(event[start])) start++;
  while (end > start && isSpace(event[end - 1])) end--;
  return event.subarray(start, end);
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

export interface PassThroughAnswer {
  readonly payload: readonly Uint8Array[];
  /** What is wrong with the app's answer, when `null` had to stand in for it. */
  readonly remark?: string;
}

/** The app's body when it is JSON, else `null`, as LWA answers, but not without saying so (B19). */
export function fromPassThrough(response: HttpResponse, codec: Codec): PassThroughAnswer {
  const nothing = [codec.utf8Encode("null")];
  if (response.body.length === 0) return { payload: nothing };
  if (isJson(response.body, codec)) return { payload: [response.body] };
  return { payload: nothing, remark: "The app's answer to an event is not JSON; Lambda gets null instead" };
}

function isJson(body: Uint8Array, codec: Codec): boolean {
  // What is not plainly JSON may still be: nested deeper than the quick way looks.
  if (isQuicklyJson(body) === true) return true;
  try {
    JSON.parse(codec.utf8Decode(body));
    return codec.isUtf8(body);
  } catch {
    return false;
  }
}
