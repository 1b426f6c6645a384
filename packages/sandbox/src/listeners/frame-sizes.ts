/**
 * Payload lengths of the frames that a WebSocket client sends, read beside the library that reads the frames themselves:
 * it limits messages, API Gateway limits frames too (RFC 6455, 5.2).
 *
 *  (1) Any split of the same bytes gives the same lengths, in order.
 *  (2) A length is told as soon as its header is complete, before the payload has come.
 */
export class FrameSizes {
  readonly #header: number[] = [];
  /** Bytes of a payload, and of its mask, that are still to come. */
  #left = 0;

  /** Lengths that these bytes complete, as numbers: a length beyond 2^53 loses its last digits. */
  read(bytes: Uint8Array): number[] {
    const lengths: number[] = [];
    let at = 0;
    while (at < bytes.length) {
      const skipped = Math.min(this.#left, bytes.length - at);
      this.#left -= skipped;
      at += skipped;
      if (at === bytes.length) break;
      this.#header.push(bytes[at] ?? 0);
      at += 1;
      const length = lengthOf(this.#header);
      if (length === undefined) continue;
      const isMasked = ((this.#header[1] ?? 0) & 0x80) !== 0;
      this.#left = length + (isMasked ? 4 : 0);
      this.#header.length = 0;
      lengths.push(length);
    }
    return lengths;
  }
}

/** `undefined` while the header lacks bytes. */
function lengthOf(header: readonly number[]): number | undefined {
  if (header.length < 2) return undefined;
  const short = (header[1] ?? 0) & 0x7f;
  const more = short < 126 ? 0 : short === 126 ? 2 : 8;
  if (header.length < 2 + more) return undefined;
  return more === 0 ? short : header.slice(2).reduce((length, byte) => length * 256 + byte, 0);
}
