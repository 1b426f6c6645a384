import type { HeaderList } from "../message.ts";

export interface PlainHead {
  /** The first line. */
  readonly first: string;
  /** Values are trimmed of spaces and tabs. */
  readonly fields: HeaderList;
  /** Where the head ends: behind its empty line. */
  readonly end: number;
}

/**
 * The head that begins at `from`, in one pass, where the engine has a native way for the plainest kind, which nearly
 * all are: complete and within the limits, printable ASCII, every line ends in CR LF, none is folded, names are tokens
 * right before their colon. `undefined` for any other head, and without such a way for all of them: the reader then
 * goes line by line. The native adapter is built with a twin of this file (`adapter/platforms/native/twins`).
 */
export const plainHead: (
  bytes: Uint8Array,
  from: number,
  limits: { readonly headBytes: number; readonly fields: number },
) => PlainHead | undefined = () => undefined;
