/** The list of invocations, newest first. One row is in the tab order; arrows go from row to row. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { isFailed } from "../model/figures.ts";
import { clockText, durationText } from "../model/format.ts";
import type { Invocation } from "../model/model.ts";
import { check, filter, hello, move, selected, wanted } from "./state.ts";

/** Rows that are drawn until more are asked for: a thousand would cost a frame each time something happens. */
const page = 100;

export function Invocations(): JSX.Element {
  const [most, setMost] = useState(page);
  const table = useRef<HTMLTableElement>(null);
  const list = wanted.value;
  const several = check.value !== undefined || (hello.value?.functions.length ?? 0) > 1;
  const chosen = selected.value;
  useEffect(() => {
    const row = table.current?.querySelector<HTMLElement>("tr[aria-selected=true]");
    row?.scrollIntoView({ block: "nearest" });
    // Only when the rows had the focus before.
    if (table.current?.contains(document.activeElement) === true) row?.querySelector("button")?.focus();
  }, [chosen]);
  const shown = list.slice(0, most);
  const first = shown.some(({ requestId }) => requestId === chosen) ? chosen : shown[0]?.requestId;
  return (
    <section class="invocations" aria-label="Invocations">
      <Search found={list.length} />
      <div class="rows">
        <table
          ref={table}
          onKeyDown={(event) => {
            if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
            event.preventDefault();
            move(event.key === "ArrowDown" ? 1 : -1);
          }}
        >
          <thead>
            <tr>
              <th scope="col">Time</th>
              {several && <th scope="col">Function</th>}
              <th scope="col">Invocation</th>
              <th scope="col">Status</th>
              <th scope="col" class="number">
                Duration
              </th>
              <th scope="col" class="number">
                Env
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((invocation) => (
              <Row
                key={invocation.requestId}
                invocation={invocation}
                several={several}
                chosen={invocation.requestId === chosen}
                tabbable={invocation.requestId === first}
              />
            ))}
          </tbody>
        </table>
        {list.length === 0 && <p class="none">No invocation fits the search.</p>}
        {list.length > most && (
          <button type="button" class="more" onClick={() => setMost(most + 4 * page)}>
            Show older ones ({list.length - most})
          </button>
        )}
      </div>
    </section>
  );
}

function Row({
  invocation,
  several,
  chosen,
  tabbable,
}: {
  invocation: Invocation;
  several: boolean;
  chosen: boolean;
  tabbable: boolean;
}): JSX.Element {
  const { requestId, received, title, kind, durationMs, environmentNumber, initDurationMs } = invocation;
  const choose = (): void => {
    selected.value = requestId;
  };
  return (
    <tr aria-selected={chosen} onClick={choose}>
      <td class="mono dim">{clockText(received)}</td>
      {several && <td class="cut">{invocation.function}</td>}
      <td class="what">
        <button type="button" tabIndex={tabbable ? 0 : -1} aria-current={chosen} onClick={choose}>
          <span class="title">{title}</span>
          <span class="kind">{kind}</span>
          {initDurationMs !== undefined && <span class="cold">cold</span>}
        </button>
      </td>
      <td>
        <StatusPill invocation={invocation} />
      </td>
      <td class="mono number">{durationMs === undefined ? "" : durationText(durationMs)}</td>
      <td class="mono number dim">{environmentNumber ?? ""}</td>
    </tr>
  );
}

/** Colour is never alone: the word says it too, and a mark stands before what failed. */
export function StatusPill({ invocation }: { invocation: Invocation }): JSX.Element {
  const { status, statusCode } = invocation;
  const failed = isFailed(invocation);
  const tone = failed ? "bad" : status === "success" ? "good" : "busy";
  const text = statusCode === undefined || status !== "success" ? status : String(statusCode);
  return (
    <span class={`pill ${tone}`}>
      <i aria-hidden="true">{failed ? "✕" : status === "success" ? "✓" : "…"}</i>
      {text}
    </span>
  );
}

function Search({ found }: { found: number }): JSX.Element {
  const { text, failedOnly } = filter.value;
  return (
    <div class="search">
      <input
        id="search"
        type="search"
        placeholder="Search path, status, id, logs  ( / )"
        aria-label="Search invocations"
        value={text}
        onInput={({ currentTarget }) => (filter.value = { ...filter.value, text: currentTarget.value })}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={failedOnly}
          onChange={({ currentTarget }) =>
            (filter.value = { ...filter.value, failedOnly: currentTarget.checked })
          }
        />
        Failures
      </label>
      <span class="dim found" role="status">
        {found}
      </span>
    </div>
  );
}
