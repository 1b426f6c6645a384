/**
 * A streamed answer on its way to the client of a Function URL (spec event-formats.md 7.3 and 8).
 *
 *  (1) Status and headers leave as soon as the prelude is there, also when no byte follows.
 *  (2) The function is read no faster than the client takes it.
 *  (3) A client that has gone changes nothing for the function: it runs, and is read, to its end, as on Lambda.
 *  (4) What breaks off in the middle ends with the connection cut, never as if it were complete.
 */
import type { ServerResponse } from "node:http";
import { HTTP_INTEGRATION_RESPONSE, PreludeReader } from "@anylambda/wire";
import type { Prelude } from "@anylambda/wire";
import { nodeCodec } from "@anylambda/wire/node";
import type { AnswerStream } from "../answers.ts";
import { BrokenStream } from "../answers.ts";
import { toLatin1 } from "./header-text.ts";
import { writable } from "./http-listener.ts";

/** Never rejects for what the function does. */
export async function relayStream(
  response: ServerResponse,
  requestId: string,
  stream: AnswerStream,
): Promise<void> {
  // Without a prelude the bytes are the body, whatever they say (7.3).
  const reader = stream.contentType === HTTP_INTEGRATION_RESPONSE ? new PreludeReader(nodeCodec) : undefined;
  if (reader === undefined) {
    const type = stream.contentType ?? "application/octet-stream";
    writeHead(response, requestId, { status: 200, headers: [["Content-Type", type]] });
  }
  try {
    for await (const chunk of stream.chunks) {
      const body = response.headersSent ? chunk : readPrelude(response, requestId, reader, chunk);
      if (body.length > 0 && !response.destroyed && !response.write(body)) await writable(response);
    }
  } catch (error) {
    if (!(error instanceof BrokenStream)) throw error;
    if (response.headersSent) response.destroy();
    else badGateway(response, requestId);
    return;
  }
  if (response.headersSent) response.end();
  else badGateway(response, requestId);
}

/** Body bytes behind the prelude, once that is complete. */
function readPrelude(
  response: ServerResponse,
  requestId: string,
  reader: PreludeReader | undefined,
  chunk: Uint8Array,
): Uint8Array {
  // After a malformed prelude the rest of the stream is read and means nothing (invariant 3).
  if (reader === undefined || response.writableEnded) return nothing;
  const found = reader.read(chunk);
  if (found === undefined) return nothing;
  if (found === "malformed") {
    badGateway(response, requestId);
    return nothing;
  }
  writeHead(response, requestId, found.prelude);
  return found.body;
}

const nothing = new Uint8Array(0);

function writeHead(response: ServerResponse, requestId: string, { status, headers }: Prelude): void {
  const head: string[] = [];
  for (const [name, value] of headers) head.push(name, toLatin1(value));
  const hasType = headers.some(([name]) => name.toLowerCase() === "content-type");
  if (!hasType && status !== 204 && status !== 304) head.push("Content-Type", "application/octet-stream");
  head.push("x-amzn-RequestId", requestId);
  response.writeHead(status, head);
  response.flushHeaders();
}

function badGateway(response: ServerResponse, requestId: string): void {
  response.writeHead(502, ["Content-Type", "text/plain", "x-amzn-RequestId", requestId]);
  response.end("Internal Server Error");
}
