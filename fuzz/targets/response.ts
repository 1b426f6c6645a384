import { Http1Error, ResponseReader, defaultResponseLimits } from "@anylambda/wire";
import type { ResponseEvent } from "@anylambda/wire";
import { nodeCodec } from "@anylambda/wire/node";
import type { Target } from "../target.ts";
import { holds, same, splitsOf } from "../target.ts";

const responseMethods = ["GET", "HEAD", "POST", "CONNECT"] as const;

/** The first byte chooses the method and the limits; the rest is what the peer sends before it closes. */
export const response: Target = {
  name: "response",
  isJson: false,
  words: [
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.0 ",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 204 \r\n",
    "Content-Length: ",
    "Transfer-Encoding: chunked\r\n",
    "transfer-encoding: identity, chunked\r\n",
    "Connection: close\r\n",
    "connection: keep-alive\r\n",
    "set-cookie: a=1\r\n",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\r",
    "\r\n ",
    "0\r\n\r\n",
    "5\r\nhello\r\n",
    ";ext=1",
    ": ",
    "\xc3\xa9",
    "\xe9",
  ],
  check(input) {
    const flags = input[0] ?? 0;
    const method = responseMethods[flags & 3] ?? "GET";
    const limits = (flags & 4) === 0 ? defaultResponseLimits : { headBytes: 100, fields: 3, interims: 2 };
    const bytes = input.slice(1);
    const whole = readResponse([bytes], method, limits);
    for (const { buffer } of whole.bodies) holds("a body is a copy", buffer === bytes.buffer);
    for (const pieces of splitsOf(bytes)) {
      const split = readResponse(pieces, method, limits);
      same(`${pieces.length} pieces`, split.told, whole.told);
    }
  },
};

interface Reading {
  /** Events with adjacent bodies joined, or the fault alone: what came before one depends on the split. */
  readonly told: unknown;
  readonly bodies: readonly Uint8Array[];
}

function readResponse(
  pieces: readonly Uint8Array[],
  method: string,
  limits: typeof defaultResponseLimits,
): Reading {
  const reader = new ResponseReader(nodeCodec, limits);
  reader.expect(method);
  const bodies: Uint8Array[] = [];
  const told: unknown[] = [];
  let ended = false;
  const take = (events: readonly ResponseEvent[], isLast: boolean): void => {
    for (const event of events) {
      holds("an event after the end", !ended);
      if (event.type === "body") {
        holds("an empty body event", event.bytes.length > 0);
        bodies.push(event.bytes);
        continue;
      }
      ended = event.type === "end";
      told.push(event.type === "end" ? { ...event, reusable: event.reusable && isLast } : event);
    }
  };
  try {
    for (const [at, piece] of pieces.entries()) {
      if (ended) break;
      take(reader.read(piece), at === pieces.length - 1);
    }
    if (!ended) take(reader.close(), true);
    holds("no end and no fault", ended);
    return { told: [told, Buffer.concat(bodies).toString("latin1")], bodies };
  } catch (error) {
    if (!(error instanceof Http1Error)) throw error;
    return { told: [error.fault, error.message], bodies };
  }
}
