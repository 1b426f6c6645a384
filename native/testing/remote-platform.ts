/** The native platform as a `Platform` of this process: every call goes to the puppet and its answer comes back. */
import { createServer } from "node:net";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { nodePlatform } from "../../packages/adapter/platforms/node/platform.ts";
import type { Connection, Platform } from "../../packages/adapter/src/platform.ts";
import { listen } from "../../packages/adapter/testing/raw-app.ts";
import type { Codec } from "../../packages/wire/src/codec.ts";
import { startProgram } from "./binary.ts";
import type { Answer, Call, SentBytes } from "./puppet-words.ts";

type CallWithoutId = Call extends infer One ? (One extends Call ? Omit<One, "id"> : never) : never;

export interface Puppet {
  /** Without a puppet's `now`, `codec` and `compress`, which cannot be asked from afar without waiting. */
  readonly platform: Platform;
  call(call: CallWithoutId): Promise<unknown>;
  convert(name: keyof Codec, input: string | Uint8Array): Promise<unknown>;
  readonly exited: Promise<{ readonly code: number | null; readonly output: string }>;
  stop(): Promise<void>;
}

/** The program starts with the first call. */
export function startPuppet(file: string): Puppet {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let count = 0;
  let output = "";
  let tell: (exit: { code: number | null; output: string }) => void = () => {};
  const exited = new Promise<{ code: number | null; output: string }>((resolve) => {
    tell = resolve;
  });
  let started: Promise<{ readonly control: Socket; readonly stop: () => void }> | undefined;

  async function start(): Promise<{ readonly control: Socket; readonly stop: () => void }> {
    const server = createServer();
    const connected = new Promise<Socket>((resolve) => server.once("connection", resolve));
    const port = await listen(server, 0, "127.0.0.1");
    const env = { ANYLAMBDA_TEST_CONTROL_PORT: String(port) };
    const child = startProgram(file, env);
    child.stdout.on("data", (bytes: Buffer) => (output += bytes.toString()));
    child.on("close", (code) => tell({ code, output }));
    const control = await connected;
    server.close();
    control.on("error", () => {});
    createInterface({ input: control }).on("line", (line) => {
      const { id, value, error } = JSON.parse(line) as Answer;
      const one = waiting.get(id);
      waiting.delete(id);
      if (error === undefined) one?.resolve(value);
      else one?.reject(Object.assign(new Error(error.message), { code: error.code }));
    });
    return { control, stop: () => child.kill("SIGKILL") };
  }

  async function call(given: CallWithoutId): Promise<unknown> {
    const id = ++count;
    started ??= start();
    const { control } = await started;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      // Calls of one turn arrive together: a timer that is taken off at once must not fire between the two.
      control.cork();
      control.write(`${ascii(JSON.stringify({ ...given, id }))}\n`);
      process.nextTick(() => control.uncork());
    });
  }

  const platform: Platform = {
    ...nodePlatform,
    async connect(address) {
      const connection = ++count;
      await call({ op: "connect", connection, address });
      return {
        read: async () => bytesOf((await call({ op: "read", connection })) as SentBytes | null),
        write: async (pieces) => void (await call({ op: "write", connection, pieces: pieces.map(sent) })),
        readInto: async (bytes, from) => {
          const got = bytesOf(
            (await call({ op: "readInto", connection, length: bytes.length, from })) as SentBytes | null,
          );
          if (got !== null) bytes.set(got.subarray(from), from);
          return got !== null;
        },
        guard: (handler) => void call({ op: "guard", connection }).then(handler, handler),
        close: () => void call({ op: "close", connection }),
      } satisfies Connection;
    },
    run: async (command) => (await call({ op: "run", command })) as number,
    after(ms, action) {
      const timer = ++count;
      void call({ op: "after", timer, ms: String(ms) }).then(action);
      return () => void call({ op: "cancel", timer });
    },
  };
  return {
    platform,
    call,
    async convert(name, input) {
      const value = await call({
        op: "convert",
        name,
        input: typeof input === "string" ? input : sent(input),
      });
      return typeof value === "object" ? bytesOf(value as SentBytes | null) : value;
    },
    exited,
    async stop() {
      if (started === undefined) return;
      const { control, stop } = await started;
      stop();
      await exited;
      control.destroy();
    },
  };
}

/** The puppet may cut a text anywhere and reads it byte by byte. */
function ascii(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function sent(bytes: Uint8Array): SentBytes {
  const first = bytes[0];
  if (bytes.length > 4096 && first !== undefined && bytes.every((byte) => byte === first))
    return { fill: first, length: bytes.length };
  return { base64: Buffer.from(bytes).toString("base64") };
}

function bytesOf(given: SentBytes | null): Uint8Array | null {
  return given !== null && "base64" in given ? Buffer.from(given.base64, "base64") : null;
}
