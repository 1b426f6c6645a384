/**
 * Destinations and dead-letter queues as HTTP calls: what SQS, SNS or EventBridge would get, posted to a URL.
 *
 *  (1) A message is given up after the fourth try; that is told, and nothing waits for it.
 *  (2) At most 1,000 messages are on their way; what comes beyond is given up at once.
 */
import { setMaxListeners } from "node:events";
import { request as httpRequest } from "node:http";
import type { DeadLetter, DestinationRecord } from "./destination-record.ts";

export interface HttpDestinationOptions {
  /** Takes one sentence about a message that nobody took. */
  readonly undelivered?: ((sentence: string) => void) | undefined;
  /** Every pause between tries is multiplied by it; 1 unless told otherwise. */
  readonly clockFactor?: number | undefined;
}

export interface HttpDestination {
  readonly record: (record: DestinationRecord) => void;
  readonly letter: (letter: DeadLetter) => void;
  /** Gives up what is on its way. */
  close(): void;
}

/** Before the second, third and fourth try, ms. */
const pausesMs = [1000, 5000, 20_000];
const mostOnTheirWay = 1000;
const answerLimitMs = 10_000;

/** `url` is http or https. Any 2xx means that the message was taken. */
export function httpDestination(url: URL, options: HttpDestinationOptions = {}): HttpDestination {
  const { undelivered = () => undefined, clockFactor = 1 } = options;
  const closed = new AbortController();
  // Each message listens: their number has its own limit (invariant 2).
  setMaxListeners(0, closed.signal);
  let onTheirWay = 0;
  const deliver = async (body: Uint8Array, headers: Readonly<Record<string, string>>): Promise<void> => {
    if (onTheirWay >= mostOnTheirWay) return undelivered(`${url.href} has ${onTheirWay} messages to take`);
    onTheirWay += 1;
    let fault = await post(url, headers, body, closed.signal);
    for (const pause of pausesMs) {
      if (fault === undefined || closed.signal.aborted) break;
      await sleep(pause * clockFactor, closed.signal);
      fault = await post(url, headers, body, closed.signal);
    }
    onTheirWay -= 1;
    if (fault !== undefined && !closed.signal.aborted)
      undelivered(`${url.href} did not take a message after ${pausesMs.length + 1} tries: ${fault}`);
  };
  return {
    record: (record) => void deliver(Buffer.from(JSON.stringify(record)), jsonType),
    letter: ({ body, requestId, errorCode, errorMessage }) =>
      void deliver(body, {
        ...jsonType,
        RequestID: requestId,
        ErrorCode: String(errorCode),
        ErrorMessage: headerText(errorMessage),
      }),
    close: () => closed.abort(),
  };
}

const jsonType = { "Content-Type": "application/json" };

/** What went wrong, if anything did. Never rejects. */
async function post(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<string | undefined> {
  const start = url.protocol === "https:" ? (await import("node:https")).request : httpRequest;
  return new Promise((resolve) => {
    const options = { method: "POST", headers: { ...headers, "Content-Length": body.length }, signal };
    const request = start(url, { ...options, timeout: answerLimitMs }, (response) => {
      const { statusCode = 0 } = response;
      response.resume();
      response.on("error", () => undefined);
      resolve(statusCode >= 200 && statusCode < 300 ? undefined : `status ${statusCode}`);
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${answerLimitMs / 1000} s`)));
    request.on("error", (error) => resolve(error.message));
    request.end(body);
  });
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}

/** A message of any text, as a header value: UTF-8 bytes, no control characters. */
function headerText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what it is about
  return Buffer.from(text.replaceAll(/[\u0000-\u001f\u007f]/g, " "), "utf8").toString("latin1");
}
