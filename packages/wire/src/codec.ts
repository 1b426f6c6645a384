/**
 * Conversions between bytes and text that every engine has natively and that plain ECMAScript lacks.
 * Given to the functions that need it, so that `wire` itself stays free of any engine.
 * `node/codec.ts` is Node's; the native host brings its own.
 */
export interface Codec {
  /** Lone surrogates become U+FFFD. */
  utf8Encode(text: string): Uint8Array;
  /** Malformed sequences become U+FFFD; a leading BOM is kept. */
  utf8Decode(bytes: Uint8Array): string;
  isUtf8(bytes: Uint8Array): boolean;
  /** One character a byte, U+0000 to U+00FF. */
  latin1Decode(bytes: Uint8Array): string;
  /** Standard alphabet, padded (RFC 4648, 4), as ASCII bytes. */
  base64Encode(bytes: Uint8Array): Uint8Array;
  /**
   * Standard or URL-safe alphabet, padded or not, white space ignored; `undefined` when anything else stands in
   * the text. Saved events and test tools write all of these, and a body is too dear to lose over a `=`.
   */
  base64Decode(text: string): Uint8Array | undefined;
  /**
   * The bytes as a JSON string literal, quotes included, when they are text that JSON carries without loss: valid
   * UTF-8 and no control character but tab, line feed, form feed and carriage return (spec event-formats.md 14.4).
   * `undefined` for all else, which then travels as base64.
   */
  jsonString(bytes: Uint8Array): Uint8Array | undefined;
}
