/**
 * A client's request, read raw: the event must show what the client sent, the order and repetition of its headers, its
 * target with all escapes. Bodies are bytes until the event format wants text.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { ClientRequest, HeaderField } from "@anylambda/wire";
import { drained, readBody } from "../request-body.ts";
import { toUtf8 } from "./header-text.ts";

/** How large a request may be before the door refuses it, bytes. */
export interface RequestLimits {
  readonly body: number;
  /** Request line and headers together. */
  readonly head: number;
  /** One header, its name and its value. */
  readonly field?: number;
  /** The request line. */
  readonly line?: number;
}

export type ReadRequest =
  | { readonly kind: "complete"; readonly request: ClientRequest }
  | { readonly kind: "refused"; readonly fault: "badTarget" | "headTooLarge" | "bodyTooLarge" }
  /** The client hung up before its request was complete. */
  | { readonly kind: "gone" };

/** Never rejects. A body that is too large is read to its end and dropped, so that the client reads its refusal. */
export async function readRequest(incoming: IncomingMessage, limits: RequestLimits): Promise<ReadRequest> {
  const target = originForm(incoming.url ?? "/");
  const fault = target === undefined ? "badTarget" : isHeadTooLarge(incoming, limits) && "headTooLarge";
  const body = await readBody(incoming, limits.body);
  if (body.kind === "truncated") return { kind: "gone" };
  if (body.kind === "tooLarge") await drained(incoming);
  if (fault !== false) return { kind: "refused", fault };
  if (body.kind === "tooLarge") return { kind: "refused", fault: "bodyTooLarge" };
  return { kind: "complete", request: requestOf(incoming, target ?? "/", body.bytes) };
}

/** A request whose body was read by somebody else, or that has none. */
export function requestOf(incoming: IncomingMessage, target: string, body: Uint8Array): ClientRequest {
  return {
    method: incoming.method ?? "GET",
    target,
    headers: headerPairs(incoming.rawHeaders),
    body,
    sourceIp: plainAddress(incoming.socket.remoteAddress),
    tls: tlsOf(incoming.socket),
  };
}

/** The request target in origin-form; `undefined` for `*` and what else is no path. */
export function originForm(target: string): string | undefined {
  if (target.startsWith("/")) return toUtf8(target);
  const absolute = /^https?:\/\/[^/?#]*(.*)$/i.exec(target);
  if (absolute === null) return undefined;
  const rest = absolute[1] ?? "";
  return toUtf8(rest.startsWith("/") ? rest : `/${rest}`);
}

function isHeadTooLarge(incoming: IncomingMessage, limits: RequestLimits): boolean {
  const line = `${incoming.method} ${incoming.url} HTTP/1.1\r\n`.length;
  let head = line;
  for (let at = 0; at + 1 < incoming.rawHeaders.length; at += 2) {
    // Names and values are Latin-1 here: a character is a byte.
    const field = `${incoming.rawHeaders[at]}: ${incoming.rawHeaders[at + 1]}\r\n`.length;
    if (limits.field !== undefined && field > limits.field) return true;
    head += field;
  }
  return head > limits.head || (limits.line !== undefined && line > limits.line);
}

function headerPairs(raw: readonly string[]): HeaderField[] {
  const pairs: HeaderField[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([raw[i] as string, toUtf8(raw[i + 1] as string)]);
  return pairs;
}

/** `::ffff:127.0.0.1` is how a socket that speaks both families names an IPv4 peer. */
export function plainAddress(address = ""): string {
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}

/** `undefined` of a connection in plain text. */
export function tlsOf(socket: Socket): ClientRequest["tls"] {
  if (!(socket instanceof TLSSocket)) return undefined;
  return { version: socket.getProtocol() ?? "", cipherSuite: socket.getCipher().name };
}
