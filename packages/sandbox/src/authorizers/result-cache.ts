/**
 * What authorizers said, for a while.
 *
 *  (1) Nothing is given back that was kept longer ago than its time.
 *  (2) It holds no more than its limit: the oldest goes first.
 */
export class ResultCache<Value> {
  readonly #kept = new Map<string, { readonly value: Value; readonly until: number }>();
  readonly #limit: number;
  readonly #now: () => number;

  constructor(limit = 10_000, now: () => number = () => performance.now()) {
    this.#limit = limit;
    this.#now = now;
  }

  get(key: string): Value | undefined {
    const found = this.#kept.get(key);
    if (found === undefined) return undefined;
    if (found.until > this.#now()) return found.value;
    this.#kept.delete(key);
    return undefined;
  }

  keep(key: string, value: Value, ms: number): void {
    if (ms <= 0) return;
    this.#kept.delete(key);
    this.#kept.set(key, { value, until: this.#now() + ms });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#limit && oldest !== undefined) this.#kept.delete(oldest);
  }
}
