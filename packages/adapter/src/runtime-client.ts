/**
 * Client of the Runtime API: the loop's only way to Lambda.
 *
 * 1. One connection, one exchange at a time: each loop has a client of its own.
 * 2. A call that gets no answer is repeated on a new connection, with pauses, because every call may be repeated:
 *    `next` delivers the same event again, and a second answer for an id is refused without harm.
 * 3. `RuntimeApiError` is thrown when that does not help; nothing else is thrown, but that there is no memory.
 * 4. An invocation for whose event there is no memory is failed without it: asked for again it would be no smaller.
 * 5. `ask` and `heard` are the quick way of `next`, `tell` and `wasTold` that of `respond`: what they begin and do not end,
 *    because it is not plain, `next` and `respond` go on with.
 */
import {
  MAX_PAYLOAD_BYTES,
  defaultResponseLimits,
  invocationHeadOf,
  runtimeHeaders,
  runtimePaths,
  toInvocationHead,
  wholeResponse,
} from "@anylambda/wire";
import type { ErrorBody, InvocationHead } from "@anylambda/wire";
import { beginStream, streamHead } from "./answer-stream.ts";
import type { AnswerStream } from "./answer-stream.ts";
import { RuntimeApiError, isOutOfMemory, messageOf } from "./errors.ts";
import { documentOf } from "./failure-document.ts";
import { HttpConnection, readWhole } from "./http-connection.ts";
import type { IncomingResponse } from "./http-connection.ts";
import type { Log } from "./log.ts";
import type { HostAddress, Platform } from "./platform.ts";
import { sleep } from "./time.ts";

export interface Invocation {
  readonly head: InvocationHead;
  /** The event's JSON, as it came. */
  readonly event: Uint8Array;
}

/**
 * Before each further try of a call to one of Lambda's APIs, ms. Together a little more than a second: then something
 * is really broken.
 */
export const pausesMs: readonly number[] = [25, 50, 100, 300, 800];

/** An answer came, and there was no memory to read it. */
class UnreadAnswer extends Error {
  readonly head: IncomingResponse | undefined;

  constructor(head: IncomingResponse | undefined, cause: unknown) {
    super(messageOf(cause), { cause });
    this.head = head;
  }
}

/** An event cannot be larger; the rest is room for an unexpected error page. */
const MAX_ANSWER_BYTES = MAX_PAYLOAD_BYTES + 64 * 1024;

interface Answer {
  readonly status: number;
  readonly head: IncomingResponse;
  readonly body: Uint8Array;
  readonly text: () => string;
}

export class RuntimeClient {
  readonly #platform: Platform;
  readonly #address: HostAddress;
  readonly #host: string;
  readonly #log: Log;
  #connection: HttpConnection | undefined;
  /** No exchange was made on the connection yet. */
  #isNew = false;
  #nextRequest: Uint8Array | undefined;

  constructor(platform: Platform, authority: string, log: Log) {
    this.#platform = platform;
    this.#address = addressOf(authority);
    this.#host = authority;
    this.#log = log;
  }

  /** Opens a connection ahead of the first call. One that cannot be opened is for that call to deal with. */
  async connect(): Promise<void> {
    try {
      const connection = await this.#platform.connect(this.#address);
      this.#connection = new HttpConnection(connection, this.#platform.codec);
      this.#connection.wait();
      this.#isNew = true;
    } catch {}
  }

  /** Sends the call of `next` where a connection is there; the first bytes of its answer. */
  ask(): Promise<Uint8Array | null> | undefined {
    this.#nextRequest ??= this.#platform.codec.utf8Encode(
      requestHead("GET", runtimePaths.next, this.#host, [], []),
    );
    return this.begin([this.#nextRequest]);
  }

  /** The invocation that the first bytes bring; `undefined` where `next` has to see what they are. */
  heard(bytes: Uint8Array | null): Invocation | undefined {
    const whole = this.#connection?.whole("GET", bytes);
    if (whole?.status !== 200) return undefined;
    const head = invocationHeadOf(whole.fields);
    if (head === undefined) return undefined;
    this.#release();
    return { head, event: whole.body };
  }

  /** Sends the call of `respond` where a connection is there; the first bytes of its answer. */
  tell(requestId: string, payload: readonly Uint8Array[]): Promise<Uint8Array | null> | undefined {
    if (this.#connection?.isUsable !== true) return undefined;
    const head = responseHead(requestId, this.#host, String(lengthOf(payload)));
    return this.#connection.begin([this.#platform.codec.utf8Encode(head)].concat(payload));
  }

  /** Whether the first bytes say that the answer was taken; `respond` sees to it where they do not. */
  wasTold(bytes: Uint8Array | null): boolean {
    const status = this.#connection?.whole("POST", bytes)?.status;
    if (status === undefined || status < 200 || status > 299) return false;
    this.#release();
    return true;
  }

  /** Sends a call of one of the two that somebody else has written. */
  begin(call: readonly Uint8Array[]): Promise<Uint8Array | null> | undefined {
    return this.#connection?.isUsable === true ? this.#connection.begin(call) : undefined;
  }

  /** As that of {@link HttpConnection}. */
  async readMore(first: Uint8Array, missing: number): Promise<Uint8Array | null> {
    return (await this.#connection?.readMore(first, missing)) ?? null;
  }

  /** Somebody else has seen that the first bytes are the whole answer, and that it lets the connection be kept. */
  sawWhole(): void {
    this.#connection?.sawWhole();
    this.#release();
  }

  /** Waits for an invocation, as long as it takes. */
  async next(): Promise<Invocation> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#nextAnswer();
      if (answer === undefined) continue;
      const head = answer.status === 200 ? invocationHead(answer) : undefined;
      if (head !== undefined) return { head, event: answer.body };
      const what =
        answer.status === 200 ? "without a request id" : `with status ${answer.status}${detail(answer.text)}`;
      await this.#pause(attempt, `The Runtime API answered ${runtimePaths.next} ${what}`);
    }
  }

  async #nextAnswer(): Promise<Answer | undefined> {
    try {
      return await this.#call("GET", runtimePaths.next, [], []);
    } catch (error) {
      return this.#refuseUnread(error);
    }
  }

  /** The end of an invocation whose event could not be taken in (4). */
  async #refuseUnread(error: unknown): Promise<undefined> {
    if (!(error instanceof UnreadAnswer)) throw error;
    const head = error.head?.status === 200 ? toInvocationHead(error.head.headers) : undefined;
    if (head === undefined) throw new RuntimeApiError(error.message, { cause: error });
    const failure = new Error(`There is no memory for the event (${error.message})`);
    const { errorType, document, reason } = documentOf(failure, this.#platform.codec);
    this.#log.error(`Invocation failed with ${errorType}: ${reason}`, { requestId: head.requestId });
    await this.fail(head.requestId, errorType, document);
    return undefined;
  }

  /** Posts an answer. A refusal is logged: the invocation is over either way. */
  respond(requestId: string, payload: readonly Uint8Array[]): Promise<void> {
    return this.#post(runtimePaths.response(requestId), [], payload);
  }

  /** Posts a failure; `errorType` goes into the metrics, the document to the caller. */
  async fail(requestId: string, errorType: string, document: Uint8Array): Promise<void> {
    await this.#post(runtimePaths.error(requestId), errorHeaders(errorType), [document]);
  }

  /** Begins a streamed answer with its prelude. `onGone` is called when the client has gone before the end. */
  async openStream(requestId: string, prelude: Uint8Array, onGone: () => void): Promise<AnswerStream> {
    const { codec } = this.#platform;
    const kept = this.#connection?.isUsable === true ? this.#connection : undefined;
    const connection = kept ?? (await this.#open(runtimePaths.response(requestId)));
    this.#connection = connection;
    return beginStream(
      connection,
      streamHead(runtimePaths.response(requestId), this.#host),
      prelude,
      codec,
      onGone,
    );
  }

  /** What the Runtime API said to a streamed answer, `undefined` when it hung up. */
  closeStream(requestId: string, status: number | undefined): void {
    this.#release();
    if (status === undefined)
      this.#log.info("The client has gone before the end of the answer", { requestId });
    else if (status >= 300)
      this.#log.error(`The Runtime API refused a streamed answer with status ${status}`, { requestId });
  }

  /**
   * SnapStart: returns after a restore; the snapshot is taken while this call waits. `false` when this Runtime API
   * takes no snapshots.
   */
  async restoreNext(): Promise<boolean> {
    const answer = await this.#call("GET", runtimePaths.restoreNext, [], []);
    if (answer.status === 200 || answer.status === 404) return answer.status === 200;
    throw new RuntimeApiError(
      `The Runtime API answered ${runtimePaths.restoreNext} with status ${answer.status}`,
    );
  }

  /** SnapStart: reports that the function cannot go on after a restore. The process is expected to exit afterwards. */
  async failRestore(error: ErrorBody): Promise<void> {
    await this.#postFailure(runtimePaths.restoreError, error);
  }

  /** Reports that the function cannot start. The process is expected to exit afterwards. */
  async failInit(error: ErrorBody): Promise<void> {
    await this.#postFailure(runtimePaths.initError, error);
  }

  async #postFailure(path: string, error: ErrorBody): Promise<void> {
    const document = this.#platform.codec.utf8Encode(JSON.stringify(error));
    await this.#post(path, errorHeaders(error.errorType), [document]);
  }

  async #post(
    path: string,
    headers: readonly (readonly [string, string])[],
    payload: readonly Uint8Array[],
  ): Promise<void> {
    const answer = await this.#call("POST", path, headers, payload);
    if (answer.status >= 200 && answer.status < 300) return;
    const why = answer.status === 410 ? " (the invocation had timed out)" : "";
    this.#log.error(
      `The Runtime API refused ${path} with status ${answer.status}${why}${detail(answer.text)}`,
    );
  }

  /** One call, repeated on a new connection while none answers. */
  async #call(
    method: "GET" | "POST",
    path: string,
    headers: readonly (readonly [string, string])[],
    payload: readonly Uint8Array[],
  ): Promise<Answer> {
    const { codec } = this.#platform;
    const request = [codec.utf8Encode(requestHead(method, path, this.#host, headers, payload))].concat(
      payload,
    );
    for (let attempt = 0; ; attempt++) {
      const kept = this.#connection?.isUsable === true ? this.#connection : undefined;
      let head: IncomingResponse | undefined;
      try {
        const connection = kept ?? new HttpConnection(await this.#platform.connect(this.#address), codec);
        this.#connection = connection;
        head = await connection.exchange(method, request);
        const body =
          connection.takeRest() ??
          (await readWhole(
            () => connection.readBody(),
            MAX_ANSWER_BYTES,
            () => new Error("its answer is too large"),
            (first, limit) => connection.readRest(first, limit),
          ));
        this.#release();
        return { status: head.status, head, body, text: () => codec.utf8Decode(body) };
      } catch (error) {
        const wasStale = kept !== undefined && !this.#isNew && !kept.sawBytes;
        this.#connection?.close();
        this.#connection = undefined;
        this.#isNew = false;
        if (isOutOfMemory(error)) throw new UnreadAnswer(head, error);
        // A kept connection that went stale is nobody's fault: at once again, on a new one.
        if (wasStale && attempt === 0) continue;
        await this.#pause(attempt, `The Runtime API did not answer ${path}: ${messageOf(error)}`, error);
      }
    }
  }

  /** The exchange is over; its connection is kept for the next one where it can be. */
  #release(): void {
    this.#isNew = false;
    if (this.#connection?.release() !== true) this.#connection = undefined;
  }

  /** A new connection, with the same patience as every call. */
  async #open(path: string): Promise<HttpConnection> {
    for (let attempt = 0; ; attempt++) {
      try {
        return new HttpConnection(await this.#platform.connect(this.#address), this.#platform.codec);
      } catch (error) {
        await this.#pause(attempt, `The Runtime API did not answer ${path}: ${messageOf(error)}`, error);
      }
    }
  }

  async #pause(attempt: number, message: string, cause?: unknown): Promise<void> {
    const pause = pausesMs[attempt];
    if (pause === undefined) throw new RuntimeApiError(message, { cause });
    this.#log.warn(message, { retry_in_ms: pause });
    await sleep(this.#platform, pause);
  }
}

/** The invocation that the bytes of a whole answer to `next` bring. */
export function invocationOf(bytes: Uint8Array): Invocation | undefined {
  const whole = wholeResponse(bytes, false, defaultResponseLimits);
  const head = whole && invocationHeadOf(whole.fields);
  return head && { head, event: whole.body };
}

function invocationHead({ head }: Answer): InvocationHead | undefined {
  const quick = head.fields === undefined ? undefined : invocationHeadOf(head.fields);
  return quick ?? toInvocationHead(head.headers);
}

/** `host:port` as an address; Lambda gives no other form. */
export function addressOf(authority: string): HostAddress {
  const colon = authority.lastIndexOf(":");
  if (colon < 0) return { host: authority, port: 80 };
  return {
    host: authority.slice(0, colon).replace(/^\[(.*)\]$/, "$1"),
    port: Number(authority.slice(colon + 1)),
  };
}

function errorHeaders(errorType: string): [string, string][] {
  return [
    ["content-type", "application/json"],
    [runtimeHeaders.errorType, errorType.replace(/[^\x21-\x7e]+/g, " ").slice(0, 256)],
  ];
}

/** The head of the call of `respond`, for so many bytes. */
export function responseHead(requestId: string, host: string, length: string): string {
  return `POST ${runtimePaths.response(requestId)} HTTP/1.1\r\nhost: ${host}\r\nuser-agent: anylambda\r\ncontent-length: ${length}\r\n\r\n`;
}

function lengthOf(payload: readonly Uint8Array[]): number {
  return payload.reduce((sum, piece) => sum + piece.length, 0);
}

/** Written by hand, not through `writeRequest`: an answer of many pieces goes out without being joined. */
function requestHead(
  method: string,
  path: string,
  host: string,
  headers: readonly (readonly [string, string])[],
  payload: readonly Uint8Array[],
): string {
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nuser-agent: anylambda\r\n`;
  for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
  if (method === "POST") head += `content-length: ${lengthOf(payload)}\r\n`;
  return `${head}\r\n`;
}

function detail(text: () => string): string {
  const body = text().trim();
  return body === "" ? "" : `: ${body.slice(0, 300)}`;
}
