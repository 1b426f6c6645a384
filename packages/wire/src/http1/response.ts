/**
 * Reader of one HTTP/1.1 response after another from one connection: bytes go in as they arrive, events come out.
 *
 * 1. Any split of the same bytes gives the same events, adjacent body events joined, or the same fault. Events
 *    that a fault follows in one `read` are not given; where a response ends is for the caller to keep apart.
 * 2. `end` is the last event of a response and comes once; after it the reader is ready for the next response.
 * 3. Body bytes are views into what was fed, never copies.
 * 4. Nothing but `Http1Error` is thrown; after it the reader must not be used again.
 * 5. What is held back is bounded by `limits`, whatever the peer sends.
 *
 * Lines of heads and trailers are read leniently (`head.ts`), lines of the chunked framing strictly: CR LF and
 * nothing else, since a reader that guesses there would disagree about where a message ends.
 */
import type { Codec } from "../codec.ts";
import { concat } from "../concat.ts";
import type { HeaderList } from "../message.ts";
import { Http1Error, quote } from "./error.ts";
import { framingOf, keepsAlive, linesOf, parseFields, parseStatusLine } from "./head.ts";
import { plainHead } from "./plain-head.ts";

export interface ResponseLimits {
  /** Bytes of a head, and of a trailer section. Default 512 KiB: above LWA's 417,792. */
  readonly headBytes: number;
  /** Fields of a head, and of a trailer section. Default 1,000: LWA failed at 101. */
  readonly fields: number;
  /** Interim (1xx) responses before the final one. Default 100. */
  readonly interims: number;
}

export const defaultResponseLimits: ResponseLimits = { headBytes: 512 * 1024, fields: 1000, interims: 100 };

export type ResponseEvent =
  | { readonly type: "interim"; readonly status: number; readonly headers: HeaderList }
  | { readonly type: "head"; readonly status: number; readonly reason: string; readonly headers: HeaderList }
  | { readonly type: "body"; readonly bytes: Uint8Array }
  | {
      readonly type: "end";
      readonly trailers: HeaderList;
      /** The connection may carry another request. */
      readonly reusable: boolean;
    };

type State =
  | { readonly at: "head" }
  | { readonly at: "length"; left: number }
  | { readonly at: "chunk-size" }
  | { readonly at: "chunk-data"; left: number }
  | { readonly at: "chunk-end" }
  | { readonly at: "trailers" }
  | { readonly at: "until-close" };

/** A chunk-size line is a number and extensions nobody reads. */
const MAX_CHUNK_LINE_BYTES = 4096;

export class ResponseReader {
  readonly #codec: Codec;
  readonly #limits: ResponseLimits;
  #method = "GET";
  #state: State = { at: "head" };
  #keepAlive = true;
  #interims = 0;
  /** Pieces of the section or line that is not complete yet. */
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** Bytes since the last LF, a final CR not counted: 0 at LF means an empty line. */
  #lineBytes = 0;
  /** A line with something in it was seen: empty lines before a status line do not end the head. */
  #lineSeen = false;

  constructor(codec: Codec, limits: ResponseLimits = defaultResponseLimits) {
    this.#codec = codec;
    this.#limits = limits;
  }

  /** To be called before the first byte of each response: whether a body follows depends on the method. */
  expect(method: string): void {
    this.#method = method;
  }

  /** Takes the bytes that arrived. Bytes behind the end of the response make it not reusable and are dropped. */
  read(bytes: Uint8Array): ResponseEvent[] {
    const events: ResponseEvent[] = [];
    let at = 0;
    while (at < bytes.length) {
      at = this.#step(bytes, at, events);
      const last = events.at(-1);
      if (last?.type !== "end") continue;
      if (at < bytes.length) events[events.length - 1] = { ...last, reusable: false };
      break;
    }
    return events;
  }

  /** Bytes of the body that are still to come, where that is known. */
  get left(): number | undefined {
    return this.#state.at === "length" ? this.#state.left : undefined;
  }

  /** Somebody else has taken in all that was `left`: the end of the response. */
  skipLeft(): ResponseEvent {
    return this.#finish([]);
  }

  /** The peer has closed its side. */
  close(): ResponseEvent[] {
    if (this.#state.at === "until-close") return [this.#finish([])];
    if (this.#state.at === "head" && this.#heldBytes === 0 && this.#interims === 0)
      throw new Http1Error("closed", "The connection was closed before a response");
    const where = this.#state.at === "head" ? "the head" : "the body";
    throw new Http1Error("truncated", `The connection was closed in the middle of ${where} of the response`);
  }

  /** Consumes something from `from` on, adds events, says where it stopped. */
  #step(bytes: Uint8Array, from: number, events: ResponseEvent[]): number {
    const state = this.#state;
    switch (state.at) {
      case "head":
      case "trailers":
        return this.#readSection(bytes, from, events);
      case "until-close":
        events.push({ type: "body", bytes: from === 0 ? bytes : bytes.subarray(from) });
        return bytes.length;
      case "length":
      case "chunk-data": {
        const end = Math.min(bytes.length, from + state.left);
        events.push({ type: "body", bytes: bytes.subarray(from, end) });
        state.left -= end - from;
        if (state.left > 0) return end;
        if (state.at === "length") events.push(this.#finish([]));
        else this.#state = { at: "chunk-end" };
        return end;
      }
      case "chunk-size":
      case "chunk-end":
        return this.#readChunkLine(bytes, from);
    }
  }

  /** A head or a trailer section, up to its empty line. */
  #readSection(bytes: Uint8Array, from: number, events: ResponseEvent[]): number {
    if (this.#state.at === "head" && this.#heldBytes === 0) {
      const plain = plainHead(bytes, from, this.#limits);
      if (plain !== undefined) {
        this.#endHead(plain.first, plain.fields, events);
        return plain.end;
      }
    }
    let lineStart = from;
    for (;;) {
      const lf = bytes.indexOf(0x0a, lineStart);
      if (lf < 0) break;
      const endsWithCr = lf > lineStart ? bytes[lf - 1] === 0x0d : this.#heldEndsWithCr(lineStart === from);
      const lineBytes = this.#lineBytes + (lf - lineStart) - (endsWithCr ? 1 : 0);
      this.#lineBytes = 0;
      lineStart = lf + 1;
      if (lineBytes > 0) this.#lineSeen = true;
      if (lineBytes > 0 || (!this.#lineSeen && this.#state.at === "head")) continue;
      this.#endSection(this.#take(bytes.subarray(from, lineStart)), events);
      return lineStart;
    }
    this.#lineBytes += bytes.length - lineStart;
    this.#hold(bytes.subarray(from), this.#limits.headBytes);
    return bytes.length;
  }

  #heldEndsWithCr(isFirstLine: boolean): boolean {
    return isFirstLine && this.#lineBytes > 0 && this.#held.at(-1)?.at(-1) === 0x0d;
  }

  #endSection(section: Uint8Array, events: ResponseEvent[]): void {
    if (section.length > this.#limits.headBytes) throw tooLarge(this.#limits.headBytes);
    this.#lineSeen = false;
    const lines = linesOf(this.#codec.latin1Decode(section));
    if (this.#state.at === "trailers") {
      events.push(this.#finish(parseFields(lines, this.#limits.fields, this.#codec)));
      return;
    }
    this.#endHead(lines[0] ?? "", parseFields(lines.slice(1), this.#limits.fields, this.#codec), events);
  }

  #endHead(statusLine: string, headers: HeaderList, events: ResponseEvent[]): void {
    const { minor, status, reason } = parseStatusLine(statusLine, this.#codec);
    if (status < 200) {
      this.#interims++;
      if (status === 101)
        throw new Http1Error("unexpected-interim", "The app switched protocols without being asked");
      if (this.#interims > this.#limits.interims)
        throw new Http1Error("unexpected-interim", `More than ${this.#limits.interims} interim responses`);
      events.push({ type: "interim", status, headers });
      return;
    }
    events.push({ type: "head", status, reason, headers });
    const framing = framingOf(status, this.#method, headers);
    this.#keepAlive = keepsAlive(minor, headers, framing);
    if (framing.kind === "chunked") this.#state = { at: "chunk-size" };
    else if (framing.kind === "until-close") this.#state = { at: "until-close" };
    else if (framing.bytes > 0) this.#state = { at: "length", left: framing.bytes };
    else events.push(this.#finish([]));
  }

  /** A chunk-size line, or the CR LF behind a chunk's data. */
  #readChunkLine(bytes: Uint8Array, from: number): number {
    const lf = bytes.indexOf(0x0a, from);
    if (lf < 0) {
      this.#hold(bytes.subarray(from), MAX_CHUNK_LINE_BYTES);
      return bytes.length;
    }
    const line = this.#codec.latin1Decode(this.#take(bytes.subarray(from, lf + 1)));
    if (line.length > MAX_CHUNK_LINE_BYTES) throw tooLarge(MAX_CHUNK_LINE_BYTES);
    if (line.length < 2 || line.indexOf("\r") !== line.length - 2)
      throw new Http1Error("bad-chunk", `Chunk line ${quote(line)} does not end in CR LF`);
    const text = line.slice(0, -2);
    if (this.#state.at === "chunk-end") {
      if (text !== "") throw new Http1Error("bad-chunk", "Chunk data is longer than its size says");
      this.#state = { at: "chunk-size" };
      return lf + 1;
    }
    const size = /^([0-9a-fA-F]{1,13})[ \t]*(?:;|$)/.exec(text)?.[1];
    if (size === undefined) throw new Http1Error("bad-chunk", `${quote(text)} is not a chunk size`);
    const left = Number.parseInt(size, 16);
    this.#state = left === 0 ? { at: "trailers" } : { at: "chunk-data", left };
    return lf + 1;
  }

  #hold(bytes: Uint8Array, limit: number): void {
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > limit) throw tooLarge(limit);
    // A copy: the view would keep the whole buffer it was read into alive, or see it overwritten.
    this.#held.push(bytes.slice());
  }

  /** What was held and `rest`, as one piece. */
  #take(rest: Uint8Array): Uint8Array {
    if (this.#held.length === 0) return rest;
    this.#held.push(rest);
    const whole = concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return whole;
  }

  #finish(trailers: HeaderList): ResponseEvent {
    const reusable = this.#keepAlive && this.#state.at !== "until-close";
    this.#state = { at: "head" };
    this.#interims = 0;
    return { type: "end", trailers, reusable };
  }
}

function tooLarge(limit: number): Http1Error {
  return new Http1Error("too-large", `A head, trailer section or chunk line of more than ${limit} bytes`);
}
