/** Keys for the whole page. Where something is typed they are letters. */
import { follow, panBy, zoomBy } from "../timeline/view.ts";
import { composeAgain, composeNew, moveToFinding, sendAgain, showHappened, showReport } from "./actions.ts";
import { check, chosenView, draft, filter, helpIsOpen, move, selected } from "./state.ts";
import { switchTheme } from "./theme.ts";

export const keys: readonly { readonly key: string; readonly about: string; readonly action: () => void }[] =
  [
    { key: "j", about: "next invocation (older), or finding", action: () => step(1) },
    { key: "k", about: "previous invocation (newer), or finding", action: () => step(-1) },
    { key: "r", about: "send its event again", action: () => void sendAgain() },
    { key: "e", about: "edit its event, then send", action: () => void composeAgain() },
    { key: "n", about: "send a new event", action: composeNew },
    { key: "/", about: "search", action: () => document.getElementById("search")?.focus() },
    { key: "f", about: "failures only, or all", action: toggleFailed },
    { key: "l", about: "time line: follow what happens", action: follow },
    { key: "+", about: "time line: closer", action: () => zoomBy(2) },
    { key: "-", about: "time line: farther", action: () => zoomBy(0.5) },
    { key: "ArrowLeft", about: "time line: earlier", action: () => panBy(-0.2) },
    { key: "ArrowRight", about: "time line: later", action: () => panBy(0.2) },
    { key: "v", about: "of a check: the report, or what happened", action: switchView },
    { key: "t", about: "light or dark", action: switchTheme },
    { key: "Escape", about: "close the invocation", action: () => (selected.value = undefined) },
    { key: "?", about: "these keys", action: () => (helpIsOpen.value = !helpIsOpen.value) },
  ];

function step(by: 1 | -1): void {
  if (!moveToFinding(by)) move(by);
}

function switchView(): void {
  if (check.value === undefined) return;
  if (chosenView.value === "report") showHappened();
  else showReport();
}

function toggleFailed(): void {
  filter.value = { ...filter.value, failedOnly: !filter.value.failedOnly };
}

/** Returns what ends it. */
export function watchKeys(): () => void {
  const hear = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    // The dialog itself, not the signal: that it was closed is told a moment later.
    const isOpen = document.querySelector("dialog[open]") !== null;
    if (draft.value !== undefined || (isOpen && event.key !== "?")) return;
    if (event.target instanceof HTMLElement && event.target.closest("input, textarea, select") !== null) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const found = keys.find(({ key }) => key === event.key);
    if (found === undefined) return;
    event.preventDefault();
    found.action();
  };
  addEventListener("keydown", hear);
  return () => removeEventListener("keydown", hear);
}
