/** Where the records of asynchronous invocations go: one JSON object a line, as a queue at the end of them would get. */
import { closeSync, openSync, writeSync } from "node:fs";
import type { DestinationRecord } from "@anylambda/sandbox";
import { userFailure } from "./user-failure.ts";

export interface DestinationFile {
  readonly record: (record: DestinationRecord) => void;
  close(): void;
}

/** Fails at once when the file cannot be written, not when the first event is done. */
export function openDestination(file: string): DestinationFile {
  let descriptor: number;
  try {
    descriptor = openSync(file, "a");
  } catch (cause) {
    throw userFailure(`Cannot write ${file}`, "--destination takes a file; records are added to its end.", {
      cause,
    });
  }
  return {
    record: (record) => void writeSync(descriptor, `${JSON.stringify(record)}\n`),
    close: () => closeSync(descriptor),
  };
}
