/** Which part of time is seen: a fixed one, or the last seconds, moving on. */
import { type Signal, signal } from "@preact/signals";
import { known } from "../page/state.ts";

export interface View {
  /** ms. */
  readonly span: number;
  /** Right end, ms since 1970; absent while the view follows what happens. */
  readonly to?: number;
}

const least = 20;
const most = 24 * 3600 * 1000;

export const view: Signal<View> = signal<View>({ span: 60_000 });
/** Now, as often as it is drawn. */
export const now: Signal<number> = signal(Date.now());

export function domainOf({ span, to }: View, present: number): readonly [number, number] {
  // A little room at the right: what just begins should be seen.
  const end = to ?? present + span * 0.03;
  return [end - span, end];
}

/** Nobody has chosen another part since all of it was asked for. */
let isWhole = false;

export function follow(): void {
  isWhole = false;
  view.value = { span: view.value.span };
}

export function zoomBy(factor: number): void {
  isWhole = false;
  const { span, to } = view.value;
  const next = clamped(span / factor);
  view.value = to === undefined ? { span: next } : { span: next, to: to - (span - next) / 2 };
}

/** By a part of what is seen. */
export function panBy(part: number): void {
  isWhole = false;
  const { span } = view.value;
  const [, end] = domainOf(view.value, now.value);
  view.value = { span, to: end + span * part };
}

export function show(from: number, to: number): void {
  isWhole = false;
  view.value = { span: clamped(to - from), to };
}

/** Everything there is. */
export function fit(): void {
  isWhole = true;
  const lanes = [...known.value.model.lanes.values()];
  if (lanes.length === 0) return;
  const from = Math.min(...lanes.map((lane) => lane.from));
  const to = Math.max(...lanes.map((lane) => lane.to ?? now.value));
  const room = (to - from) * 0.03 + 5;
  view.value = { span: clamped(to - from + 2 * room), to: to + room };
}

/** More has been told: it belongs to everything, if that is what is looked at. */
export function refit(): void {
  if (isWhole) fit();
}

function clamped(span: number): number {
  return Math.min(most, Math.max(least, span));
}
