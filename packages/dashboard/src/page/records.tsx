/** Everything the sandbox told of an invocation, telemetry included, as it was told. */
import type { JSX } from "preact";
import { clockText } from "../model/format.ts";
import type { DashboardRecord } from "../protocol.ts";

export function Records({ records }: { records: readonly DashboardRecord[] }): JSX.Element {
  return (
    <ol class="records" tabIndex={0} aria-label="Records">
      {records.map(({ seq, time, type, data }) => (
        <li key={seq}>
          <time class="dim">{clockText(time)}</time>
          <b>{type}</b>
          <code>{JSON.stringify(data)}</code>
        </li>
      ))}
    </ol>
  );
}
