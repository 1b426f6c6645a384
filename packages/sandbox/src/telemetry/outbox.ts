/**
 * What waits to be delivered to one subscriber. Pure: no clock, no I/O.
 *
 *  (1) Records leave in the order in which they came, each once, or are counted as dropped.
 *  (2) A batch has at most `maxItems` records, and more than `maxBytes` only when it is a single one.
 *  (3) What waits and what is on its way are together at most `2 * maxBytes` and `2 * maxItems`, one record too
 *      large for that aside. A record that does not fit is dropped; those that wait are kept.
 *  (4) What was dropped is told in its place: behind what came before the gap, before what came after it.
 */
import type { Buffering } from "./subscription-request.ts";

/** What was dropped in one go. */
export interface Gap {
  readonly droppedRecords: number;
  readonly droppedBytes: number;
}

interface Entry {
  readonly text: string;
  readonly bytes: number;
}

export class Outbox {
  readonly #waiting: Entry[] = [];
  #waitingBytes = 0;
  #onItsWay = { items: 0, bytes: 0 };
  #gap: Gap | undefined;
  #buffering: Buffering;
  readonly #tell: (gap: Gap) => string | undefined;

  /** `tell` makes the record about a gap; `undefined` when the subscriber takes no such records. */
  constructor(buffering: Buffering, tell: (gap: Gap) => string | undefined) {
    this.#buffering = buffering;
    this.#tell = tell;
  }

  /** From the next batch on. */
  configure(buffering: Buffering): void {
    this.#buffering = buffering;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#gap === undefined;
  }

  /** A whole batch is there: there is nothing to wait for. */
  get isFull(): boolean {
    const { maxItems, maxBytes } = this.#buffering;
    return this.#waiting.length >= maxItems || this.#waitingBytes >= maxBytes;
  }

  /** What waits, and what is on its way is not. */
  get waiting(): readonly string[] {
    this.#closeGap();
    return this.#waiting.map(({ text }) => text);
  }

  push(text: string): void {
    const bytes = Buffer.byteLength(text);
    const { items, bytes: way } = this.#onItsWay;
    const isNone = this.#waiting.length + items === 0;
    const fits =
      this.#waitingBytes + way + bytes <= 2 * this.#buffering.maxBytes &&
      this.#waiting.length + items < 2 * this.#buffering.maxItems;
    if (isNone || fits) {
      this.#closeGap();
      this.#add({ text, bytes });
      return;
    }
    const { droppedRecords, droppedBytes } = this.#gap ?? { droppedRecords: 0, droppedBytes: 0 };
    this.#gap = { droppedRecords: droppedRecords + 1, droppedBytes: droppedBytes + bytes };
  }

  /** The next batch, or `undefined` when nothing waits. It is on its way until {@link arrived}. */
  take(): readonly string[] | undefined {
    if (this.#waiting.length === 0) this.#closeGap();
    const { maxItems, maxBytes } = this.#buffering;
    let items = 0;
    let bytes = 0;
    for (const entry of this.#waiting) {
      if (items > 0 && (items >= maxItems || bytes + entry.bytes > maxBytes)) break;
      items += 1;
      bytes += entry.bytes;
    }
    if (items === 0) return undefined;
    this.#waitingBytes -= bytes;
    this.#onItsWay = { items, bytes };
    return this.#waiting.splice(0, items).map(({ text }) => text);
  }

  arrived(): void {
    this.#onItsWay = { items: 0, bytes: 0 };
  }

  /** Invariant 4. */
  #closeGap(): void {
    const gap = this.#gap;
    this.#gap = undefined;
    const text = gap === undefined ? undefined : this.#tell(gap);
    if (text !== undefined) this.#add({ text, bytes: Buffer.byteLength(text) });
  }

  #add(entry: Entry): void {
    this.#waiting.push(entry);
    this.#waitingBytes += entry.bytes;
  }
}
