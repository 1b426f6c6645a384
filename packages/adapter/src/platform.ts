import type { Codec } from "@anylambda/wire";

/**
 * Everything the adapter needs from the machine. Two implementations, one contract test: `platforms/node`, and
 * the native host. The core never asks which one it runs on.
 */
export interface Platform {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly codec: Codec;
  /**
   * Opens a connection, one of TCP with TCP_NODELAY: a small write must not wait for the acknowledgement of the one before.
   * Rejects with an error that has a `code` as in `errno.h` (`ECONNREFUSED`; `ENOENT` of a Unix socket that is
   * not there).
   */
  connect(address: Address): Promise<Connection>;
  now(): Clock;
  /** Calls `handler` when the process is told to end (SIGTERM). */
  onTerminate(handler: () => void): void;
  /** The whole of `bytes`, compressed. */
  compress(coding: ContentCoding, bytes: Uint8Array): Promise<Uint8Array>;
  /** Compression of a body that comes piece by piece. */
  compressor(coding: ContentCoding): Compressor;
  /** Calls `action` once, `ms` from now at the earliest. The function that comes back takes it off. */
  after(ms: number, action: () => void): () => void;
  /**
   * Runs a program with this process's variables and output, without a shell. Its exit status; 128 and the signal's
   * number when one ended it. Rejects with an error that has a `code` when it cannot be started (`ENOENT`, `EACCES`).
   */
  run(command: readonly [file: string, ...args: string[]]): Promise<number>;
  /** One line of log, without its line feed. */
  print(line: string): void;
  exit(code: number): never;
}

export type ContentCoding = "gzip" | "br";

/** One call at a time, `end` last. */
export interface Compressor {
  /** The output for these bytes, complete: a reader can have all of them before the next piece comes. */
  write(bytes: Uint8Array): Promise<Uint8Array>;
  end(): Promise<Uint8Array>;
}

export type Address = HostAddress | UnixAddress;

export interface HostAddress {
  readonly host: string;
  readonly port: number;
}

/** A Unix socket, by its file. */
interface UnixAddress {
  readonly path: string;
}

/** A moment on both clocks, ms. They part when the environment is frozen, restored, or its wall clock set. */
export interface Clock {
  readonly wall: number;
  readonly monotonic: number;
}

export interface Connection {
  /**
   * The bytes that arrived, never empty; `null` when the peer has closed its side or `close` was called. Rejects
   * with an error that has a `code`. One call outstanding at a time: reading only when asked is the backpressure.
   */
  read(): Promise<Uint8Array | null>;
  /**
   * As `read`, over and over, into `bytes` from `from` on until they are full, and no further. `false` when the end came
   * before that.
   */
  readInto(bytes: Uint8Array, from: number): Promise<boolean>;
  /**
   * Hands all pieces over in one go. Resolves when the kernel has them, or is `undefined` when it has them at once;
   * rejects with an error that has a `code`.
   */
  write(pieces: readonly Uint8Array[]): Promise<void> | undefined;
  /**
   * While nothing is to be read: calls `handler` once when the peer sends something all the same, closes its side or
   * breaks off; the connection can only be closed then. The next `read` takes it off.
   */
  guard(handler: () => void): void;
  /** Closes both directions at once. May be called again. */
  close(): void;
}
