import { spawn } from "node:child_process";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { constants } from "node:os";
import { nodeCodec } from "@anylambda/wire/node";
import type { Connection, Platform } from "../../src/platform.ts";
import { compress, compressor } from "./compression.ts";

/** 24 days. Node takes anything longer for 1 ms, and there are emulators whose deadlines lie that far away. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The adapter's machine, as Node gives it. */
export const nodePlatform: Platform = {
  env: process.env,
  codec: nodeCodec,
  connect: (address) =>
    new Promise((resolve, reject) => {
      const socket = connect("path" in address ? address : { ...address, noDelay: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(connectionOf(socket));
      });
    }),
  onTerminate: (handler) => void process.once("SIGTERM", handler),
  compress,
  compressor,
  now: () => ({ wall: Date.now(), monotonic: performance.now() }),
  after(ms, action) {
    const timer = setTimeout(action, Math.min(ms, MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
  run,
  print: (line) => void process.stdout.write(`${line}\n`),
  exit: (code) => process.exit(code),
};

function run([file, ...args]: readonly [file: string, ...args: string[]]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", reject);
    child.once("exit", (status, signal) =>
      resolve(status ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0)),
    );
  });
}

/** Bytes held back before the socket is paused: one large read of the kernel's. */
const HIGH_WATER_BYTES = 256 * 1024;

/** Reading on demand over Node's pushing sockets. */
function connectionOf(socket: Socket): Connection {
  const arrived: Uint8Array[] = [];
  let held = 0;
  let ended = false;
  let failure: Error | undefined;
  let waiting: { resolve: (bytes: Uint8Array | null) => void; reject: (error: Error) => void } | undefined;

  let guard: (() => void) | undefined;

  function settle(): void {
    if (waiting === undefined) {
      const handler = arrived.length > 0 || ended || failure !== undefined ? guard : undefined;
      if (handler !== undefined) guard = undefined;
      handler?.();
      return;
    }
    const { resolve, reject } = waiting;
    const bytes = arrived.shift();
    if (bytes !== undefined) {
      held -= bytes.length;
      if (held < HIGH_WATER_BYTES && socket.isPaused()) socket.resume();
      waiting = undefined;
      resolve(bytes);
    } else if (failure !== undefined || ended) {
      waiting = undefined;
      if (failure === undefined) resolve(null);
      else reject(failure);
    }
  }

  socket.on("data", (bytes: Uint8Array) => {
    arrived.push(bytes);
    held += bytes.length;
    settle();
    if (held >= HIGH_WATER_BYTES) socket.pause();
  });
  socket.on("end", () => {
    ended = true;
    settle();
  });
  socket.on("close", () => {
    ended = true;
    settle();
  });
  socket.on("error", (error) => {
    failure = error;
    settle();
  });

  const read = (): Promise<Uint8Array | null> =>
    new Promise((resolve, reject) => {
      guard = undefined;
      waiting = { resolve, reject };
      settle();
    });

  return {
    read,
    async readInto(bytes, from) {
      for (let at = from; at < bytes.length;) {
        const piece = await read();
        if (piece === null) return false;
        const part = piece.subarray(0, bytes.length - at);
        bytes.set(part, at);
        at += part.length;
        if (part.length === piece.length) continue;
        arrived.unshift(piece.subarray(part.length));
        held += piece.length - part.length;
      }
      return true;
    },
    guard(handler) {
      guard = handler;
      settle();
    },
    write: (pieces) =>
      new Promise((resolve, reject) => {
        const done = (error?: Error | null): void => (error ? reject(error) : resolve());
        if (pieces.length === 1) {
          socket.write(pieces[0] as Uint8Array, done);
          return;
        }
        // Corked, the pieces leave in one writev.
        socket.cork();
        pieces.forEach((piece, index) => {
          if (index === pieces.length - 1) socket.write(piece, done);
          else socket.write(piece);
        });
        socket.uncork();
      }),
    close: () => {
      guard = undefined;
      ended = true;
      arrived.length = 0;
      socket.destroy();
      settle();
    },
  };
}
