/** The event that `invoke` sends: from a file, from standard input, or a sample. */
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { jsonFault } from "./json-fault.ts";
import { freshness } from "./samples/fresh.ts";
import { sampleOf } from "./samples/samples.ts";
import { systemCodeOf, userFailure } from "./user-failure.ts";

export interface EventSource {
  /** A file, or `-` for standard input. */
  readonly event?: string | undefined;
  readonly sample?: string | undefined;
}

/** The event's own bytes: what stands in the file goes out unchanged. */
export async function readEvent(source: EventSource): Promise<Uint8Array> {
  if (source.sample !== undefined) return Buffer.from(JSON.stringify(sampleOf(source.sample, freshness())));
  const from = source.event ?? "-";
  const name = from === "-" ? "Standard input" : from;
  const content = from === "-" ? await text(process.stdin) : await readText(from);
  if (content.trim() === "") {
    throw userFailure(
      `${name} is empty`,
      "An event is JSON; the smallest is {}. For one to begin with: --sample sqs",
    );
  }
  const fault = jsonFault(content);
  if (fault === undefined) return Buffer.from(content);
  throw userFailure(
    `${name} is not JSON: line ${fault.line}, column ${fault.column}: expected ${fault.expected}`,
    "Mend that place. For an event to begin with: --sample sqs",
    { lines: excerpt(content, fault.line, fault.column) },
  );
}

async function readText(file: string): Promise<string> {
  try {
    return withoutMark(await readFile(file, "utf8"));
  } catch (cause) {
    const why = systemCodeOf(cause) === "ENOENT" ? "There is no file" : "Cannot read";
    throw userFailure(
      `${why} ${file}`,
      "--event takes a file with the event as JSON, or - for standard input.",
      { cause },
    );
  }
}

/** Editors on Windows begin a file with U+FEFF, which JSON does not allow. */
function withoutMark(content: string): string {
  return content.startsWith("\uFEFF") ? content.slice(1) : content;
}

function excerpt(content: string, line: number, column: number): string[] {
  const shown = content.split(/\r\n|\n|\r/)[line - 1] ?? "";
  const from = Math.max(0, column - 41);
  return [shown.slice(from, from + 80), `${" ".repeat(column - 1 - from)}^`];
}
