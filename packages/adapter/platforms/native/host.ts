import type { JsonObject, QuickAnswerRules, QuickRequestRules, Relay, RelayRules } from "@anylambda/wire";
import type { Later } from "../../src/run.ts";

/** The native host's global object, as `native/src/host.rs` makes it. */
export interface Host {
  readonly env: Readonly<Record<string, string>>;
  /** Reads the bundle of `later.ts`. Once. */
  later(): Later;
  utf8Encode(text: string): Uint8Array;
  utf8Decode(bytes: Uint8Array): string;
  isUtf8(bytes: Uint8Array): boolean;
  latin1Decode(bytes: Uint8Array): string;
  base64Encode(bytes: Uint8Array): Uint8Array;
  base64Decode(text: string): Uint8Array | undefined;
  jsonString(bytes: Uint8Array): Uint8Array | undefined;
  compress(coding: string, bytes: Uint8Array): Uint8Array;
  /** Compresses each piece it is given; without one, ends. */
  compressor(coding: string): (bytes?: Uint8Array) => Uint8Array;

  isToken(text: string): boolean;
  isFieldValue(text: string): boolean;
  /** As in `wire/src/http1/plain-head.ts`. */
  plainHead(
    bytes: Uint8Array,
    from: number,
    limits: { readonly headBytes: number; readonly fields: number },
  ): { readonly first: string; readonly fields: [string, string][]; readonly end: number } | undefined;
  /** As in `wire/src/slice-member.ts`. */
  sliceMember(text: string, key: string): string | undefined;

  /** As in `wire/src/quick.ts`; writes status, reusable (1 or 0), start and end of fields and of body to `found`. */
  wholeResponse(
    bytes: Uint8Array,
    bodiless: boolean,
    headBytes: number,
    fields: number,
    found: Int32Array,
  ): boolean;
  /** The others exactly as in `wire/src/quick.ts`. */
  fieldValues(names: readonly string[]): (fields: Uint8Array) => readonly (string | undefined)[] | undefined;
  jsonSketch(
    emptied: readonly string[],
    found: readonly string[],
  ): (bytes: Uint8Array, places: Int32Array) => JsonObject | undefined;
  quickRequest(
    rules: QuickRequestRules,
  ): (
    event: Uint8Array,
    numbers: Int32Array,
    line: string,
    superseded: string,
    before: string,
    behind: string,
  ) => Uint8Array | undefined;
  quickAnswer(
    rules: QuickAnswerRules,
  ): (before: string, fields: Uint8Array, body: Uint8Array) => Uint8Array | undefined;
  relay(rules: RelayRules): Relay;
  isJson(bytes: Uint8Array): boolean;

  /** Begins to connect; the socket's number. */
  connect(host: string, port: number): number;
  /** The same with a Unix socket. */
  connectUnix(path: string): number;
  /** Whether it is connected by now; throws when it cannot be. While `false`, an event comes. */
  connected(socket: number): boolean;
  /** What has arrived; `null` at the end; `undefined` when nothing has, and an event comes. */
  read(socket: number): Uint8Array | null | undefined;
  /**
   * Reads what has arrived into `bytes` from `at` on, until they are full; up to where they are then. -1 at the end. When
   * that is `at` itself, an event comes.
   */
  readInto(socket: number, bytes: Uint8Array, at: number): number;
  /** How many bytes behind the first `skip` the kernel took. When not all, an event comes. */
  write(socket: number, pieces: readonly Uint8Array[], skip: number): number;
  close(socket: number): void;

  /** `handler` hears of everything that happens from here on; `value` is the status of a program that ended. */
  listen(handler: (kind: number, id: number, value: number) => void): void;
  catchTerminate(): void;
  after(ms: number): number;
  cancel(timer: number): void;
  /** ms since 1970. */
  wall(): number;
  /** ms on a clock that is never set. */
  monotonic(): number;
  /** Starts a program; its number. Throws when it cannot be started. */
  run(file: string, args: readonly string[]): number;
  print(line: string): void;
  exit(code: number): never;
}

/** What `listen`'s handler is told, with the number of the socket, timer or program. */
export const happened = { socket: 0, timer: 1, terminate: 2, program: 3 } as const;
