/** What the page shows, as signals: whoever reads one in a component is drawn again when it changes. */
import { type ReadonlySignal, type Signal, batch, computed, signal } from "@preact/signals";
import { type Filter, isWanted } from "../model/figures.ts";
import { type Invocation, type Model, newModel } from "../model/model.ts";
import type { CheckState, Hello } from "../protocol.ts";

export type Connection = "connecting" | "live" | "lost" | "locked";

export const connection: Signal<Connection> = signal<Connection>("connecting");
export const hello: Signal<Hello | undefined> = signal<Hello | undefined>(undefined);
/** The model grows in place; the number tells that it has. */
export const known: Signal<{ readonly model: Model; readonly change: number }> = signal<{
  readonly model: Model;
  readonly change: number;
}>({ model: newModel(), change: 0 });

/** Present where the page is that of a check. */
export const check: ReadonlySignal<CheckState | undefined> = computed<CheckState | undefined>(
  () => hello.value?.check,
);
/** What of a check is looked at. */
export type View = "report" | "happened";
export const chosenView: Signal<View> = signal<View>("report");

export const filter: Signal<Filter> = signal<Filter>({ text: "", failedOnly: false, function: "" });
/** Request id of the invocation that is looked at. */
export const selected: Signal<string | undefined> = signal<string | undefined>(undefined);

/** What the dialog for sending an event begins with; `undefined` while it is closed. */
export interface Draft {
  readonly function: string;
  readonly event: string;
  /** Whose event it was. */
  readonly original?: string;
}
export const draft: Signal<Draft | undefined> = signal<Draft | undefined>(undefined);
export const helpIsOpen: Signal<boolean> = signal(false);
/** Said aloud by screen readers, and shown for a moment. */
export const notice: Signal<string> = signal("");

/** Newest first. */
export const wanted: ReadonlySignal<readonly Invocation[]> = computed<readonly Invocation[]>(() => {
  const chosen = filter.value;
  return [...known.value.model.invocations.values()].filter((one) => isWanted(one, chosen)).toReversed();
});

export const current: ReadonlySignal<Invocation | undefined> = computed<Invocation | undefined>(() => {
  const id = selected.value;
  return id === undefined ? undefined : known.value.model.invocations.get(id);
});

export function changed(): void {
  known.value = { model: known.value.model, change: known.value.change + 1 };
}

/** What was known is of another run. */
export function begin(first: Hello): void {
  batch(() => {
    if (hello.value !== undefined && hello.value.run !== first.run) {
      known.value = { model: newModel(), change: 0 };
      selected.value = undefined;
    }
    hello.value = first;
    connection.value = "live";
  });
}

/** The next invocation of the list: 1 is further down, towards the older. */
export function move(step: 1 | -1): void {
  const list = wanted.value;
  const at = list.findIndex(({ requestId }) => requestId === selected.value);
  const next = list[at < 0 ? 0 : Math.min(list.length - 1, Math.max(0, at + step))];
  if (next !== undefined) selected.value = next.requestId;
}
