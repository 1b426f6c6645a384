/** Raw HTTP/1.1 messages from a socket, with everything a library would tidy away: spelling, order, chunks, trailers. */
import type { Socket } from "node:net";

export type Field = readonly [name: string, value: string];

export interface Message {
  /** Request line without the version. */
  readonly line: string;
  readonly fields: readonly Field[];
  readonly body: Buffer;
  /** Data of each chunk, when the body came in chunked coding. */
  readonly chunks?: readonly Buffer[];
  readonly trailers: readonly Field[];
}

export interface MessageReader {
  /** The next message; `undefined` when the peer has closed before its end. `onHead` is called when the head is there. */
  next(onHead?: (line: string) => void): Promise<Message | undefined>;
}

export function readerOf(socket: Socket): MessageReader {
  let held: Buffer = Buffer.alloc(0);
  let closed = false;
  let wake = (): void => {};
  socket.on("data", (bytes: Buffer) => {
    held = Buffer.concat([held, bytes]);
    wake();
  });
  const onClose = (): void => {
    closed = true;
    wake();
  };
  socket.on("end", onClose);
  socket.on("close", onClose);
  socket.on("error", onClose);

  async function more(): Promise<boolean> {
    if (closed) return false;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
    return true;
  }

  async function take(count: number): Promise<Buffer | undefined> {
    while (held.length < count) if (!(await more()) && held.length < count) return undefined;
    const bytes = held.subarray(0, count);
    held = held.subarray(count);
    return bytes;
  }

  async function takeThrough(mark: string): Promise<string | undefined> {
    let at = held.indexOf(mark);
    while (at < 0) {
      if (!(await more()) && !held.includes(mark)) return undefined;
      at = held.indexOf(mark);
    }
    const text = held.subarray(0, at).toString("latin1");
    held = held.subarray(at + mark.length);
    return text;
  }

  async function takeChunks(): Promise<{ chunks: Buffer[]; trailers: Field[] } | undefined> {
    const chunks: Buffer[] = [];
    for (;;) {
      const size = Number.parseInt((await takeThrough("\r\n")) ?? "", 16);
      if (Number.isNaN(size)) return undefined;
      if (size === 0) break;
      const chunk = await take(size + 2);
      if (chunk === undefined) return undefined;
      chunks.push(chunk.subarray(0, size));
    }
    const trailers: Field[] = [];
    for (;;) {
      const line = await takeThrough("\r\n");
      if (line === undefined) return undefined;
      if (line === "") return { chunks, trailers };
      trailers.push(fieldOf(line));
    }
  }

  return {
    async next(onHead) {
      const head = await takeThrough("\r\n\r\n");
      if (head === undefined) return undefined;
      const [first = "", ...rest] = head.split("\r\n");
      const line = first.replace(/ HTTP\/1\.1$/, "");
      onHead?.(line);
      const fields = rest.map(fieldOf);
      if (/^chunked$/i.test(valueOf(fields, "transfer-encoding") ?? "")) {
        const coded = await takeChunks();
        return coded && { line, fields, body: Buffer.concat(coded.chunks), ...coded };
      }
      const body = await take(Number(valueOf(fields, "content-length") ?? 0));
      return body && { line, fields, body, trailers: [] };
    },
  };
}

function fieldOf(line: string): Field {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
}

/** All values of a name, in order. `name` is given in lower case. */
export function valuesOf(fields: readonly Field[], name: string): string[] {
  return fields.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
}

export function valueOf(fields: readonly Field[], name: string): string | undefined {
  return valuesOf(fields, name)[0];
}

export function bytesOf(text: string | Uint8Array): Buffer {
  return typeof text === "string" ? Buffer.from(text, "utf8") : Buffer.from(text);
}
