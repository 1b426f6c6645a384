/** `node:http` gives and takes header bytes as Latin-1; ours are UTF-8. Nearly all are ASCII, the same in both. */
export function toUtf8(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, "latin1").toString("utf8");
}

export function toLatin1(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

function isAscii(text: string): boolean {
  return !/[^\u0000-\u007f]/.test(text); // oxlint-disable-line no-control-regex -- the range of ASCII
}
