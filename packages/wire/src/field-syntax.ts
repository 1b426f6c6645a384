/**
 * What may stand in a name and in a value of a header field. The native adapter is built with a twin of this file
 * (`adapter/platforms/native/twins`), because QuickJS pays dearly for each regular expression that is tried.
 */

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** A method or field name: `token` of RFC 9110, 5.6.2. */
export function isToken(text: string): boolean {
  return token.test(text);
}

/**
 * Whether a value can stand in a field: anything but control characters, tab excepted. CR, LF and NUL would
 * end the field and begin another.
 */
export function isFieldValue(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return !/[\0-\x08\x0a-\x1f\x7f]/.test(text);
}
