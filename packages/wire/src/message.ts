/**
 * One HTTP message, as both sides of the product hold it.
 *
 * Headers are an ordered list of pairs, repeated names stay repeated, and bodies are bytes: a map of strings
 * loses the second `set-cookie`, a string loses a picture.
 */

/** One header field. The value is text; on the wire it is UTF-8 (see `http1/request.ts`). */
export type HeaderField = readonly [name: string, value: string];

/** Header fields in the order they were sent. Names compare without regard to case (RFC 9110, 5.1). */
export type HeaderList = readonly HeaderField[];

/** What is asked of the app. */
export interface HttpRequest {
  readonly method: string;
  /** Origin-form request target, RFC 9112 3.2.1: path and query, percent-encoded, beginning with `/`. */
  readonly target: string;
  readonly headers: HeaderList;
  /** Decoded body; empty when there is none. */
  readonly body: Uint8Array;
}

/** What the app answered, read to its end. */
export interface HttpResponse {
  /** 200 to 999; interim responses never get this far. A door's `fromHttp` is given 200 to 599 only. */
  readonly status: number;
  /** Reason phrase as sent, possibly empty. */
  readonly reason: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
  /** The bytes that `headers` were read from, where they are plain (`WholeResponse`). Other headers come without. */
  readonly fields?: Uint8Array;
}

/** First value of a header field, or `undefined`. `name` is given in lower case. */
export function headerOf(headers: HeaderList, name: string): string | undefined {
  for (const field of headers) if (sameName(field[0], name)) return field[1];
  return undefined;
}

/** All values of a header field in order. `name` is given in lower case. */
export function headersOf(headers: HeaderList, name: string): string[] {
  const values: string[] = [];
  for (const field of headers) if (sameName(field[0], name)) values.push(field[1]);
  return values;
}

function sameName(sent: string, lower: string): boolean {
  return sent.length === lower.length && (sent === lower || sent.toLowerCase() === lower);
}
