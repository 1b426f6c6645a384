/**
 * The quick way of a client's request to a door, and of the response back; the rest of it is in `quick-connection.ts`.
 *
 *  (1) Only what is plain goes this way: a whole request that says nothing about its connection, and no byte beyond ASCII.
 *  (2) Requests mean, and responses are, what they would with `node:http`, to the byte.
 *  (3) A connection at rest ends with its door, or after `keepAliveMs`; one that is busy ends with its response.
 */
import { STATUS_CODES, type Server } from "node:http";
import type { Socket } from "node:net";
import { type ClientRequest, type ClientResponse, type HeaderField, droppedFields } from "@anylambda/wire";
import { type IsBusy, type QuickClient, serveQuickly } from "../quick-connection.ts";
import { dateText } from "../replies.ts";
import { plainAddress, tlsOf } from "./client-request.ts";
import { toLatin1 } from "./header-text.ts";
import { keepAliveMs, serveFirst } from "./http-listener.ts";

/** A request without the address it came from. */
export type PlainRequest = Omit<ClientRequest, "sourceIp">;

export type Send = (response: ClientResponse, added: readonly HeaderField[]) => void;

/**
 * Offers a server's plain requests to `take`, which calls `send` once, or answers `false` when it wants them the long way.
 * What it gives ends the connections at rest.
 */
export function offerQuickly(
  server: Server,
  take: (request: ClientRequest, send: Send) => boolean,
): () => void {
  const open = new Map<Socket, IsBusy>();
  serveFirst(server, (socket, giveAway) => {
    const forget = (): boolean => open.delete(socket);
    const restless = (): void => {
      if (open.get(socket)?.() === false) socket.destroy();
    };
    socket.once("close", forget);
    socket.setTimeout(keepAliveMs, restless);
    const tls = tlsOf(socket);
    const isBusy = serveQuickly(socket, {
      read: plainRequestOf,
      take: (plain, client) => {
        const { method } = plain;
        const send: Send = (response, added) => respond(client, method, response, added, !server.listening);
        return take({ ...plain, sourceIp: plainAddress(client.sourceIp), tls }, send);
      },
      giveAway(left, read) {
        forget();
        left.off("close", forget).off("timeout", restless).setTimeout(0);
        giveAway(left, read);
      },
    });
    open.set(socket, isBusy);
  });
  return () => {
    for (const [socket, isBusy] of open) if (!isBusy()) socket.destroy();
  };
}

function respond(
  client: QuickClient,
  method: string,
  { status, reason, headers, body }: ClientResponse,
  added: readonly HeaderField[],
  last: boolean,
): void {
  let isDated = false;
  let text = `HTTP/1.1 ${status} ${reason ?? STATUS_CODES[status] ?? "unknown"}\r\n`;
  for (const fields of [headers, added])
    for (const [name, value] of fields) {
      text += `${name}: ${toLatin1(value)}\r\n`;
      if (name.length === 4 && name.toLowerCase() === "date") isDated = true;
    }
  if (mayTellLength(method, status, body)) text += `Content-Length: ${body.length}\r\n`;
  if (last) text += "Connection: close\r\n";
  if (!isDated) text += `Date: ${dateText()}\r\n`;
  if (!last) text += keptAlive;
  const hasBody = method !== "HEAD" && status !== 204 && status !== 304 && status >= 200;
  if (!hasBody || body.length === 0) client.answer(`${text}\r\n`, undefined, last);
  else if (body.length > smallBytes) client.answer(`${text}\r\n`, body, last);
  else {
    const small = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
    client.answer(`${text}\r\n${small}`, undefined, last);
  }
}

const keptAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveMs / 1000}\r\n`;
/** What is copied sooner than gathered. */
const smallBytes = 16_384;

/** 204 and 304 have no length; for HEAD an empty body says nothing about the length of the real one. */
export function mayTellLength(method: string | undefined, status: number, body: Uint8Array): boolean {
  if (status === 204 || status === 304) return false;
  return method !== "HEAD" || body.length > 0;
}

/** The request that is all of `bytes`; `undefined` for everything that takes a parser. */
export function plainRequestOf(bytes: Buffer): PlainRequest | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0 || end > maxHead) return undefined;
  const head = bytes.toString("latin1", 0, end + 2);
  const line = requestLine.exec(head);
  if (line === null) return undefined;
  const [whole, method = "", target = ""] = line;
  const headers: HeaderField[] = [];
  let length = 0;
  let hosts = 0;
  let lengths = 0;
  for (let from = whole.length; from < head.length;) {
    const next = head.indexOf("\r\n", from);
    const colon = head.indexOf(":", from);
    if (colon < 0 || colon > next) return undefined;
    const name = head.slice(from, colon);
    // White space around a value is none of it.
    const value = head.slice(colon + 1, next).trim();
    if (!token.test(name) || !plainValue.test(value)) return undefined;
    const lower = name.toLowerCase();
    if (lower === "content-length") {
      if (!/^\d{1,7}$/.test(value)) return undefined;
      length = Number(value);
      lengths += 1;
    } else if (lower === "host") hosts += 1;
    else if (lower === "connection" ? value.toLowerCase() !== "keep-alive" : meaningful.has(lower))
      return undefined;
    headers.push([name, value]);
    from = next + 2;
  }
  if (hosts !== 1 || lengths > 1 || headers.length > maxFields || bytes.length !== end + 4 + length)
    return undefined;
  return { method, target, headers, body: bytes.subarray(end + 4) };
}

const requestLine = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (\/[\x21-\x7e]*) HTTP\/1\.1\r\n/;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const plainValue = /^[\x20-\x7e]*$/;
/** What is longer, or more, is nobody's usual request. */
const maxHead = 8192;
const maxFields = 100;

/** Fields about a connection or about how a body is sent. */
const meaningful = new Set([...droppedFields, "http2-settings"]);
