/** One invocation: its figures, event, answer, logs and records. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { durationText, sizeText } from "../model/format.ts";
import type { Invocation } from "../model/model.ts";
import type { Detail } from "../protocol.ts";
import { composeAgain, sendAgain } from "./actions.ts";
import { AnswerTab } from "./answer.tsx";
import { StatusPill } from "./invocations.tsx";
import { JsonView } from "./json-view.tsx";
import { Logs } from "./logs.tsx";
import { Phases } from "./phases.tsx";
import { Records } from "./records.tsx";
import { detailOf } from "./server.ts";
import { check, current, known, notice, selected } from "./state.ts";

type Tab = "answer" | "event" | "logs" | "records";
const tabs: readonly Tab[] = ["answer", "event", "logs", "records"];

export function DetailPane(): JSX.Element {
  const invocation = current.value;
  return (
    <section class="detail" aria-label="Invocation">
      {invocation === undefined ? (
        <p class="none">
          Choose an invocation to see its event, answer and logs. <kbd>j</kbd> and <kbd>k</kbd> go through the
          list.
        </p>
      ) : (
        <One invocation={invocation} />
      )}
    </section>
  );
}

function One({ invocation }: { invocation: Invocation }): JSX.Element {
  // It grows in place: as a property it stays the same, and who reads any signal is only drawn anew for those it reads.
  void known.value;
  const [tab, setTab] = useState<Tab>("answer");
  const [detail, setDetail] = useState<Detail | undefined>();
  const { requestId, answered } = invocation;
  useEffect(() => {
    let over = false;
    const load = async (): Promise<void> => {
      const found = await detailOf(requestId);
      if (!over) setDetail(found);
    };
    void load();
    return () => {
      over = true;
    };
  }, [requestId, answered]);
  const counts: Readonly<Record<Tab, string>> = {
    answer: invocation.answerLength === undefined ? "" : sizeText(invocation.answerLength),
    event: invocation.eventLength === undefined ? "" : sizeText(invocation.eventLength),
    logs: String(invocation.logs.length),
    records: String(invocation.records.length),
  };
  return (
    <>
      <header>
        <h2 title={invocation.title}>{invocation.title}</h2>
        <StatusPill invocation={invocation} />
        <div class="grow" />
        {check.value === undefined && (
          <>
            <button type="button" class="primary" onClick={() => void sendAgain()}>
              Send again
            </button>
            <button type="button" onClick={() => void composeAgain()}>
              Edit and send
            </button>
          </>
        )}
        <button type="button" class="icon" aria-label="Close" onClick={() => (selected.value = undefined)}>
          ✕
        </button>
      </header>
      <Facts invocation={invocation} />
      <Phases invocation={invocation} />
      <div role="tablist" aria-label="Parts of the invocation" class="tabs">
        {tabs.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={tab === name}
            aria-controls="tab-panel"
            tabIndex={tab === name ? 0 : -1}
            onClick={() => setTab(name)}
            onKeyDown={(event) => {
              const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
              if (step === 0) return;
              event.preventDefault();
              event.stopPropagation();
              const next = tabs[(tabs.indexOf(name) + step + tabs.length) % tabs.length] as Tab;
              setTab(next);
              document.getElementById(`tab-${next}`)?.focus();
            }}
          >
            {name}
            {counts[name] !== "" && <span class="count">{counts[name]}</span>}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="tab-panel" aria-labelledby={`tab-${tab}`} class="panel">
        {tab === "answer" && <AnswerTab invocation={invocation} detail={detail} />}
        {tab === "event" &&
          (detail === undefined ? <Kept /> : <JsonView text={detail.event.text} label="Event" />)}
        {tab === "logs" && <Logs invocation={invocation} />}
        {tab === "records" && <Records records={invocation.records} />}
      </div>
    </>
  );
}

function Kept(): JSX.Element {
  return <p class="none">It is kept no more.</p>;
}

function Facts({ invocation }: { invocation: Invocation }): JSX.Element {
  const { requestId, durationMs, billedDurationMs, maxMemoryUsedMb, memorySizeMb, initDurationMs } =
    invocation;
  const facts: [string, string | undefined][] = [
    ["Duration", durationMs === undefined ? undefined : durationText(durationMs)],
    ["Billed", billedDurationMs === undefined ? undefined : `${billedDurationMs} ms`],
    ["Memory", maxMemoryUsedMb === undefined ? undefined : `${maxMemoryUsedMb} of ${memorySizeMb} MB`],
    ["Init", initDurationMs === undefined ? undefined : durationText(initDurationMs)],
    [
      "Environment",
      invocation.environmentNumber === undefined ? undefined : `#${invocation.environmentNumber}`,
    ],
    ["Function", invocation.function],
    ["Error", invocation.errorType],
  ];
  return (
    <dl class="facts">
      {facts.map(
        ([name, value]) =>
          value !== undefined && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
      <div>
        <dt>Request id</dt>
        <dd>
          <button type="button" class="copy mono" title="Copy" onClick={() => void copy(requestId)}>
            {requestId}
          </button>
        </dd>
      </div>
    </dl>
  );
}

async function copy(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  notice.value = "Copied";
}
