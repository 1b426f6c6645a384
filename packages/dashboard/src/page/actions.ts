/** What a person can do with an invocation. */
import { prettyText } from "../model/format.ts";
import { detailOf, send } from "./server.ts";
import { current, draft, hello, notice } from "./state.ts";

/** As it came, secrets included: the server puts them back. */
export async function sendAgain(): Promise<void> {
  const invocation = current.value;
  if (invocation === undefined) return;
  const event = await wholeEvent(invocation.requestId);
  if (event === undefined) return;
  const order = { function: invocation.function, event, original: invocation.requestId };
  notice.value = (await send(order)) ?? notice.value;
}

export async function composeAgain(): Promise<void> {
  const invocation = current.value;
  if (invocation === undefined) return;
  const event = await wholeEvent(invocation.requestId);
  if (event === undefined) return;
  draft.value = { function: invocation.function, event: prettyText(event), original: invocation.requestId };
}

export function composeNew(): void {
  const [first] = hello.value?.functions ?? [];
  if (first !== undefined) draft.value = { function: current.value?.function ?? first.name, event: "{}" };
}

async function wholeEvent(requestId: string): Promise<string | undefined> {
  const detail = await detailOf(requestId);
  if (detail?.event.whole === true) return detail.event.text;
  notice.value =
    detail === undefined ? "The event is kept no more" : "The event is too large to be kept whole";
  return undefined;
}
