/** Figures over invocations, and the choice of those that a person wants to see. Pure. */
import type { Invocation, Lane } from "./model.ts";

export interface Figures {
  readonly invocations: number;
  readonly failed: number;
  readonly cold: number;
  /** ms; absent when nothing has ended. */
  readonly p50?: number;
  readonly p95?: number;
}

export function isFailed({ status, statusCode = 200 }: Invocation): boolean {
  return (status !== "success" && status !== "waiting" && status !== "running") || statusCode >= 500;
}

export function figuresOf(invocations: Iterable<Invocation>): Figures {
  const durations: number[] = [];
  let all = 0;
  let failed = 0;
  let cold = 0;
  for (const invocation of invocations) {
    all += 1;
    if (isFailed(invocation)) failed += 1;
    if (invocation.initDurationMs !== undefined) cold += 1;
    if (invocation.durationMs !== undefined) durations.push(invocation.durationMs);
  }
  durations.sort((a, b) => a - b);
  const counted = { invocations: all, failed, cold };
  return durations.length === 0
    ? counted
    : { ...counted, p50: percentile(durations, 0.5), p95: percentile(durations, 0.95) };
}

/** Nearest rank. */
function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] as number;
}

export interface Filter {
  /** Words; all must occur somewhere. */
  readonly text: string;
  readonly failedOnly: boolean;
  /** Empty for all of them. */
  readonly function: string;
}

export function isWanted(invocation: Invocation, { text, failedOnly, function: name }: Filter): boolean {
  if (name !== "" && invocation.function !== name) return false;
  if (failedOnly && !isFailed(invocation)) return false;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => mentions(invocation, word));
}

function mentions(invocation: Invocation, word: string): boolean {
  const { requestId, function: name, title, kind, status, statusCode, errorType, logs } = invocation;
  const head = [requestId, name, title, kind, status, statusCode, errorType].join(" ").toLowerCase();
  return head.includes(word) || logs.some(({ text }) => text.toLowerCase().includes(word));
}

/** In the order of functions, then numbers; of the same number the newer below. */
export function inOrder(lanes: Iterable<Lane>): Lane[] {
  return [...lanes].sort(
    (a, b) => a.function.localeCompare(b.function) || a.number - b.number || a.from - b.from,
  );
}
