/**
 * The adapter's log lines, obeying `AWS_LAMBDA_LOG_FORMAT` and `AWS_LAMBDA_LOG_LEVEL`. Lambda stamps text lines
 * itself, so only JSON lines carry a time. No line ever holds a header value: `authorization` and cookies cannot
 * leak from what is not written.
 */
import type { Platform } from "./platform.ts";

const levels = ["trace", "debug", "info", "warn", "error", "off"] as const;

type Level = (typeof levels)[number];

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  /** Whether `debug` writes: what is only measured for its lines need not be measured otherwise. */
  readonly tellsDebug: boolean;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose lines all carry `fields` too. */
  with(fields: LogFields): Log;
}

export interface LogOptions {
  readonly level: Level;
  readonly json: boolean;
}

/** `AWS_LAMBDA_LOG_LEVEL` first, then `RUST_LOG` (its global level); anything unreadable is `info`. */
export function logOptionsOf(env: Platform["env"]): LogOptions {
  const level = levelOf(env["AWS_LAMBDA_LOG_LEVEL"]) ?? rustLogLevel(env["RUST_LOG"]) ?? "info";
  return { level, json: env["AWS_LAMBDA_LOG_FORMAT"]?.toUpperCase() === "JSON" };
}

function levelOf(text: string | undefined): Level | undefined {
  const lower = text?.trim().toLowerCase();
  if (lower === "fatal") return "error";
  if (lower === "warning") return "warn";
  return levels.find((level) => level === lower);
}

/** `warn,hyper=debug` means `warn` here: directives for crates name nothing we have. */
function rustLogLevel(text: string | undefined): Level | undefined {
  for (const directive of (text ?? "").split(",")) {
    const level = levelOf(directive);
    if (level !== undefined) return level;
  }
  return undefined;
}

export function createLog(platform: Platform, options: LogOptions, fields: LogFields = {}): Log {
  return new Writer(platform, options, fields);
}

/** A class, because each invocation has one, and nearly none of them writes. */
class Writer implements Log {
  readonly #platform: Platform;
  readonly #options: LogOptions;
  readonly #fields: LogFields;

  constructor(platform: Platform, options: LogOptions, fields: LogFields) {
    this.#platform = platform;
    this.#options = options;
    this.#fields = fields;
  }

  get tellsDebug(): boolean {
    return levels.indexOf(this.#options.level) <= levels.indexOf("debug");
  }

  debug(message: string, more?: LogFields): void {
    this.#write("debug", message, more);
  }

  info(message: string, more?: LogFields): void {
    this.#write("info", message, more);
  }

  warn(message: string, more?: LogFields): void {
    this.#write("warn", message, more);
  }

  error(message: string, more?: LogFields): void {
    this.#write("error", message, more);
  }

  with(more: LogFields): Log {
    return new Writer(this.#platform, this.#options, { ...this.#fields, ...more });
  }

  #write(level: Level, message: string, more: LogFields = {}): void {
    const { level: least, json } = this.#options;
    if (levels.indexOf(level) < levels.indexOf(least)) return;
    const all = { ...this.#fields, ...more };
    this.#platform.print(
      json ? jsonLine(this.#platform.now().wall, level, message, all) : textLine(level, message, all),
    );
  }
}

function textLine(level: Level, message: string, fields: LogFields): string {
  let line = `${level.toUpperCase()} ${oneLine(message)}`;
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    line += ` ${name}=${typeof value === "string" && /[\s"=]/.test(value) ? JSON.stringify(value) : value}`;
  }
  return line;
}

function jsonLine(wall: number, level: Level, message: string, fields: LogFields): string {
  return JSON.stringify({
    timestamp: new Date(wall).toISOString(),
    level: level.toUpperCase(),
    message,
    ...fields,
  });
}

/** A line feed inside a message would make two log events of it. */
function oneLine(message: string): string {
  return message.replace(/[\r\n]+/g, " ");
}
