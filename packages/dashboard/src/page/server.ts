/** The page's way to the server, and back again when the connection breaks. */
import { createParser } from "eventsource-parser";
import { apply } from "../model/model.ts";
import type { DashboardRecord, Detail, Hello, InvokeOrder, InvokeReceipt } from "../protocol.ts";
import { refit } from "../timeline/view.ts";
import { begin, changed, check, connection, known, notice, selected } from "./state.ts";

/** Stands behind `#`, where no server sees it; kept so that the page may be loaded again. */
function token(): string {
  const given = location.hash.slice(1);
  if (given === "") return sessionStorage.getItem("token") ?? "";
  sessionStorage.setItem("token", given);
  // Not in the history of the browser, not over the shoulder.
  history.replaceState(null, "", location.pathname);
  return given;
}

const headers = { "x-anylambda-token": token() };

/** Never ends: waits and tries again when the stream does. */
export async function listen(): Promise<never> {
  for (;;) {
    try {
      const response = await fetch(`/api/stream?after=${known.value.model.seq}`, { headers });
      if (response.status === 403) connection.value = "locked";
      else if (response.body !== null) await read(response.body);
    } catch {
      // Told by `connection`.
    }
    if (connection.value !== "locked") connection.value = "lost";
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function read(body: ReadableStream<Uint8Array>): Promise<void> {
  const parser = createParser({
    onEvent({ event, data }) {
      const document: unknown = JSON.parse(data);
      if (event === "hello") begin(document as Hello);
      else if (event === "records") take(document as DashboardRecord[]);
    },
  });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    parser.feed(decoder.decode(value, { stream: true }));
  }
}

function take(records: readonly DashboardRecord[]): void {
  for (const record of records) apply(known.value.model, record);
  changed();
  // What a check does comes to an end, and is looked at as a whole: also when its records come after the report.
  if (check.value !== undefined) refit();
}

/** `undefined` when it is kept no more. */
export async function detailOf(requestId: string): Promise<Detail | undefined> {
  const response = await fetch(`/api/invocations/${requestId}`, { headers });
  return response.ok ? ((await response.json()) as Detail) : undefined;
}

export async function sampleText(name: string): Promise<string> {
  const response = await fetch(`/api/samples/${name}`, { headers });
  return JSON.stringify(await response.json(), null, 2);
}

/** Sends an event, and looks at what becomes of it. Says what the server has against it. */
export async function send(order: InvokeOrder): Promise<string | undefined> {
  const response = await fetch("/api/invoke", { method: "POST", headers, body: JSON.stringify(order) });
  const document: unknown = await response.json();
  if (!response.ok) return (document as { readonly message: string }).message;
  selected.value = (document as InvokeReceipt).requestId;
  notice.value = `Sent to ${order.function}`;
  return undefined;
}
