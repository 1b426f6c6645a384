/**
 * The adapter as an extension (spec adapter.md 2.1). Registering makes Lambda send SIGTERM to the app before it
 * stops the environment; the adapter asks for no events.
 */
import { extensionHeaders, extensionPaths, headerOf } from "@anylambda/wire";
import { messageOf } from "./errors.ts";
import { HttpConnection, readWhole } from "./http-connection.ts";
import type { Log } from "./log.ts";
import type { Platform } from "./platform.ts";
import { addressOf, pausesMs } from "./runtime-client.ts";
import { sleep } from "./time.ts";

/** Must equal the file name in `/opt/extensions`. */
const EXTENSION_NAME = "lambda-adapter";

interface Answer {
  readonly status: number;
  readonly identifier: string | undefined;
  readonly text: string;
  /** Where it can carry another call. */
  readonly connection: HttpConnection | undefined;
}

export interface Registration {
  readonly identifier: string;
  /** The one it came over, for the call that follows. */
  readonly connection: HttpConnection | undefined;
}

/** Registers, or throws an error that says why that cannot be. */
export async function register(platform: Platform, authority: string, log: Log): Promise<Registration> {
  const head =
    `POST ${extensionPaths.register} HTTP/1.1\r\n${extensionHeaders.name}: ${EXTENSION_NAME}\r\n` +
    `host: ${authority}\r\ncontent-length: 16\r\n\r\n{ "events": [] }`;
  const answer = await patiently(platform, log, () => call(platform, authority, "POST", head));
  const { status, identifier, connection } = answer;
  if (status === 200 && identifier !== undefined) return { identifier, connection };
  throw new Error(`Lambda refused to register the extension: status ${answer.status} ${answer.text}`.trim());
}

/**
 * Tells Lambda that the extension is initialised. The call stays open for the environment's life, because no
 * event was asked for; when it breaks, only this call is made again: a working app is not stopped over it (B30).
 */
export async function awaitEvents(
  platform: Platform,
  authority: string,
  { identifier, connection }: Registration,
  log: Log,
): Promise<void> {
  const head =
    `GET ${extensionPaths.next} HTTP/1.1\r\n${extensionHeaders.identifier}: ${identifier}\r\n` +
    `host: ${authority}\r\n\r\n`;
  let kept = connection;
  for (;;) {
    const answer = await patiently(platform, log, () => {
      const one = kept?.isUsable === true ? kept : undefined;
      kept = undefined;
      return call(platform, authority, "GET", head, one);
    });
    answer.connection?.close();
    if (answer.status === 200) continue;
    log.warn(`Lambda answered ${extensionPaths.next} with status ${answer.status}: ${answer.text}`);
    return;
  }
}

async function call(
  platform: Platform,
  authority: string,
  method: string,
  request: string,
  kept?: HttpConnection,
): Promise<Answer> {
  const connection = kept ?? new HttpConnection(await platform.connect(addressOf(authority)), platform.codec);
  try {
    const head = await connection.exchange(method, [platform.codec.utf8Encode(request)]);
    const body = await readWhole(
      () => connection.readBody(),
      64 * 1024,
      () => new Error("the answer is too large"),
    );
    return {
      status: head.status,
      identifier: headerOf(head.headers, extensionHeaders.identifier),
      text: platform.codec.utf8Decode(body),
      connection: connection.release() ? connection : undefined,
    };
  } catch (error) {
    connection.close();
    throw error;
  }
}

async function patiently<T>(platform: Platform, log: Log, attempt: () => Promise<T>): Promise<T> {
  for (const pause of pausesMs) {
    try {
      return await attempt();
    } catch (error) {
      log.warn(`The Extensions API did not answer: ${messageOf(error)}`, { retry_in_ms: pause });
      await sleep(platform, pause);
    }
  }
  return attempt();
}
