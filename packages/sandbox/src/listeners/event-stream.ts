/**
 * The frames in which the Invoke API streams an answer: `application/vnd.amazon.eventstream` (environment.md 5.3). Pure.
 *
 *   total length u32 │ headers' length u32 │ CRC-32 of these 8 bytes │ headers │ payload │ CRC-32 of all before
 *   a header: name length u8 │ name │ 7 (a string) │ value length u16 │ value
 */

/** How a streamed answer ended. */
export interface Completion {
  readonly ErrorCode?: string;
  /** The error as JSON text. */
  readonly ErrorDetails?: string;
  /** Base64. */
  readonly LogResult?: string;
}

export function payloadChunk(bytes: Uint8Array): Buffer {
  return frame(chunkHeaders, bytes);
}

export function invokeComplete(completion: Completion): Buffer {
  return frame(completeHeaders, Buffer.from(JSON.stringify(completion)));
}

const chunkHeaders = headersOf("PayloadChunk", "application/octet-stream");
const completeHeaders = headersOf("InvokeComplete", "application/json");

function headersOf(eventType: string, contentType: string): Buffer {
  const fields = [
    [":message-type", "event"],
    [":event-type", eventType],
    [":content-type", contentType],
  ] as const;
  return Buffer.concat(fields.map(([name, value]) => header(name, value)));
}

function header(name: string, value: string): Buffer {
  const valueLength = Buffer.alloc(2);
  valueLength.writeUInt16BE(value.length);
  return Buffer.concat([
    Buffer.of(name.length),
    Buffer.from(name),
    Buffer.of(7),
    valueLength,
    Buffer.from(value),
  ]);
}

function frame(headers: Buffer, payload: Uint8Array): Buffer {
  const length = 12 + headers.length + payload.length + 4;
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeUInt32BE(length, 0);
  bytes.writeUInt32BE(headers.length, 4);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8);
  bytes.set(headers, 12);
  bytes.set(payload, 12 + headers.length);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, length - 4)), length - 4);
  return bytes;
}

// `zlib.crc32` came with Node 20.15; the floor is 20.12.
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] as number);
  return (crc ^ 0xffffffff) >>> 0;
}
