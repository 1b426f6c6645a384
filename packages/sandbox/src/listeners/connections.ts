/**
 * The connections of a WebSocket API that are open, each from its accepted handshake to its end.
 *
 *  (1) It is found by its id from the moment the client has the 101 until it is closed, and neither before nor after.
 *  (2) It is closed when nothing was sent either way for the idle time, and when it is as old as any may be.
 *  (3) Its end is told once, with the code that ended it: the one that was sent first.
 */
import type { Connection } from "@anylambda/wire/front-doors/websocket";
import type { WebSocket } from "ws";

export interface Lifetimes {
  readonly idleMs: number;
  readonly longestMs: number;
}

export interface Ending {
  readonly statusCode: number;
  readonly reason: string;
}

export class OpenConnection {
  readonly connection: Connection;
  /** `Host` of the handshake. */
  readonly host: string;
  /** Unix time, ms. */
  lastActiveAt: number = Date.now();
  /** Resolves when it is closed. Never rejects. */
  readonly ended: Promise<Ending>;
  readonly #socket: WebSocket;
  readonly #idle: NodeJS.Timeout;
  readonly #oldest: NodeJS.Timeout;
  #closing: Ending | undefined;

  constructor(connection: Connection, host: string, socket: WebSocket, { idleMs, longestMs }: Lifetimes) {
    this.connection = connection;
    this.host = host;
    this.#socket = socket;
    this.#idle = setTimeout(() => this.close(goingAway), idleMs);
    this.#oldest = setTimeout(() => this.close(goingAway), longestMs);
    // The library closes what breaks the protocol or is too long by itself, and says here why.
    socket.on("error", (error: Error & { code?: string }) => {
      const tooLong = error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";
      this.#closing ??= tooLong ? messageTooBig : protocolError;
    });
    this.ended = new Promise((resolve) => {
      socket.on("close", (code: number, reason: Buffer) => {
        clearTimeout(this.#idle);
        clearTimeout(this.#oldest);
        resolve(this.#closing ?? { statusCode: code, reason: reason.toString() });
      });
    });
  }

  get isOpen(): boolean {
    return this.#closing === undefined && this.#socket.readyState === this.#socket.OPEN;
  }

  /** Something was sent, by whoever. */
  touch(): void {
    this.lastActiveAt = Date.now();
    this.#idle.refresh();
  }

  /** Resolves with whether the text was handed to the network. */
  send(text: string): Promise<boolean> {
    if (!this.isOpen) return Promise.resolve(false);
    this.touch();
    return new Promise((resolve) => {
      this.#socket.send(text, { binary: false }, (error) => resolve(error == null));
    });
  }

  close(ending: Ending): void {
    this.#closing ??= ending;
    this.#socket.close(ending.statusCode, ending.reason);
  }

  /** Does not wait for the client's own closing frame. */
  end(): void {
    this.close(goingAway);
    setImmediate(() => this.#socket.terminate());
  }
}

const goingAway: Ending = { statusCode: 1001, reason: "Going away" };
export const messageTooBig: Ending = { statusCode: 1009, reason: "" };
export const unsupportedData: Ending = { statusCode: 1003, reason: "" };
export const closedByBackend: Ending = { statusCode: 1000, reason: "" };
const protocolError: Ending = { statusCode: 1002, reason: "" };
