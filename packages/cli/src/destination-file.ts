/** Where the records of asynchronous invocations go: one JSON object a line, as a queue at the end of them would get. */
import { closeSync, openSync, writeSync } from "node:fs";
import type { DeadLetter, DestinationRecord } from "@anylambda/sandbox";
import { userFailure } from "./user-failure.ts";

export interface DestinationFile {
  readonly record: (record: DestinationRecord) => void;
  close(): void;
}

/** Fails at once when the file cannot be written, not when the first event is done. */
export function openDestination(file: string, option: string): DestinationFile {
  const { write, close } = openLines(file, option);
  return { record: write, close };
}

/** As a queue would hold them: the event as text, with its attributes. */
export function openDeadLetters(file: string): {
  readonly letter: (letter: DeadLetter) => void;
  close(): void;
} {
  const { write, close } = openLines(file, "--dead-letters");
  const letter = ({ body, requestId, errorCode, errorMessage }: DeadLetter): void =>
    write({
      Body: Buffer.from(body).toString(),
      MessageAttributes: {
        RequestID: { DataType: "String", StringValue: requestId },
        ErrorCode: { DataType: "Number", StringValue: String(errorCode) },
        ErrorMessage: { DataType: "String", StringValue: errorMessage },
      },
    });
  return { letter, close };
}

function openLines(file: string, option: string): { readonly write: (line: object) => void; close(): void } {
  let descriptor: number;
  try {
    descriptor = openSync(file, "a");
  } catch (cause) {
    throw userFailure(`Cannot write ${file}`, `${option} takes a file; records are added to its end.`, {
      cause,
    });
  }
  return {
    write: (line) => void writeSync(descriptor, `${JSON.stringify(line)}\n`),
    close: () => closeSync(descriptor),
  };
}
