import { isUtf8 } from "node:buffer";
import type { Codec } from "../src/codec.ts";

// `ignoreBOM: true` means: do not treat it as a mark, keep it. The body must come out as it went in.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Node's own conversions. */
export const nodeCodec: Codec = {
  utf8Encode: (text) => Buffer.from(text, "utf8"),
  utf8Decode: (bytes) => decoder.decode(bytes),
  isUtf8,
  latin1Decode: (bytes) => view(bytes).latin1Slice(0, bytes.byteLength),
  base64Encode: (bytes) => Buffer.from(view(bytes).base64Slice(0, bytes.byteLength), "latin1"),
  base64Decode(text) {
    const sent = /[ \t\r\n]/.test(text) ? text.replace(/[ \t\r\n]+/g, "") : text;
    // Buffer skips foreign characters or stops at them, so what it returns proves nothing by itself.
    if (!/^[\w+/-]*={0,2}$/.test(sent)) return undefined;
    const pad = sent.indexOf("=");
    // Six bits are no byte: something was cut off.
    if ((pad < 0 ? sent.length : pad) % 4 === 1) return undefined;
    return Buffer.from(sent, "base64");
  },
  jsonString(bytes) {
    if (!isUtf8(bytes)) return undefined;
    const text = decoder.decode(bytes);
    // eslint-disable-next-line no-control-regex
    if (/[\0-\x08\x0b\x0e-\x1f\x7f]/.test(text)) return undefined;
    return Buffer.from(JSON.stringify(text), "utf8");
  },
};

interface Slices extends Buffer {
  latin1Slice(start: number, end: number): string;
  base64Slice(start: number, end: number): string;
}

/** A Buffer over the same memory: its native methods without a copy. */
function view(bytes: Uint8Array): Slices {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer as Slices;
}
