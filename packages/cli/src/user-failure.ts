/**
 * A failure that the user can mend: a sentence (what, where) and a hint (what to do). Anything else that is
 * thrown is a bug and shows its stack.
 */
const mark = "ANYLAMBDA_USER_FAILURE";

export interface UserFailure extends Error {
  readonly code: typeof mark;
  readonly hint: string | undefined;
  /** What else helps: the last lines a program wrote. */
  readonly lines: readonly string[];
}

export function userFailure(
  sentence: string,
  hint?: string,
  more: { readonly lines?: readonly string[]; readonly cause?: unknown } = {},
): UserFailure {
  const error = new Error(sentence, more.cause === undefined ? {} : { cause: more.cause });
  return Object.assign(error, { code: mark, hint, lines: more.lines ?? [] } as const);
}

export function isUserFailure(error: unknown): error is UserFailure {
  return error instanceof Error && "code" in error && error.code === mark;
}

/** `ENOENT` and its like, or `undefined` when the error carries no code. */
export function systemCodeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
