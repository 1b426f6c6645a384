/**
 * What a runtime reports for X-Ray about an error, checked and cropped to what X-Ray takes
 * (environment.md 1.6). Pure.
 */
interface ErrorCause {
  readonly exceptions: readonly unknown[];
  readonly working_directory: string;
  readonly paths: readonly unknown[];
  readonly message: string;
}

/** The cause as JSON of at most 64 KiB, or `undefined` when it is none. Empty text is none. */
export function checkedErrorCause(json: string): string | undefined {
  const cause = json === "" ? undefined : errorCauseOf(json);
  if (cause === undefined) return undefined;
  const whole = textOf(cause);
  if (isSmallEnough(whole)) return whole;
  for (const factor of [0.8, 0.6, 0.4, 0.2]) {
    const cropped = textOf({
      ...cause,
      exceptions: head(cause.exceptions, factor),
      paths: head(cause.paths, factor),
    });
    if (isSmallEnough(cropped)) return cropped;
  }
  const { working_directory, message } = cause;
  return textOf({
    exceptions: [],
    working_directory: cropText(working_directory),
    paths: [],
    message: cropText(message),
  });
}

const maxBytes = 65_536;
/** Half of what is left beside the names of the fields. */
const maxTextBytes = (maxBytes - 4096) / 2;

function errorCauseOf(json: string): ErrorCause | undefined {
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) return undefined;
  const members = document as Record<string, unknown>;
  const cause: ErrorCause = {
    exceptions: listOf(members["exceptions"]),
    working_directory: stringOf(members["working_directory"]),
    paths: listOf(members["paths"]),
    message: stringOf(members["message"]),
  };
  const isEmpty = Object.values(cause).every((value: readonly unknown[] | string) => value.length === 0);
  return isEmpty ? undefined : cause;
}

/** Go's encoder leaves out an empty message, and writes `null` for a list that is not there. */
function textOf({ exceptions, working_directory, paths, message }: ErrorCause): string {
  return JSON.stringify({
    exceptions: exceptions.length === 0 ? null : exceptions,
    working_directory,
    paths: paths.length === 0 ? null : paths,
    ...(message === "" ? {} : { message }),
  });
}

function isSmallEnough(text: string): boolean {
  return Buffer.byteLength(text) <= maxBytes;
}

function head(list: readonly unknown[], factor: number): readonly unknown[] {
  return list.slice(0, Math.floor(list.length * factor));
}

function cropText(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxTextBytes) return text;
  // A character that was cut in two would come out as a replacement longer than what was cut off.
  return `${bytes.toString("utf8", 0, maxTextBytes - 3).replace(/\uFFFD+$/, "")}...`;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function stringOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
