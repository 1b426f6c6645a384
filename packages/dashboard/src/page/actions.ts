/** What a person can do with an invocation, or with the report of a check. */
import { prettyText } from "../model/format.ts";
import { detailOf, send } from "./server.ts";
import { fit } from "../timeline/view.ts";
import { check, chosenView, current, draft, hello, notice } from "./state.ts";

/** As it came, secrets included: the server puts them back. */
export async function sendAgain(): Promise<void> {
  const invocation = current.value;
  if (invocation === undefined || isOver()) return;
  const event = await wholeEvent(invocation.requestId);
  if (event === undefined) return;
  const order = { function: invocation.function, event, original: invocation.requestId };
  notice.value = (await send(order)) ?? notice.value;
}

export async function composeAgain(): Promise<void> {
  const invocation = current.value;
  if (invocation === undefined || isOver()) return;
  const event = await wholeEvent(invocation.requestId);
  if (event === undefined) return;
  draft.value = { function: invocation.function, event: prettyText(event), original: invocation.requestId };
}

export function composeNew(): void {
  const [first] = hello.value?.functions ?? [];
  if (first !== undefined) draft.value = { function: current.value?.function ?? first.name, event: "{}" };
}

export function showReport(): void {
  chosenView.value = "report";
}

/** From the first boot to the last copy. */
export function showHappened(): void {
  chosenView.value = "happened";
  fit();
}

/** From finding to finding, where there is a report to be read; else `false`. */
export function moveToFinding(step: 1 | -1): boolean {
  if (check.value === undefined || chosenView.value !== "report") return false;
  const findings = [...document.querySelectorAll<HTMLElement>(".findings article")];
  const at = findings.findIndex((finding) => finding.contains(document.activeElement));
  findings[at < 0 ? 0 : Math.min(findings.length - 1, Math.max(0, at + step))]?.focus();
  return true;
}

/** Environments of a check have ended: nobody is there to take an event. */
function isOver(): boolean {
  return check.value !== undefined;
}

async function wholeEvent(requestId: string): Promise<string | undefined> {
  const detail = await detailOf(requestId);
  if (detail?.event.whole === true) return detail.event.text;
  notice.value =
    detail === undefined ? "The event is kept no more" : "The event is too large to be kept whole";
  return undefined;
}
