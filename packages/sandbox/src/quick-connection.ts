/**
 * A connection of plain HTTP/1.1: each request lies whole in one piece, each response is there as a whole. Everything else is
 * for `node:http`, whose handling of one request costs more than all the sandbox does for an invocation.
 *
 *  (1) From the first request that is not plain, or not wanted so, the connection is `node:http`'s, which sees it from its
 *      first byte.
 *  (2) One request at a time: what comes while one is under way is read when that has its response.
 *  (3) Who has closed its side gets nothing more, as with `node:http`.
 */
import type { Socket } from "node:net";

/** Whoever waits for the response to one request. */
export interface QuickClient {
  /** Nobody is there any more. */
  readonly destroyed: boolean;
  readonly sourceIp: string | undefined;
  /**
   * Sends the response: `text`, in which a character is a byte, then `body`. `last`: the connection ends with it.
   */
  readonly answer: (text: string, body?: Uint8Array, last?: boolean) => void;
}

export interface QuickWay<Request> {
  /** The request that is all of `bytes`; `undefined` when there is more to it. */
  readonly read: (bytes: Buffer) => Request | undefined;
  /** Takes it and answers it, once; `false`: it goes the long way, and nothing has happened. */
  readonly take: (request: Request, client: QuickClient) => boolean;
  /** The long way. */
  readonly giveAway: (socket: Socket, read: Buffer) => void;
}

/** Whether a request is under way on the connection. */
export type IsBusy = () => boolean;

export function serveQuickly<Request>(socket: Socket, way: QuickWay<Request>): IsBusy {
  let isBusy = false;
  let early: Buffer | undefined;

  const leave = (read: Buffer): void => {
    socket.off("data", take).off("end", ended).off("error", broke);
    way.giveAway(socket, read);
    if (socket.isPaused()) socket.resume();
  };
  const client: QuickClient = {
    get destroyed() {
      return socket.destroyed || socket.writableEnded;
    },
    get sourceIp() {
      return socket.remoteAddress;
    },
    answer(text, body, last = false) {
      isBusy = false;
      if (client.destroyed) return;
      if (body === undefined) socket.write(text, "latin1");
      else {
        socket.cork();
        socket.write(text, "latin1");
        socket.write(body);
        socket.uncork();
      }
      if (last) socket.end();
      else if (early !== undefined) leave(early);
    },
  };
  const take = (bytes: Buffer): void => {
    if (isBusy) {
      // Invariant 2.
      early = early === undefined ? bytes : Buffer.concat([early, bytes]);
      socket.pause();
      return;
    }
    const request = way.read(bytes);
    if (request === undefined) return leave(bytes);
    isBusy = true;
    if (way.take(request, client)) return;
    isBusy = false;
    leave(bytes);
  };
  const ended = (): void => {
    socket.end();
  };
  const broke = (): void => {
    socket.destroy();
  };
  socket.on("data", take).on("end", ended).on("error", broke);
  return () => isBusy;
}
