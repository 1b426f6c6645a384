/** A door of payload format 2.0 as the shared tests see it, and messages for it. */
import type { Codec } from "../../codec.ts";
import { isObject } from "../../json.ts";
import type { JsonObject } from "../../json.ts";
import { headersOf } from "../../message.ts";
import type { HeaderField, HttpResponse } from "../../message.ts";
import type { AnswerBytes } from "../answer-body.ts";
import type { ClientRequest, ClientResponse, InvocationResult } from "../door.ts";
import type { RequestForApp } from "../event-request.ts";
import { door } from "./generators.ts";

/** One door, its four functions bound to a codec. */
export interface Subject {
  readonly kind: "function-url" | "http-api-2.0";
  readonly codec: Codec;
  readonly domainName: string;
  readonly toHttp: (event: JsonObject) => RequestForApp;
  readonly fromHttp: (response: HttpResponse, method: string) => AnswerBytes;
  readonly toEvent: (request: ClientRequest) => JsonObject;
  readonly fromResult: (result: InvocationResult) => ClientResponse;
  /** What the app may see as the target of a client's request. */
  readonly expectTarget: (this: Subject, seen: string, sent: string) => void;
  /** The type of an answer with `statusCode` and without a type. */
  readonly defaultType: string;
  readonly malformed: Pick<ClientResponse, "status"> & { readonly body: string };
}

const utf8 = new TextEncoder();

export function bytesOf(text: string): Uint8Array {
  return utf8.encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** An event of either door, to be changed by a case. */
export function eventOf(more: JsonObject, http: JsonObject = {}): JsonObject {
  return {
    version: "2.0",
    rawPath: "/",
    rawQueryString: "",
    headers: { host: "shop.test" },
    isBase64Encoded: false,
    requestContext: { domainName: door.domainName, http: { method: "GET", path: "/", ...http } },
    ...more,
  };
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
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
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
