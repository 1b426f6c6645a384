/**
 * A streamed answer on its way to the client of a door (spec event-formats.md 4.10, 7.3 and 8).
 *
 *  (1) Status and headers leave as soon as the prelude is there, also when no byte follows.
 *  (2) The function is read no faster than the client takes it.
 *  (3) A client that has gone changes nothing for the function: it runs, and is read, to its end, as on Lambda.
 *  (4) What breaks off in the middle ends with the connection cut, never as if it were complete.
 */
import type { ServerResponse } from "node:http";
import { HTTP_INTEGRATION_RESPONSE, PreludeReader } from "@anylambda/wire";
import type { ClientResponse, HeaderField, Prelude } from "@anylambda/wire";
import { nodeCodec } from "@anylambda/wire/node";
import type { AnswerStream } from "../answers.ts";
import { BrokenStream } from "../answers.ts";
import { toLatin1 } from "./header-text.ts";
import { writable } from "./http-listener.ts";

/** How a door writes what it is streamed. */
export interface StreamForm {
  /** The response's head for a prelude. */
  readonly head: (prelude: Prelude) => Prelude;
  /** Its head for a stream of another type, which has no prelude; absent where the door takes no such stream. */
  readonly bare?: (contentType: string | undefined) => Prelude;
  /** The answer when the function fails before its prelude is complete. */
  readonly failed: ClientResponse;
  /** The answer when the prelude is none. */
  readonly malformed: ClientResponse;
}

/** Never rejects for what the function does. `added` goes with every head. */
export async function relayStream(
  response: ServerResponse,
  stream: AnswerStream,
  form: StreamForm,
  added: readonly HeaderField[],
): Promise<void> {
  // Without a prelude the bytes are the body, whatever they say (7.3).
  const hasPrelude = stream.contentType === HTTP_INTEGRATION_RESPONSE;
  if (!hasPrelude && form.bare === undefined) sendWhole(response, form.malformed, added);
  else if (!hasPrelude && form.bare !== undefined) writeHead(response, form.bare(stream.contentType), added);
  const reader = new PreludeReader(nodeCodec);
  try {
    for await (const chunk of stream.chunks) {
      const body = response.headersSent ? chunk : readPrelude(response, reader, form, added, chunk);
      // After a malformed prelude the rest of the stream is read and means nothing (3).
      if (body.length === 0 || response.writableEnded) continue;
      if (!response.destroyed && !response.write(body)) await writable(response);
    }
  } catch (error) {
    if (!(error instanceof BrokenStream)) throw error;
    if (response.writableEnded) return;
    if (response.headersSent) response.destroy();
    else sendWhole(response, form.failed, added);
    return;
  }
  if (response.headersSent) response.end();
  else sendWhole(response, form.malformed, added);
}

/** For an answer that nobody waits for any more: whoever is given a stream reads it to its end (3). */
export async function readAway(stream: AnswerStream): Promise<void> {
  try {
    for await (const _ of stream.chunks);
  } catch (error) {
    if (!(error instanceof BrokenStream)) throw error;
  }
}

/** Body bytes behind the prelude, once that is complete. */
function readPrelude(
  response: ServerResponse,
  reader: PreludeReader,
  form: StreamForm,
  added: readonly HeaderField[],
  chunk: Uint8Array,
): Uint8Array {
  const found = reader.read(chunk);
  if (found === undefined) return nothing;
  if (found === "malformed") {
    sendWhole(response, form.malformed, added);
    return nothing;
  }
  writeHead(response, form.head(found.prelude), added);
  return found.body;
}

const nothing = new Uint8Array(0);

function writeHead(
  response: ServerResponse,
  { status, headers }: Prelude,
  added: readonly HeaderField[],
): void {
  response.writeHead(status, headOf([...headers, ...added]));
  response.flushHeaders();
}

function sendWhole(response: ServerResponse, answer: ClientResponse, added: readonly HeaderField[]): void {
  const length: HeaderField = ["Content-Length", String(answer.body.length)];
  response.writeHead(answer.status, headOf([...answer.headers, ...added, length]));
  response.end(answer.body);
}

function headOf(fields: readonly HeaderField[]): string[] {
  return fields.flatMap(([name, value]) => [name, toLatin1(value)]);
}
