/** One variable of the table in `variables.ts`. */
export interface Variable<T> {
  readonly name: string;
  /** Older name, still read when `name` is not set. `deprecated` ones are told about. */
  readonly fallback?: { readonly name: string; readonly deprecated: boolean };
  /** `undefined` means that another setting or nothing stands in for it. */
  readonly default: T;
  /** The default, for a reader. */
  readonly defaultText: string;
  readonly about: string;
  /** What a value must look like, for a reader. */
  readonly expected: string;
  /** The value, or `undefined` when the text is none. */
  readonly parse: (text: string) => T | undefined;
  /** Parts of a value that was otherwise understood. */
  readonly overlooked?: (text: string) => readonly string[];
  /** A wrong value ends the process: what it would otherwise lead to is worse than not starting. */
  readonly fatal: boolean;
  /** An empty value is only told about: templates of infrastructure leave such ones for "not set". */
  readonly emptyIsDefault?: true;
}

/** Keeps the type of what `parse` gives. */
export function row<T>(variable: Variable<T>): Variable<T> {
  return variable;
}
