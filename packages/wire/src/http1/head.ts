/**
 * Heads and trailer sections, parsed from the text of their lines.
 *
 * Decided (RFC 9112, 2.2, 5.1, 5.2), because the peer is the user's own app and refusing helps nobody:
 * - a bare LF ends a line, a CR before it is part of the line's end; any other CR is an error;
 * - a folded line (obs-fold) is joined with one space;
 * - white space between a name and its colon is dropped;
 * - white space is space and tab, never what `trim` takes for it: in Latin-1 the last byte of `à` is a no-break space;
 * - a value is UTF-8 when its bytes are, else Latin-1, so no value is lost and none breaks the answer (B6).
 */
import type { Codec } from "../codec.ts";
import { isFieldValue, isToken } from "../fields.ts";
import { headerOf } from "../message.ts";
import type { HeaderField, HeaderList } from "../message.ts";
import { Http1Error, quote } from "./error.ts";

export interface StatusLine {
  /** Minor version: 0 or 1. */
  readonly minor: number;
  readonly status: number;
  readonly reason: string;
}

/** `lines` as in {@link linesOf}; the first is the status line. */
export function parseStatusLine(line: string, codec: Codec): StatusLine {
  const match = /^HTTP\/1\.(\d) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/.exec(line);
  if (match === null) throw new Http1Error("bad-status-line", `Not an HTTP/1.1 status line: ${quote(line)}`);
  return { minor: Number(match[1]), status: Number(match[2]), reason: fieldText(match[3] ?? "", codec) };
}

/** Fields of a head or trailer section, from its lines. */
export function parseFields(lines: readonly string[], maxFields: number, codec: Codec): HeaderField[] {
  // A value is decoded when all its lines are there: the lines of one field are one text.
  const sent: [name: string, lines: string[]][] = [];
  for (const line of lines) {
    const first = line.charCodeAt(0);
    if (first === 0x20 || first === 0x09) {
      const folded = sent.at(-1);
      if (folded === undefined) throw new Http1Error("bad-field", "A folded line without a field before it");
      const more = valueOf(folded[0], line);
      if (more !== "") folded[1].push(more);
      continue;
    }
    if (sent.length >= maxFields) throw new Http1Error("too-large", `More than ${maxFields} header fields`);
    const colon = line.indexOf(":");
    const name = trimmed(line.slice(0, Math.max(colon, 0)));
    if (!isToken(name)) {
      // What stands behind the colon may be a cookie; it must not get into a log.
      throw new Http1Error(
        "bad-field",
        `Not the name of a header field: ${colon < 0 ? "no colon" : quote(name)}`,
      );
    }
    const value = valueOf(name, line.slice(colon + 1));
    sent.push([name, value === "" ? [] : [value]]);
  }
  return sent.map(([name, values]) => [name, fieldText(values.join(" "), codec)]);
}

function valueOf(name: string, text: string): string {
  const value = trimmed(text);
  if (!isFieldValue(value)) throw new Http1Error("bad-field", `Field ${name} holds a control character`);
  return value;
}

/** Without spaces and tabs at its ends. A loop: an expression that looks for the last ones is quadratic. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Latin-1 text, one character a byte, as the text those bytes were meant to be. */
function fieldText(latin1: string, codec: Codec): string {
  if (!/[\x80-\xff]/.test(latin1)) return latin1;
  const bytes = Uint8Array.from(latin1, (char) => char.charCodeAt(0));
  return codec.isUtf8(bytes) ? codec.utf8Decode(bytes) : latin1;
}

/** Lines of a section without their ends; empty lines, of which only the last is meant, are left out. */
export function linesOf(section: string): string[] {
  const lines: string[] = [];
  for (const line of section.split("\n")) {
    const text = line.endsWith("\r") ? line.slice(0, -1) : line;
    if (text !== "") lines.push(text);
  }
  return lines;
}

/** How the body of a response is delimited (RFC 9112, 6.3). */
export type Framing =
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "until-close" };

/**
 * Rules in the order of RFC 9112, 6.3. A transfer coding overrides a length, and a list of equal lengths counts
 * once; lengths that differ are an error, because either reading could be the wrong one.
 */
export function framingOf(status: number, method: string, headers: HeaderList): Framing {
  if (method === "HEAD" || status === 204 || status === 304) return { kind: "length", bytes: 0 };
  const codings: string[] = [];
  const lengths: string[] = [];
  for (const [name, value] of headers) {
    if (name.length !== 14 && name.length !== 17) continue;
    const lower = name.toLowerCase();
    // One by one: as arguments of a single call, the items of a long list would overflow the stack.
    if (lower === "transfer-encoding") for (const coding of tokensOf(value)) codings.push(coding);
    else if (lower === "content-length") for (const length of value.split(",")) lengths.push(length);
  }
  const coded = codings.filter((coding) => coding !== "identity");
  if (coded.length === 1 && coded[0] === "chunked") return { kind: "chunked" };
  if (coded.length > 0)
    throw new Http1Error(
      "bad-transfer-coding",
      `Transfer coding ${quote(coded.join(", "))} was not asked for`,
    );
  if (lengths.length === 0) return { kind: "until-close" };
  const length = (lengths[0] ?? "").trim();
  if (!/^\d{1,15}$/.test(length) || lengths.some((other) => other.trim() !== length))
    throw new Http1Error("bad-length", `Content-Length ${quote(lengths.join(","))} is not one number`);
  return { kind: "length", bytes: Number(length) };
}

/**
 * Whether the connection can be used after this message (RFC 9112, 9.3). Not when a transfer coding comes with a
 * length or from HTTP/1.0 (6.1, 6.3): such a peer may mean another end than the one we see.
 */
export function keepsAlive(minor: number, headers: HeaderList, framing: Framing): boolean {
  if (framing.kind === "chunked" && (minor === 0 || headerOf(headers, "content-length") !== undefined))
    return false;
  let keepAlive = minor >= 1;
  for (const [name, value] of headers) {
    if (name.length !== 10 || name.toLowerCase() !== "connection") continue;
    const options = tokensOf(value);
    if (options.includes("close")) return false;
    keepAlive ||= options.includes("keep-alive");
  }
  return keepAlive;
}

function tokensOf(value: string): string[] {
  return value
    .split(",")
    .map((one) => one.trim().toLowerCase())
    .filter((one) => one !== "");
}
