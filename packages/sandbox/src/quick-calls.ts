/**
 * The quick way of the two calls that every invocation makes: `GET …/invocation/next`, and `POST …/response` of an answer that
 * lies in one piece. The rest of it is in `quick-connection.ts`.
 *
 *  (1) Only what is plain goes this way: headers that mean nothing here, and a call that the state of the runtime allows.
 *  (2) The answers are the bytes that `node:http` would have sent.
 */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type QuickWay, serveQuickly } from "./quick-connection.ts";
import { acceptedText, endWhole, headText } from "./replies.ts";

/** A call of `/invocation/next` that waits for an event. */
export interface Poll {
  /** Nobody is there any more. */
  readonly destroyed: boolean;
  /** `head`: names and values in turn. */
  readonly answer: (head: readonly string[], payload: Uint8Array) => void;
}

/** One that came the long way. */
export function pollOf(response: ServerResponse): Poll {
  return {
    get destroyed() {
      return response.destroyed;
    },
    answer(head, payload) {
      response.writeHead(200, head as string[]);
      endWhole(response, payload);
    },
  };
}

/** The Runtime API, as far as there is a quick way to it. */
export interface QuickRuntime {
  /** `false` when the state does not allow it: nothing has changed. */
  readonly next: (poll: Poll) => boolean;
  /**
   * The answer of an invocation; `accepted` is called when the runtime may have its 202. `false` when there is something to say
   * against it: nothing has changed.
   */
  readonly respond: (requestId: string, body: Uint8Array, accepted: () => void) => boolean;
}

/** Serves a connection to the Runtime API; `runtime` is asked at each call. */
export function serveCalls(
  socket: Socket,
  runtime: () => QuickRuntime | undefined,
  giveAway: QuickWay<PlainCall>["giveAway"],
): void {
  serveQuickly(socket, {
    read: plainCallOf,
    take(call, client) {
      const side = runtime();
      if (side === undefined) return false;
      if (call.kind === "response")
        return side.respond(call.requestId, call.body, () => client.answer(acceptedText()));
      return side.next({
        get destroyed() {
          return client.destroyed;
        },
        answer(head, { buffer, byteOffset, length }) {
          client.answer(
            headText("200 OK", head) + Buffer.from(buffer, byteOffset, length).toString("latin1"),
          );
        },
      });
    },
    giveAway,
  });
}

export type PlainCall =
  | { readonly kind: "next" }
  | { readonly kind: "response"; readonly requestId: string; readonly body: Uint8Array };

/** The call that is all of `bytes`; `undefined` for everything that takes a parser. */
export function plainCallOf(bytes: Buffer): PlainCall | undefined {
  const end = bytes.indexOf(endOfHead);
  if (end < 0 || end > maxHead) return undefined;
  const head = bytes.toString("latin1", 0, end + 2);
  if (head.startsWith(nextLine)) {
    const isWhole = end + 4 === bytes.length && fieldsAreHarmless(head, nextLine.length) === "";
    return isWhole ? { kind: "next" } : undefined;
  }
  const requestId = responseLine.exec(head)?.[1];
  if (requestId === undefined) return undefined;
  const length = fieldsAreHarmless(head, responseLineLength + requestId.length);
  // Without a length it has no body, or one that is told otherwise.
  if (length === undefined || length === "" || Number(length) !== bytes.length - end - 4) return undefined;
  return { kind: "response", requestId, body: bytes.subarray(end + 4) };
}

const endOfHead = Buffer.from("\r\n\r\n");
/** What is longer is no plain call. */
const maxHead = 4096;
const nextLine = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n";
/** Ids are UUIDs; what a client may have encoded is for the parser. */
const responseLine = /^POST \/2018-06-01\/runtime\/invocation\/([0-9A-Za-z-]+)\/response HTTP\/1\.1\r\n/;
const responseLineLength = "POST /2018-06-01/runtime/invocation//response HTTP/1.1\r\n".length;

/** The `content-length` among the fields from `at` on, `""` when there is none; `undefined` when a field may mean something. */
function fieldsAreHarmless(head: string, at: number): string | undefined {
  let length = "";
  for (let from = at; from < head.length;) {
    const end = head.indexOf("\r\n", from);
    const colon = head.indexOf(": ", from);
    if (colon < 0 || colon > end) return undefined;
    const name = head.slice(from, colon).toLowerCase();
    const value = head.slice(colon + 2, end);
    if (!harmless.test(value)) return undefined;
    if (name === "content-length") {
      if (length !== "" || !/^\d{1,7}$/.test(value)) return undefined;
      length = value;
    } else if (!harmlessFields.has(name) && !(name === "connection" && value === "keep-alive"))
      return undefined;
    from = end + 2;
  }
  return length;
}

/** Names that change nothing about either call, whatever their value. */
const harmlessFields = new Set(["host", "user-agent", "content-type", "accept", "accept-encoding"]);
const harmless = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;
