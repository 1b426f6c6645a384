/**
 * What the server of the dashboard and its page say to each other: this is all that the command knows of the page.
 *
 *   GET  /api/stream?after=SEQ   text/event-stream: `hello`, then `records` again and again
 *   GET  /api/invocations/ID     Detail, or 404 when it is kept no more
 *   GET  /api/samples/NAME       a sample event, JSON text
 *   POST /api/invoke             InvokeOrder; 202 with InvokeReceipt
 *
 * Each call carries the token of this run in the header `x-anylambda-token`.
 */

/** First of a stream; again when a function comes or goes, and when a check has got further. */
export interface Hello {
  /** Differs from run to run: another one means that what the page knows is of the past. */
  readonly run: string;
  readonly version: string;
  readonly functions: readonly FunctionInfo[];
  readonly samples: readonly { readonly name: string; readonly about: string }[];
  /** The page is that of `anylambda snapstart check`: functions are its boots and copies, and take no events. */
  readonly check?: CheckState;
}

export interface CheckState {
  /** How the app is started, for people. */
  readonly command: string;
  /** As they were asked for: `GET /orders`. */
  readonly requests: readonly string[];
  /** What is done, and was, for people; the last is under way until there is a report. */
  readonly steps: readonly string[];
  readonly report?: CheckReport;
}

/** What a check found. Durations in ms, sizes in bytes. */
export interface CheckReport {
  /** `replay`: the app was started anew, and memory was not compared. */
  readonly engine: "criu" | "replay";
  readonly language: string;
  readonly findings: readonly CheckFinding[];
  /** From the start of the processes until the app was ready, and until its first answer. */
  readonly bootMs: number;
  readonly bootToAnswerMs: number;
  readonly restoreMs: number;
  readonly restoreToAnswerMs: number;
  readonly imageBytes: number;
}

export interface CheckFinding {
  readonly kind: string;
  /** `look`: it can be meant so. */
  readonly grade: "fault" | "look";
  readonly where: string;
  readonly what: string;
  readonly mend: string;
}

/** What a restore takes on AWS, whatever the app: published figures (docs/snapshots.md). */
export const restoreOnAwsMs = 500;

export interface FunctionInfo {
  readonly name: string;
  /** How the app is started, for people. */
  readonly command: string;
  readonly memorySizeMb: number;
  readonly timeoutSeconds: number;
  readonly doors: readonly { readonly kind: string; readonly url: string }[];
}

/** One thing that happened. Types a page does not know are shown as they are. */
export interface DashboardRecord {
  /** Counts up from 1 in each run. */
  readonly seq: number;
  /** ms since 1970. */
  readonly time: number;
  readonly function: string;
  /** A type of the sandbox's events (`log`, `initStart`, `report` …), or `received` and `answered`. */
  readonly type: string;
  readonly environment?: string;
  readonly environmentNumber?: number;
  /** The invocation it belongs to, also where the sandbox's event does not say so. */
  readonly requestId?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** `data` of `received`. */
export interface ReceivedData {
  /** Such as `GET /products` or `sqs, 3 records`. */
  readonly title: string;
  /** Which door or service the event is of, such as `function-url`, `sqs`; `event` when nothing tells. */
  readonly kind: string;
  readonly length: number;
  readonly traceId: string;
}

/** `data` of `answered`. */
export interface AnsweredData {
  readonly length: number;
  readonly streamed: boolean;
  /** HTTP status, when the answer has one. */
  readonly statusCode?: number;
  readonly errorType?: string;
  readonly refused?: string;
}

export interface Detail {
  readonly event: Text;
  /** Absent while there is none. */
  readonly answer?: Text;
}

/** Secrets in it are replaced by {@link masked}. */
export interface Text {
  readonly text: string;
  /** Bytes of the whole; more than `text` has when it is only the beginning. */
  readonly length: number;
  readonly whole: boolean;
}

/** Stands for a secret. In an event that is sent again it stands for the secret of the original. */
export const masked = "••••••";

export interface InvokeOrder {
  readonly function: string;
  /** JSON text. */
  readonly event: string;
  /** Whose secrets are meant where the event has {@link masked}. */
  readonly original?: string;
}

export interface InvokeReceipt {
  readonly requestId: string;
}
