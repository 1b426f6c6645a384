/**
 * The framed log channel of AWS's runtime clients (environment.md 3.7): exact messages, with time and level, where
 * lines of stdout would cut a stack trace to pieces.
 *
 *     0        4        8                 16
 *     ┌────────┬────────┬─────────────────┬──────────┐
 *     │ type   │ length │ time, µs        │ message  │   big-endian; the time only when the type says so
 *     └────────┴────────┴─────────────────┴──────────┘
 *       a5 5a 00 tt     tt = level << 2 | has time << 1 | is text
 *
 *  (1) The same bytes give the same frames, however they are cut into chunks.
 *  (2) What is no frame (a program that prints where it should not) is text, up to its newline.
 *  (3) No more than one message of `maxMessageBytes` is held; a longer one comes in pieces.
 */
import type { LogFrame, LogLevel, LogSource, SandboxEvent } from "./events.ts";

export interface Frame extends LogFrame {
  /** When it was written, by the writer's clock. */
  readonly time?: Date;
}

/** The same bound as for lines. */
const maxMessageBytes = 256 * 1024;

const levels: readonly (LogLevel | undefined)[] = [
  undefined,
  "TRACE",
  "DEBUG",
  "INFO",
  "WARN",
  "ERROR",
  "FATAL",
];

export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);
  /** The head of the message that is being read, and what of it is still to come. */
  #open: { readonly head: Omit<Frame, "message">; left: number } | undefined;
  readonly #max: number;

  constructor(max: number = maxMessageBytes) {
    this.#max = max;
  }

  push(chunk: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame);
    return frames;
  }

  /** What is left when nothing more comes: half a message is better than none. */
  end(): Frame[] {
    const rest = this.#rest;
    const head = this.#open?.head ?? { format: "text" };
    this.#rest = Buffer.alloc(0);
    this.#open = undefined;
    return rest.length === 0 ? [] : [{ ...head, message: rest.toString() }];
  }

  #next(): Frame | undefined {
    if (this.#open === undefined && !this.#readHead()) return this.#strayText();
    const open = this.#open;
    if (open === undefined) return undefined;
    const length = Math.min(open.left, this.#max);
    if (this.#rest.length < length) return undefined;
    open.left -= length;
    if (open.left === 0) this.#open = undefined;
    return { ...open.head, message: this.#take(length).toString() };
  }

  /** `false` when what comes next is no frame. */
  #readHead(): boolean {
    const bytes = this.#rest;
    // As many bytes as there are must be the beginning of one.
    if (!magic.subarray(0, bytes.length).equals(bytes.subarray(0, magic.length))) return false;
    if (bytes.length < 8) return true;
    const type = bytes.readUInt8(3);
    if (type >> 2 >= levels.length) return false;
    const hasTime = (type & 2) !== 0;
    const headLength = hasTime ? 16 : 8;
    if (bytes.length < headLength) return true;
    const level = levels[type >> 2];
    const left = bytes.readUInt32BE(4);
    const time = hasTime ? timeOf(bytes.readBigUInt64BE(8)) : undefined;
    this.#take(headLength);
    this.#open = {
      head: {
        format: (type & 1) === 1 ? "text" : "json",
        ...(level === undefined ? {} : { level }),
        ...(time === undefined ? {} : { time }),
      },
      left,
    };
    return true;
  }

  /** Invariant 2. */
  #strayText(): Frame | undefined {
    const newline = this.#rest.indexOf(0x0a);
    if (newline < 0 && this.#rest.length < this.#max) return undefined;
    const length = newline < 0 ? this.#max : Math.min(newline + 1, this.#max);
    return { format: "text", message: this.#take(length).toString() };
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}

const magic = Buffer.from([0xa5, 0x5a, 0x00]);

/** `undefined` for what no clock shows: a writer's mistake must not end the sandbox. */
function timeOf(microseconds: bigint): Date | undefined {
  const time = new Date(Number(microseconds / 1000n));
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** A line that was written, however it came; a frame has its own time. */
export function logEventOf(
  source: LogSource,
  stream: "stdout" | "stderr",
  line: string,
  frame?: Frame,
): Pick<Extract<SandboxEvent, { type: "log" }>, "type" | "source" | "stream" | "line" | "frame"> & {
  readonly time?: Date;
} {
  if (frame === undefined) return { type: "log", source, stream, line };
  const { time, ...rest } = frame;
  return { type: "log", source, stream, line, frame: rest, ...(time === undefined ? {} : { time }) };
}

/** The inverse, as a runtime client writes it. */
export function toFrameBytes({ format, level, time, message }: Frame): Buffer {
  const body = Buffer.from(message);
  const head = Buffer.alloc(time === undefined ? 8 : 16);
  const bits = (levels.indexOf(level) << 2) | (time === undefined ? 0 : 2) | (format === "text" ? 1 : 0);
  head.writeUInt32BE(0xa55a0000 + bits, 0);
  head.writeUInt32BE(body.length, 4);
  if (time !== undefined) head.writeBigUInt64BE(BigInt(time.getTime()) * 1000n, 8);
  return Buffer.concat([head, body]);
}
