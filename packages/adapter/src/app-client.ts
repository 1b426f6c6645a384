/**
 * Sends requests to the app.
 *
 * 1. A connection serves one request at a time, whoever else is asking.
 * 2. A kept connection is used only when it was idle for less than `idleMs` by both clocks: an environment may
 *    have been frozen in between, and the app's server will have given up on it.
 * 3. A request is sent twice at most, and only when the connection was a kept one, nothing of an answer had
 *    arrived, and the method is idempotent (RFC 9110, 9.2.2): the peer closed it just as we wrote (B37).
 * 4. A request that may not be repeated takes a kept connection only while that is fresh: see `FRESH_MS`.
 */
import { Http1Error, writeRequest } from "@anylambda/wire";
import type { HeaderList, HttpRequest, HttpResponse } from "@anylambda/wire";
import { Failure, errnoOf, messageOf } from "./errors.ts";
import { HttpConnection, readWhole } from "./http-connection.ts";
import type { IncomingResponse } from "./http-connection.ts";
import { placeOf } from "./app-address.ts";
import type { Address, Platform } from "./platform.ts";
import { elapsed } from "./time.ts";

/** Methods of requests that may be sent again. */
export const idempotent: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/**
 * The shortest keep-alive among common servers is gunicorn's, 2 s. A POST that meets a closing connection cannot
 * be sent again, and a new connection on loopback costs less than a tenth of a millisecond.
 */
const FRESH_MS = 1000;

/** Largest body of the app that is read: no front door takes more, and memory is the function's. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export interface AppClientOptions {
  readonly address: Address;
  /** How long an idle connection may be kept, ms; 0 uses each once. */
  readonly idleMs: number;
}

/** A response whose body is read piece by piece. */
export interface AppResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  /** The next piece of the body, never empty; `undefined` at its end. Throws a {@link Failure}. */
  read(): Promise<Uint8Array | undefined>;
  /** As that of {@link HttpConnection}. */
  readRest?(first: Uint8Array, limit: number): Promise<Uint8Array | undefined>;
  /** The response with its body, where that arrived with the head. */
  readonly whole?: HttpResponse;
}

/** A request that may be written out already. */
type AppRequest = HttpRequest & { readonly written?: readonly Uint8Array[] };

/** A request that was sent on a kept connection. */
export interface Sent {
  readonly connection: HttpConnection;
  /** The first bytes of the answer. */
  readonly bytes: Promise<Uint8Array | null>;
}

export interface AppClient {
  /** The quick way of `begin`: sends `request` where a kept connection can be trusted with it. */
  post(request: AppRequest): Sent | undefined;
  /** As `post`, of a request that is written out and may be `isRepeatable`. */
  postBytes(bytes: Uint8Array, isRepeatable: boolean): Sent | undefined;
  /** Somebody else has seen that the first bytes are the whole response, and that it lets the connection be kept. */
  sawWhole(sent: Sent): void;
  /** The response that the first bytes are; `undefined` where `begin` has to see what they are. */
  whole(request: AppRequest, sent: Sent, bytes: Uint8Array | null): AppResponse | undefined;
  /**
   * Sends `request`, or goes on with what was `sent`, and answers with the head of its response. Throws a
   * {@link Failure} that says what the app did wrong. `onCut` gets the function that breaks the exchange off, for
   * whoever watches the time.
   */
  begin(request: AppRequest, onCut?: (cut: () => void) => void, sent?: Sent): Promise<AppResponse>;
  /** The whole body of a response that has begun. `cut` breaks it off when it is too large to be kept. */
  readWhole(response: AppResponse, cut: () => void): Promise<HttpResponse>;
  /** As `begin`, and reads the whole body. */
  send(request: HttpRequest, onCut?: (cut: () => void) => void): Promise<HttpResponse>;
  /** As `send`, but answers the status as soon as it is there: a body may be endless. */
  probe(request: HttpRequest, onCut?: (cut: () => void) => void): Promise<number>;
}

/** Body of a probe's answer that is read so that its connection can be kept; beyond that it is closed. */
const MAX_PROBE_BYTES = 64 * 1024;

export function createAppClient(platform: Platform, options: AppClientOptions): AppClient {
  const idle: HttpConnection[] = [];
  const where = placeOf(options.address);

  /** The most recently used connection that may still be trusted; those that may not are dropped. */
  function takeIdle(maxIdleMs: number): HttpConnection | undefined {
    const now = platform.now();
    // From the oldest on as well: a POST may leave a connection lying here each time, and not every server closes it.
    while (idle[0] !== undefined && elapsed(idle[0].idleSince, now) >= options.idleMs) idle.shift()?.close();
    while (idle.length > 0) {
      const connection = idle.pop();
      if (connection === undefined || !connection.isUsable) continue;
      const idleFor = elapsed(connection.idleSince, now);
      if (idleFor < maxIdleMs) return connection;
      if (idleFor < options.idleMs) {
        idle.push(connection);
        return undefined;
      }
      connection.close();
    }
    return undefined;
  }

  async function open(): Promise<HttpConnection> {
    try {
      return new HttpConnection(await platform.connect(options.address), platform.codec);
    } catch (error) {
      throw new Failure(
        "Adapter.AppUnreachable",
        `No connection to the app at ${where}: ${errnoOf(error) ?? messageOf(error)}`,
        error,
      );
    }
  }

  function keep(connection: HttpConnection): void {
    const now = platform.now();
    connection.idleSince = now;
    if (connection.release() && options.idleMs > 0) idle.push(connection);
    else connection.close();
  }

  /** As `open`; `onGiveUp` gets the function that ends the waiting: a full queue of the app's lets a connect hang. */
  function openUnless(onGiveUp: (giveUp: () => void) => void): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      let waiting = true;
      onGiveUp(() => {
        waiting = false;
        reject(new Failure("Adapter.AppUnreachable", `The app at ${where} did not accept the connection`));
      });
      open().then((connection) => (waiting ? resolve(connection) : connection.close()), reject);
    });
  }

  function takeFor(method: string): HttpConnection | undefined {
    return takeIdle(idempotent.has(method) ? options.idleMs : Math.min(options.idleMs, FRESH_MS));
  }

  function post(request: AppRequest): Sent | undefined {
    const connection = takeFor(request.method);
    if (connection === undefined) return undefined;
    const pieces = request.written ?? writeRequest(request, platform.codec);
    return { connection, bytes: connection.begin(pieces) };
  }

  function postBytes(bytes: Uint8Array, isRepeatable: boolean): Sent | undefined {
    const connection = takeIdle(isRepeatable ? options.idleMs : Math.min(options.idleMs, FRESH_MS));
    return connection && { connection, bytes: connection.begin([bytes]) };
  }

  function sawWhole({ connection }: Sent): void {
    connection.sawWhole();
    keep(connection);
  }

  function wholeOf(
    { method }: AppRequest,
    { connection }: Sent,
    bytes: Uint8Array | null,
  ): AppResponse | undefined {
    const whole = connection.whole(method, bytes);
    if (whole === undefined) return undefined;
    keep(connection);
    return new WholeAppResponse(whole, whole.body);
  }

  async function begin(
    request: AppRequest,
    onCut?: (cut: () => void) => void,
    sent?: Sent,
  ): Promise<AppResponse> {
    const pieces = request.written ?? writeRequest(request, platform.codec);
    const repeatable = idempotent.has(request.method);
    const kept = sent === undefined ? takeFor(request.method) : sent.connection;
    let current = kept;
    let cut = false;
    let giveUp = (): void => {};
    onCut?.(() => {
      cut = true;
      current?.close();
      giveUp();
    });
    for (;;) {
      const connection: HttpConnection = current ?? (await openUnless((one) => (giveUp = one)));
      current = connection;
      if (cut) connection.close();
      try {
        const head = await connection.exchange(request.method, pieces);
        const rest = connection.takeRest();
        if (rest !== undefined) {
          current = undefined;
          keep(connection);
          return new WholeAppResponse(head, rest);
        }
        const { status, reason, headers } = head;
        // Once over, `cut` has nothing to cut: the connection may be serving someone else (1).
        const over = (): void => (current = undefined);
        return {
          status,
          reason,
          headers,
          read: () => readOn(connection, over),
          readRest: (first, limit) => readRestOn(connection, over, first, limit),
        };
      } catch (error) {
        connection.close();
        if (connection !== kept || connection.sawBytes || !repeatable || cut) throw appFailure(error, where);
        current = undefined;
      }
    }
  }

  async function readOn(connection: HttpConnection, onEnd: () => void): Promise<Uint8Array | undefined> {
    try {
      const piece = await connection.readBody();
      if (piece === undefined) {
        onEnd();
        keep(connection);
      }
      return piece;
    } catch (error) {
      connection.close();
      throw appFailure(error, where);
    }
  }

  async function readRestOn(
    connection: HttpConnection,
    onEnd: () => void,
    first: Uint8Array,
    limit: number,
  ): Promise<Uint8Array | undefined> {
    try {
      const body = await connection.readRest(first, limit);
      if (body !== undefined) {
        onEnd();
        keep(connection);
      }
      return body;
    } catch (error) {
      connection.close();
      throw appFailure(error, where);
    }
  }

  async function readBody(response: AppResponse, cut: () => void): Promise<HttpResponse> {
    if (response.whole !== undefined) return response.whole;
    const { status, reason, headers } = response;
    const tooLarge = (): Failure => {
      cut();
      return new Failure(
        "Adapter.ResponseTooLarge",
        `The app's response is larger than ${MAX_BODY_BYTES} bytes`,
      );
    };
    const body = await readWhole(response.read, MAX_BODY_BYTES, tooLarge, response.readRest);
    return { status, reason, headers, body };
  }

  async function send(request: HttpRequest, onCut?: (cut: () => void) => void): Promise<HttpResponse> {
    let cut = (): void => {};
    const response = await begin(request, (one) => {
      cut = one;
      onCut?.(one);
    });
    return readBody(response, () => cut());
  }

  async function probe(request: HttpRequest, onCut?: (cut: () => void) => void): Promise<number> {
    const connection = await open();
    onCut?.(() => {
      connection.close();
    });
    try {
      const head = await connection.exchange(request.method, writeRequest(request, platform.codec));
      // Not awaited: ready is ready, and the body is of interest only for the connection's sake.
      readWhole(
        () => connection.readBody(),
        MAX_PROBE_BYTES,
        () => new Error("not worth waiting for"),
      ).then(
        () => keep(connection),
        () => connection.close(),
      );
      return head.status;
    } catch (error) {
      connection.close();
      throw appFailure(error, where);
    }
  }

  return { post, postBytes, sawWhole, whole: wholeOf, begin, readWhole: readBody, send, probe };
}

/** A response that arrived whole: its connection serves others already. */
class WholeAppResponse implements AppResponse, HttpResponse {
  readonly status: number;
  readonly body: Uint8Array;
  readonly fields?: Uint8Array;
  readonly #head: IncomingResponse;
  #read = false;

  constructor(head: IncomingResponse, body: Uint8Array) {
    this.status = head.status;
    this.body = body;
    if (head.fields !== undefined) this.fields = head.fields;
    this.#head = head;
  }

  // Asked for only on the long ways.
  get reason(): string {
    return this.#head.reason;
  }

  get headers(): HeaderList {
    return this.#head.headers;
  }

  get whole(): HttpResponse {
    return this;
  }

  async read(): Promise<Uint8Array | undefined> {
    const isFirst = !this.#read && this.body.length > 0;
    this.#read = true;
    return isFirst ? this.body : undefined;
  }
}

/** What went wrong on an open connection, in the words of the adapter's failures. */
function appFailure(error: unknown, where: string): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof Http1Error && error.fault !== "closed" && error.fault !== "truncated")
    return new Failure(
      "Adapter.AppSentInvalidHttp",
      `The app at ${where} sent invalid HTTP: ${error.message}`,
      error,
    );
  const how =
    error instanceof Http1Error
      ? error.message
      : `The connection broke (${errnoOf(error) ?? messageOf(error)})`;
  return new Failure(
    "Adapter.AppClosedConnection",
    `The app at ${where} did not finish its response: ${how}`,
    error,
  );
}
