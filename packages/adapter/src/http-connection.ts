/**
 * One connection that carries HTTP/1.1 exchanges, one after the other.
 *
 * 1. At most one exchange at a time; the next one begins only after `release`.
 * 2. A connection that is idle is guarded, so that a peer that closes it is noticed before it is used again, not after.
 * 3. Anything that arrives on an idle connection makes it useless: there is no request it could answer.
 * 4. `sawBytes` tells whether anything of the current response arrived; only then is a retry out of the question.
 * 5. What we close ourselves never ends a response: a body without a length would pass for complete.
 * 6. It is kept only when the request was written whole: a next one would wait behind a body that nobody reads.
 */
import { Http1Error, ResponseReader, concat, defaultResponseLimits, wholeResponse } from "@anylambda/wire";
import type { Codec, HeaderList, ResponseEvent, WholeResponse } from "@anylambda/wire";
import type { Clock, Connection } from "./platform.ts";

/** A response whose body is still on its way. */
export interface IncomingResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  /** As in {@link HttpResponse}. */
  readonly fields?: Uint8Array;
}

/** Less comes in one piece more. */
const MIN_REST_BYTES = 32 * 1024;

const none: HeaderList = [];
const nothing = new Uint8Array(0);

export class HttpConnection {
  readonly #connection: Connection;
  readonly #reader: ResponseReader;
  #reading: Promise<Uint8Array | null> | undefined;
  #events: ResponseEvent[] = [];
  #usable = true;
  #reusable = false;
  /** A request was sent for which `exchange` was not called yet. */
  #begun = false;
  /** Its response, where that came in one piece. */
  #whole: WholeResponse | undefined;
  #unwritten = 0;
  /** `close`, made once: several an invocation are given away. */
  readonly cut = (): void => this.close();
  sawBytes = false;
  /** Kept by whom it belongs to. */
  idleSince: Clock = { wall: 0, monotonic: 0 };

  constructor(connection: Connection, codec: Codec) {
    this.#connection = connection;
    this.#reader = new ResponseReader(codec);
  }

  /**
   * Sends a request that is written out already and gives the first bytes of what comes back, which go to `whole`, or by
   * themselves to `exchange`: a wait without a promise more than it needs. Those who are not in a hurry call `exchange`.
   */
  begin(pieces: readonly Uint8Array[]): Promise<Uint8Array | null> {
    this.#begun = true;
    this.#whole = undefined;
    this.#reusable = false;
    this.sawBytes = false;
    // Not awaited: a peer may answer before it has read the whole body. A write that fails shows in the read.
    this.#write(pieces)?.catch(() => {});
    return this.#read();
  }

  /**
   * The response that the first bytes are from end to end. It is done with by `release`, or goes through `exchange` and
   * `readBody` all the same.
   */
  whole(method: string, bytes: Uint8Array | null): WholeResponse | undefined {
    const whole = bytes === null ? undefined : wholeResponse(bytes, method === "HEAD", defaultResponseLimits);
    if (whole === undefined) return undefined;
    this.#whole = whole;
    this.#reading = undefined;
    this.sawBytes = true;
    this.#reusable = whole.reusable;
    return whole;
  }

  /** The first bytes with `missing` more behind them, which stand for the first from here on; `null` when they do not come. */
  async readMore(first: Uint8Array, missing: number): Promise<Uint8Array | null> {
    const bytes = new Uint8Array(first.length + missing);
    bytes.set(first);
    if (!(await this.#connection.readInto(bytes, first.length))) return null;
    this.#reading = Promise.resolve(bytes);
    return bytes;
  }

  /** As `whole`, when somebody else has seen that the first bytes are a response which lets the connection be kept. */
  sawWhole(): void {
    this.#reading = undefined;
    this.sawBytes = true;
    this.#reusable = true;
  }

  /** Sends a request, unless that has begun, and reads up to the head of its response. */
  async exchange(method: string, pieces: readonly Uint8Array[]): Promise<IncomingResponse> {
    if (!this.#begun) void this.begin(pieces);
    const bytes = this.#whole === undefined ? await this.#read() : null;
    const whole = this.#whole ?? this.whole(method, bytes);
    this.#begun = false;
    if (whole !== undefined) {
      this.#whole = undefined;
      if (whole.body.length > 0) this.#events.push({ type: "body", bytes: whole.body });
      this.#events.push({ type: "end", trailers: none, reusable: whole.reusable });
      return whole;
    }
    this.#reading = undefined;
    this.#reader.expect(method);
    this.#take(bytes);
    for (;;) {
      const event = await this.#nextEvent();
      if (event.type === "head") return event;
    }
  }

  /**
   * The rest of the body, where all of it has arrived: as `readBody` to its end, but at once. `undefined` when some of it
   * is still to come; `readBody` then has it.
   */
  takeRest(): Uint8Array | undefined {
    // Without a pattern of arrays, which costs the interpreter an iterator.
    const first = this.#events[0];
    const end = first?.type === "body" ? this.#events[1] : first;
    if (end?.type !== "end" || this.#events.length > 2) return undefined;
    this.#events.length = 0;
    this.#reusable = end.reusable;
    return first?.type === "body" ? first.bytes : nothing;
  }

  /** More of a request's body, behind what `exchange` was given; resolves when the kernel has it. */
  async send(pieces: readonly Uint8Array[]): Promise<void> {
    await this.#write(pieces);
  }

  /** The next piece of the body; `undefined` at its end, after which the connection may be released. */
  async readBody(): Promise<Uint8Array | undefined> {
    for (;;) {
      const event = await this.#nextEvent();
      if (event.type === "body") return event.bytes;
      if (event.type !== "end") continue;
      this.#reusable = event.reusable;
      return undefined;
    }
  }

  /**
   * The body that begins with `first`, when what is missing has a known length and is worth it: read into one array, of
   * no more than `limit` bytes, without pieces that would have to be put together. The response ends with it.
   * `undefined` where `readBody` has to go on.
   */
  async readRest(first: Uint8Array, limit: number): Promise<Uint8Array | undefined> {
    const left = this.#reader.left ?? 0;
    const length = first.length + left;
    if (left < MIN_REST_BYTES || length > limit || this.#events.length > 0) return undefined;
    const body = new Uint8Array(length);
    body.set(first);
    if (!(await this.#connection.readInto(body, first.length))) {
      this.#take(null);
      return undefined;
    }
    const end = this.#reader.skipLeft();
    this.#reusable = end.type === "end" && end.reusable;
    return body;
  }

  /** Before the first exchange: it is watched like one that is idle (2). */
  wait(): void {
    this.#connection.guard(this.cut);
  }

  /** After the whole response was read: whether the connection can be kept. If so it is being watched now. */
  release(): boolean {
    if (!this.#reusable || !this.#usable || this.#unwritten > 0) {
      this.close();
      return false;
    }
    this.#begun = false;
    this.#whole = undefined;
    this.#connection.guard(this.cut);
    return this.#usable;
  }

  get isUsable(): boolean {
    return this.#usable;
  }

  close(): void {
    this.#usable = false;
    this.#connection.close();
  }

  #write(pieces: readonly Uint8Array[]): Promise<void> | undefined {
    const written = this.#connection.write(pieces);
    return written === undefined ? undefined : this.#count(written);
  }

  async #count(written: Promise<void>): Promise<void> {
    this.#unwritten++;
    await written;
    this.#unwritten--;
  }

  async #nextEvent(): Promise<ResponseEvent> {
    while (this.#events.length === 0) {
      const bytes = await this.#read();
      this.#reading = undefined;
      this.#take(bytes);
    }
    return this.#events.shift() as ResponseEvent;
  }

  /** What a read gave, as events. */
  #take(bytes: Uint8Array | null): void {
    if (bytes === null) {
      if (!this.#usable) throw new Http1Error("truncated", "The exchange was broken off");
      this.#usable = false;
      this.#events = this.#reader.close();
    } else {
      this.sawBytes = true;
      this.#events = this.#reader.read(bytes);
    }
  }

  /** The outstanding read. */
  #read(): Promise<Uint8Array | null> {
    this.#reading ??= this.#connection.read();
    return this.#reading;
  }
}

/**
 * Reads a body to its end into one piece; throws `tooLarge()` beyond `limit` bytes. `readRest` as that of a connection.
 */
export async function readWhole(
  read: () => Promise<Uint8Array | undefined>,
  limit: number,
  tooLarge: () => Error,
  readRest?: (first: Uint8Array, limit: number) => Promise<Uint8Array | undefined>,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const piece = await read();
    if (piece === undefined) break;
    length += piece.length;
    if (length > limit) throw tooLarge();
    const whole = pieces.length === 0 ? await readRest?.(piece, limit) : undefined;
    if (whole !== undefined) return whole;
    pieces.push(piece);
  }
  const first = pieces[0];
  return pieces.length === 1 && first !== undefined ? first : concat(pieces);
}
