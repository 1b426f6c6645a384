/**
 * Another program for the host, in the adapter's place: it does with the platform what a test tells it over a
 * connection, one JSON line a call. Bytes travel as base64, or as `{fill, length}` when they are all the same.
 */
import type { Host } from "../../packages/adapter/platforms/native/host.ts";
import { nativePlatform } from "../../packages/adapter/platforms/native/platform.ts";
import type { Connection } from "../../packages/adapter/src/platform.ts";
import type { Answer, Call, SentBytes } from "./puppet-words.ts";

declare const host: Host;

const platform = nativePlatform(host);
const { codec } = platform;
const connections = new Map<number, Connection>();
const timers = new Map<number, () => void>();
const control = await platform.connect({
  host: "127.0.0.1",
  port: Number(platform.env["ANYLAMBDA_TEST_CONTROL_PORT"]),
});

let text = "";
for (;;) {
  const bytes = await control.read();
  if (bytes === null) break;
  text += codec.latin1Decode(bytes);
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
    const call = JSON.parse(text.slice(0, end)) as Call;
    text = text.slice(end + 1);
    if (call.op === "fault") fault(call);
    void answer(call);
  }
}

async function answer(call: Call): Promise<void> {
  let reply: Answer;
  try {
    reply = { id: call.id, value: await obey(call) };
  } catch (error) {
    const { message, code } = error as Error & { readonly code?: string };
    reply = { id: call.id, error: { message, code } };
  }
  await control.write([codec.utf8Encode(`${JSON.stringify(reply)}\n`)]);
}

async function obey(call: Call): Promise<unknown> {
  switch (call.op) {
    case "connect":
      connections.set(call.connection, await platform.connect(call.address));
      return undefined;
    case "read":
      return sent(await connectionOf(call.connection).read());
    case "write":
      return connectionOf(call.connection).write(call.pieces.map(bytesOf));
    case "readInto": {
      const bytes = new Uint8Array(call.length);
      return (await connectionOf(call.connection).readInto(bytes, call.from)) ? sent(bytes) : null;
    }
    case "guard":
      return new Promise<void>((resolve) => connectionOf(call.connection).guard(resolve));
    case "close":
      return connectionOf(call.connection).close();
    case "after":
      return new Promise<void>((resolve) => timers.set(call.timer, platform.after(Number(call.ms), resolve)));
    case "cancel":
      return timers.get(call.timer)?.();
    case "run":
      return platform.run(call.command);
    case "now":
      return platform.now();
    case "convert": {
      const convert = host[call.name] as (
        input: string | Uint8Array,
      ) => string | boolean | Uint8Array | undefined;
      const output = convert(typeof call.input === "string" ? call.input : bytesOf(call.input));
      return typeof output === "object" ? sent(output) : output;
    }
    case "fault":
      return undefined;
  }
}

/** Ends the process by an exception, or by a promise that nobody waits for. */
function fault({ rejected }: Call & { readonly op: "fault" }): void {
  if (!rejected) throw new TypeError("a fault of ours");
  void Promise.reject(new RangeError("a promise of ours"));
}

function connectionOf(id: number): Connection {
  const connection = connections.get(id);
  if (connection === undefined) throw new Error(`no connection ${id}`);
  return connection;
}

function sent(bytes: Uint8Array | null): SentBytes | null {
  return bytes === null ? null : { base64: codec.latin1Decode(codec.base64Encode(bytes)) };
}

function bytesOf(given: SentBytes): Uint8Array {
  if ("fill" in given) return new Uint8Array(given.length).fill(given.fill);
  return codec.base64Decode(given.base64) ?? new Uint8Array(0);
}
