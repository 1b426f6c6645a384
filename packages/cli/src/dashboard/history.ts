/**
 * What happened, as far back as memory allows. Nothing is parsed or written as JSON until a page asks.
 *
 *  (1) Numbers of records count up by one, none is given twice.
 *  (2) At most `maxRecords` records and `maxBytes` of events and answers are kept; the oldest go first.
 *  (3) Of one invocation at most `maxLines` lines are kept; the record after the last says that more came.
 *  (4) A line without an invocation of its own belongs to the one its environment is at, or was at last.
 */
import type { Excerpt, GivenAnswer, ReceivedEvent, SandboxEvent } from "@anylambda/sandbox";
import { logLinesOf } from "@anylambda/sandbox";
import type { DashboardRecord, Detail, Text } from "@anylambda/dashboard/protocol";
import { describeEvent, parsed, statusCodeOf } from "./describe-event.ts";
import { maskSecrets } from "./secrets.ts";

export interface Bounds {
  readonly maxRecords: number;
  readonly maxBytes: number;
  readonly maxLines: number;
}

/** Some 1,700 invocations. */
const usualBounds: Bounds = { maxRecords: 10_000, maxBytes: 32 * 1024 * 1024, maxLines: 1000 };

interface Kept {
  readonly function: string;
  readonly received: ReceivedEvent;
  given?: GivenAnswer;
  lines: number;
}

/** What a record is made of when somebody wants to see it. Nothing more is kept of it: what lives costs the collector. */
interface Entry {
  readonly function: string;
  readonly told: SandboxEvent | ReceivedEvent | GivenAnswer;
  readonly requestId: string | undefined;
  /** Lines of this invocation are left out from here on. */
  readonly isCut: boolean;
}

/** The invocations an environment is at. */
interface Occupation {
  readonly running: Set<string>;
  last: string | undefined;
}

export class History {
  #seq = 0;
  #entries: Entry[] = [];
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;
  readonly #occupations = new Map<string, Occupation>();
  readonly #bounds: Bounds;
  readonly #changed: () => void;

  /** `changed` is called after each record. */
  constructor(changed: () => void, bounds: Bounds = usualBounds) {
    this.#changed = changed;
    this.#bounds = bounds;
  }

  /** Of the newest record; 0 when there is none. */
  get seq(): number {
    return this.#seq;
  }

  received(name: string, received: ReceivedEvent): void {
    this.#kept.set(received.requestId, { function: name, received, lines: 0 });
    this.#bytes += received.event.bytes.length;
    this.#add({ function: name, told: received, requestId: received.requestId, isCut: false });
    this.#forget();
  }

  answered(name: string, answered: GivenAnswer): void {
    const given = { ...answered, answer: compact(answered.answer) };
    const kept = this.#kept.get(given.requestId);
    if (kept !== undefined) {
      kept.given = given;
      this.#bytes += given.answer.bytes.length;
    }
    this.#add({ function: name, told: given, requestId: given.requestId, isCut: false });
    this.#forget();
  }

  happened(name: string, event: SandboxEvent): void {
    const requestId = this.#invocationOf(event);
    const kept = requestId === undefined ? undefined : this.#kept.get(requestId);
    if (event.type === "log" && kept !== undefined) {
      kept.lines += 1;
      if (kept.lines > this.#bounds.maxLines + 1) return;
    }
    const isCut = kept !== undefined && kept.lines > this.#bounds.maxLines;
    this.#add({ function: name, told: event, requestId, isCut });
  }

  /** Records with higher numbers than this. */
  after(seq: number, most: number): DashboardRecord[] {
    const first = this.#seq - this.#entries.length + 1;
    const from = Math.max(0, seq + 1 - first);
    return this.#entries.slice(from, from + most).map((entry, at) => recordOf(entry, first + from + at));
  }

  detail(requestId: string): Detail | undefined {
    const kept = this.#kept.get(requestId);
    if (kept === undefined) return undefined;
    const { received, given } = kept;
    const event = shown(received.event);
    return given === undefined ? { event } : { event, answer: shown(given.answer) };
  }

  /** The event as it came; `undefined` when it is not kept, or not whole. */
  original(requestId: string): { readonly function: string; readonly event: Uint8Array } | undefined {
    const kept = this.#kept.get(requestId);
    if (kept === undefined) return undefined;
    const { bytes, length } = kept.received.event;
    return bytes.length === length ? { function: kept.function, event: bytes } : undefined;
  }

  #add(entry: Entry): void {
    this.#seq += 1;
    this.#entries.push(entry);
    // In large steps: shifting one by one would cost more than everything else here.
    if (this.#entries.length > this.#bounds.maxRecords * 1.1)
      this.#entries = this.#entries.slice(-this.#bounds.maxRecords);
    this.#changed();
  }

  /** Invariant 2. */
  #forget(): void {
    for (const [requestId, { received, given }] of this.#kept) {
      if (this.#bytes <= this.#bounds.maxBytes && this.#kept.size <= this.#bounds.maxRecords / 4) return;
      this.#bytes -= received.event.bytes.length + (given?.answer.bytes.length ?? 0);
      this.#kept.delete(requestId);
    }
  }

  /** Invariant 4. */
  #invocationOf(event: SandboxEvent): string | undefined {
    const own = "requestId" in event && typeof event.requestId === "string" ? event.requestId : undefined;
    const { environment } = event;
    let occupation = this.#occupations.get(environment);
    if (event.type === "start") {
      if (occupation === undefined)
        this.#occupations.set(environment, (occupation = { running: new Set(), last: undefined }));
      occupation.running.add(event.requestId);
      occupation.last = event.requestId;
    } else if (event.type === "report") occupation?.running.delete(event.requestId);
    // A new boot: what is written now is not of the invocation before.
    else if (event.type === "initStart" && occupation?.running.size === 0) occupation.last = undefined;
    else if (event.type === "shutdown" && event.reason === "spindown") this.#occupations.delete(environment);
    if (own !== undefined || event.type !== "log" || occupation === undefined) return own;
    if (occupation.running.size > 1) return undefined;
    const [running] = occupation.running;
    return running ?? occupation.last;
  }
}

function recordOf({ function: name, told, requestId, isCut }: Entry, seq: number): DashboardRecord {
  const time = told.time.getTime();
  if ("answer" in told) {
    const { answer, streamed, errorType, refused } = told;
    const statusCode = statusCodeOf(textOf(answer.bytes), streamed);
    const data = { length: answer.length, streamed, statusCode, errorType, refused };
    return { seq, time, function: name, type: "answered", requestId: told.requestId, data };
  }
  if (!("type" in told)) {
    const { event, traceId } = told;
    const data = { ...describeEvent(parsed(textOf(event.bytes))), length: event.length, traceId };
    return { seq, time, function: name, type: "received", requestId: told.requestId, data };
  }
  const { time: _, environment, environmentNumber, type, ...rest } = told;
  const data: Record<string, unknown> = { ...rest };
  if (told.type === "log") data["line"] = isCut ? "… more lines are not kept here" : lineOf(told.line);
  else {
    const lines = logLinesOf(told);
    if (lines.length > 0) data["lines"] = lines;
  }
  const base = { seq, time, function: name, type, environment, environmentNumber, data };
  return requestId === undefined ? base : { ...base, requestId };
}

/** A small answer is a piece of what a socket read, and would keep all of it: a copy costs less. */
function compact(excerpt: Excerpt): Excerpt {
  return excerpt.bytes.length > 4096
    ? excerpt
    : { bytes: Buffer.from(excerpt.bytes), length: excerpt.length };
}

/** Longer ones are cut: a page is no place for them. */
const maxLine = 8192;

function lineOf(line: string): string {
  return line.length > maxLine ? `${line.slice(0, maxLine)} …` : line;
}

function shown({ bytes, length }: { readonly bytes: Uint8Array; readonly length: number }): Text {
  return { text: maskSecrets(textOf(bytes)), length, whole: bytes.length === length };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}
