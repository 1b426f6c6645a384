/** A front door as the shared tests see it, and messages for it. */
import { expect } from "vitest";
import type { Codec } from "../../codec.ts";
import { isObject } from "../../json.ts";
import type { JsonObject } from "../../json.ts";
import { headersOf } from "../../message.ts";
import type { HeaderField, HttpResponse } from "../../message.ts";
import type { AnswerBytes } from "../answer-body.ts";
import type { ClientRequest, ClientResponse, DoorContext, InvocationResult } from "../door.ts";
import type { RequestForApp } from "../event-request.ts";
import type { EventKind } from "../recognise.ts";

/** What a format keeps of the values that one field was sent with; none when the field is lost. */
type Keeps = (values: readonly string[], name: string) => readonly string[];

/** One door, its four functions bound to a codec. */
export interface Subject {
  readonly kind: EventKind;
  readonly codec: Codec;
  /** The host that the app sees when the client named none. */
  readonly domainName: string;
  readonly toHttp: (event: JsonObject) => RequestForApp;
  readonly fromHttp: (response: HttpResponse, method: string) => AnswerBytes;
  readonly toEvent: (request: ClientRequest) => JsonObject;
  readonly fromResult: (result: InvocationResult) => ClientResponse;
  /** What the app may see as the target of a client's request. */
  readonly expectTarget: (this: Subject, seen: string, sent: string) => void;
  readonly keepsOfRequest: Keeps;
  readonly keepsOfResponse: Keeps;
  /** Names that the door gives to every event and to every response, where the client and the function did not. */
  readonly addsToRequest: readonly HeaderField[];
  readonly addsToResponse: (status: number) => readonly HeaderField[];
  readonly malformed: { readonly status: number; readonly body: string };
}

export const all: Keeps = (values) => values;
export const last: Keeps = (values) => values.slice(-1);
/** The shape of a single-valued map in an answer. */
export const joined: Keeps = (values, name) =>
  name === "set-cookie" ? values.slice(-1) : [values.join(", ")];

/** Values of each key in order; the order of the keys does not count. */
export function grouped(pairs: readonly (readonly [string, string])[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [key, value] of pairs) groups.set(key, [...(groups.get(key) ?? []), value]);
  return groups;
}

/** For maps of decoded or undecoded parameters: the path as it was, the query as `keeps` says. */
export function expectTargetKept(
  seen: string,
  sent: string,
  read: (query: string) => [string, string][],
  keeps: Keeps,
): void {
  const [seenPath, ...seenQuery] = seen.split("?");
  const [sentPath, ...sentQuery] = sent.split("?");
  expect(seenPath).toBe(sentPath);
  const expected = grouped(read(sentQuery.join("?")));
  for (const [key, values] of expected) expected.set(key, [...keeps(values, key)]);
  expect(grouped(read(seenQuery.join("?")))).toEqual(expected);
}

export const door: DoorContext = {
  accountId: "123456789012",
  apiId: "abcde12345",
  domainName: "abcde12345.execute-api.eu-north-1.amazonaws.com",
  requestId: "Kq3ExampleAEXAMPLE=",
  traceId: "Root=1-65a1b2c3-0123456789abcdef01234567",
  timeEpoch: Date.UTC(2026, 2, 5, 14, 7, 9, 321),
  port: 443,
  scheme: "https",
};

const utf8 = new TextEncoder();

export function bytesOf(text: string): Uint8Array {
  return utf8.encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

export function clientRequestOf(more: Partial<ClientRequest>): ClientRequest {
  return {
    method: "GET",
    target: "/",
    headers: [],
    body: new Uint8Array(0),
    sourceIp: "198.51.100.4",
    ...more,
  };
}

export function responseOf(
  headers: HeaderField[],
  body: Uint8Array | string = "",
  status = 200,
): HttpResponse {
  return { status, reason: "", headers, body: typeof body === "string" ? bytesOf(body) : body };
}

export function joinBytes(pieces: AnswerBytes): Uint8Array {
  return Uint8Array.from(Buffer.concat(pieces));
}

/** The answer as JSON, which it must be. */
export function answerOf(subject: Subject, response: HttpResponse, method = "GET"): JsonObject {
  const answer: unknown = JSON.parse(textOf(joinBytes(subject.fromHttp(response, method))));
  if (!isObject(answer)) throw new Error("The answer is no object");
  return answer;
}

export function resultOf(subject: Subject, payload: unknown): { status: number; type: string; body: string } {
  const bytes = payload instanceof Uint8Array ? payload : bytesOf(JSON.stringify(payload));
  const { status, headers, body } = subject.fromResult({ payload: bytes, failed: false });
  return { status, type: headersOf(headers, "content-type").join(), body: textOf(body) };
}
