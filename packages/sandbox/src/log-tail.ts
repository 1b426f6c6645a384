/** The end of an invocation's log, as a caller gets it who asked for `Tail` (environment.md 5.1). */
export interface LogTail {
  readonly take: (line: string) => void;
  /** Base64 of the last 4,096 bytes. */
  result(): string;
}

export function logTail(): LogTail {
  let tail = Buffer.alloc(0);
  return {
    take(line) {
      tail = Buffer.concat([tail, Buffer.from(`${line}\n`)]).subarray(-tailBytes);
    },
    result: () => tail.toString("base64"),
  };
}

const tailBytes = 4096;
