/**
 * The messages of a standard queue and who may have them when, as SQS and Lambda's poller treat them. No clock, no files:
 * the caller brings both.
 *
 *  (1) A message is in one batch at a time.
 *  (2) A message is received at most `maxReceiveCount` times; when it would be once more it is dead.
 *  (3) A message that failed is seen again when its visibility timeout, counted from its reception, is over.
 *  (4) A batch has at most `batchSize` messages, and fewer only when the window is over since the first could be received.
 *  (5) What is gone from the source is forgotten.
 */

export interface QueueLimits {
  readonly batchSize: number;
  /** ms */
  readonly batchingWindowMs: number;
  /** ms */
  readonly visibilityTimeoutMs: number;
  readonly maxReceiveCount: number;
}

/** Times are Unix times, ms. */
export interface Message {
  /** A UUID. */
  readonly id: string;
  /** What it is called in its source. */
  readonly name: string;
  readonly sentAt: number;
  readonly firstReceivedAt: number;
  /** This reception counted. */
  readonly receiveCount: number;
}

interface Entry {
  readonly id: string;
  readonly sentAt: number;
  firstReceivedAt: number | undefined;
  receivedAt: number;
  receiveCount: number;
  visibleAt: number;
  inFlight: boolean;
}

export class Queue {
  readonly #limits: QueueLimits;
  readonly #newId: () => string;
  readonly #entries = new Map<string, Entry>();

  constructor(limits: QueueLimits, newId: () => string) {
    this.#limits = limits;
    this.#newId = newId;
  }

  /** What is in the source now, in the order in which it is to be received. */
  sync(source: readonly { readonly name: string; readonly sentAt: number }[], now: number): void {
    const there = new Set(source.map(({ name }) => name));
    for (const [name, { inFlight }] of this.#entries)
      if (!inFlight && !there.has(name)) this.#entries.delete(name);
    for (const { name, sentAt } of source) {
      if (this.#entries.has(name)) continue;
      const fresh = {
        firstReceivedAt: undefined,
        receivedAt: 0,
        receiveCount: 0,
        visibleAt: now,
        inFlight: false,
      };
      this.#entries.set(name, { id: this.#newId(), sentAt, ...fresh });
    }
  }

  /** Names of messages that are dead (2); they are forgotten, the source has to put them elsewhere. */
  takeDead(now: number): string[] {
    const dead: string[] = [];
    for (const [name, entry] of this.#visible(now)) {
      if (entry.receiveCount < this.#limits.maxReceiveCount) continue;
      this.#entries.delete(name);
      dead.push(name);
    }
    return dead;
  }

  /** The next batch, or nothing while there is none or it is waited for more (4). */
  receive(now: number): Message[] {
    const { batchSize, batchingWindowMs, maxReceiveCount } = this.#limits;
    const visible = this.#visible(now).filter(([, { receiveCount }]) => receiveCount < maxReceiveCount);
    const since = Math.min(...visible.map(([, { visibleAt }]) => visibleAt));
    if (visible.length < batchSize && now - since < batchingWindowMs) return [];
    return visible.slice(0, batchSize).map(([name, entry]) => {
      entry.firstReceivedAt ??= now;
      entry.receivedAt = now;
      entry.receiveCount += 1;
      entry.inFlight = true;
      const { id, sentAt, firstReceivedAt, receiveCount } = entry;
      return { id, name, sentAt, firstReceivedAt, receiveCount };
    });
  }

  /** It was not delivered after all: as if it had not been received. */
  putBack(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    entry.receiveCount -= 1;
    entry.inFlight = false;
  }

  /** It was handled, or cannot be a message; the source has to be rid of it. */
  remove(name: string): void {
    this.#entries.delete(name);
  }

  /** It is to be delivered again (3). */
  fail(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    entry.inFlight = false;
    entry.visibleAt = entry.receivedAt + this.#limits.visibilityTimeoutMs;
  }

  #visible(now: number): [name: string, entry: Entry][] {
    return [...this.#entries].filter(([, { inFlight, visibleAt }]) => !inFlight && visibleAt <= now);
  }
}
