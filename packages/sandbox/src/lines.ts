/** Longest line that stays one event; what is longer is cut into several (environment.md 3.7 knows no bound). */
const maxLineBytes = 256 * 1024;

/** Splits output into lines. The same bytes give the same lines, however they are cut into chunks. */
export class LineSplitter {
  #rest: Buffer = Buffer.alloc(0);
  readonly #max: number;

  constructor(max: number = maxLineBytes) {
    this.#max = max;
  }

  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (;;) {
      const newline = bytes.indexOf(0x0a, start);
      const length = (newline < 0 ? bytes.length : newline) - start;
      if (length > this.#max) {
        const end = characterStart(bytes, start + this.#max, start);
        lines.push(bytes.toString("utf8", start, end));
        start = end;
      } else if (newline < 0) break;
      else {
        lines.push(bytes.toString("utf8", start, newline));
        start = newline + 1;
      }
    }
    this.#rest = bytes.subarray(start);
    return lines;
  }

  /** The last line, when it has no newline. */
  end(): string[] {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest.length === 0 ? [] : [rest.toString("utf8")];
  }
}

/** The last place at or before `index` that does not cut a UTF-8 character in two. */
function characterStart(bytes: Buffer, index: number, lowest: number): number {
  let at = index;
  while (at > index - 4 && at > lowest + 1 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at -= 1;
  return ((bytes[at] ?? 0) & 0xc0) === 0x80 ? index : at;
}
