/**
 * Answers of the Runtime and Extensions API, byte for byte (environment.md 1.1).
 *
 * Every answer carries Content-Length, because one client reads until it sees it, and leaves in one write:
 * head and body are handed to `node:http` together.
 */
import type { ServerResponse } from "node:http";
import type { ErrorBody } from "@anylambda/wire";

/** 202, sent for everything that is accepted. One client parses the body and throws on an empty one. */
export function replyAccepted(response: ServerResponse): void {
  response.writeHead(202, acceptedHead);
  response.end(accepted, "latin1");
}

export function replyJson(
  response: ServerResponse,
  status: number,
  value: object,
  more: readonly string[] = [],
): void {
  const body = `${JSON.stringify(value)}\n`;
  response.writeHead(status, [...jsonHead(Buffer.byteLength(body)), ...more]);
  response.end(body);
}

export function replyError(response: ServerResponse, status: number, error: ErrorBody): void {
  // Key order as AWS sends it.
  replyJson(response, status, { errorMessage: error.errorMessage, errorType: error.errorType });
}

/**
 * Ends an answer whose head was given. A small body leaves in one piece with the head: as Latin-1, in which every byte
 * is a character, `node:http` joins the two; two pieces cost a call that gathers them.
 */
export function endWhole(response: ServerResponse, body: Uint8Array): void {
  if (body.length > smallBytes) response.end(body);
  else response.end(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1"), "latin1");
}

/** What is copied sooner than gathered. */
const smallBytes = 16_384;

/** 404 of the router, in the words of Go's standard library. */
export function replyNotFound(response: ServerResponse): void {
  const body = "404 page not found\n";
  response.writeHead(404, [
    "Content-Type",
    "text/plain; charset=utf-8",
    "X-Content-Type-Options",
    "nosniff",
    "Content-Length",
    String(body.length),
  ]);
  response.end(body);
}

/** 405 of the router: empty body, the one method that is allowed. */
export function replyMethodNotAllowed(response: ServerResponse, allowed: string): void {
  response.writeHead(405, ["Allow", allowed, "Content-Length", "0"]);
  response.end();
}

/** What is written on a raw socket when a request body ended before its announced length. */
export function truncatedRequestText(): string {
  const body = `${JSON.stringify(truncated)}\n`;
  return (
    "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n" +
    `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  );
}

/** The head of an answer that keeps its connection, as `node:http` writes it; `head` has names and values in turn. */
export function headText(status: string, head: readonly string[]): string {
  let text = `HTTP/1.1 ${status}\r\n`;
  for (let at = 0; at + 1 < head.length; at += 2) text += `${head[at]}: ${head[at + 1]}\r\n`;
  return `${text}Date: ${dateText()}\r\nConnection: keep-alive\r\n\r\n`;
}

/** The same answer as {@link replyAccepted}, as text. */
export function acceptedText(): string {
  return headText("202 Accepted", acceptedHead) + accepted;
}

let dated = 0;
let date = "";

/** The time as a `Date` field has it; made once a second. */
export function dateText(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dated) {
    dated = second;
    date = new Date(second * 1000).toUTCString();
  }
  return date;
}

const truncated = {
  errorMessage: "HTTP request detected as truncated",
  errorType: "TruncatedHTTPRequest",
} satisfies ErrorBody;

const accepted = `{"status":"OK"}\n`;
const acceptedHead = jsonHead(accepted.length);

function jsonHead(length: number): string[] {
  return ["Content-Type", "application/json", "Content-Length", String(length)];
}
