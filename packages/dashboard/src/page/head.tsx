import type { JSX } from "preact";
import { figuresOf } from "../model/figures.ts";
import { durationText } from "../model/format.ts";
import { composeNew } from "./actions.ts";
import { type Connection, check, connection, filter, hello, helpIsOpen, known } from "./state.ts";
import { switchTheme, theme } from "./theme.ts";

const words: Readonly<Record<Connection, string>> = {
  connecting: "Connecting",
  live: "Live",
  lost: "Disconnected",
  locked: "Locked",
};

export function Head(): JSX.Element {
  const functions = hello.value?.functions ?? [];
  return (
    <header class="head">
      <h1>
        <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
          <rect width="32" height="32" rx="8" class="logo-back" />
          <path d="M9 7h4l9 18h-4l-4-8.6L10.6 25H6.4l5.6-12.4L11 10H9z" class="logo-front" />
        </svg>
        {check.value === undefined ? "anylambda" : "SnapStart check"}
      </h1>
      <span class={`connection ${connection.value}`} role="status">
        <i aria-hidden="true" />
        {words[connection.value]}
      </span>
      <Figures />
      <div class="grow" />
      {functions.length > 1 && (
        <select
          aria-label="Function"
          value={filter.value.function}
          onChange={({ currentTarget }) =>
            (filter.value = { ...filter.value, function: currentTarget.value })
          }
        >
          <option value="">All functions</option>
          {functions.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
      {check.value === undefined && (
        <button type="button" class="primary" onClick={composeNew}>
          Send an event
        </button>
      )}
      <button
        type="button"
        class="icon"
        aria-label="Keys"
        title="Keys (?)"
        onClick={() => (helpIsOpen.value = true)}
      >
        ?
      </button>
      <button
        type="button"
        class="icon"
        aria-label={theme.value === "dark" ? "Light mode" : "Dark mode"}
        title="Light or dark (t)"
        onClick={switchTheme}
      >
        {theme.value === "dark" ? <Sun /> : <Moon />}
      </button>
    </header>
  );
}

function Figures(): JSX.Element {
  const { invocations, failed, cold, p50, p95 } = figuresOf(known.value.model.invocations.values());
  return (
    <dl class="figures">
      <Figure name="invocations" value={String(invocations)} />
      <Figure name="failed" value={String(failed)} tone={failed > 0 ? "bad" : ""} />
      <Figure name="cold starts" value={String(cold)} />
      <Figure name="p50" value={p50 === undefined ? "–" : durationText(p50)} />
      <Figure name="p95" value={p95 === undefined ? "–" : durationText(p95)} />
    </dl>
  );
}

function Figure({ name, value, tone = "" }: { name: string; value: string; tone?: string }): JSX.Element {
  return (
    <div class={tone}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Sun(): JSX.Element {
  return (
    <svg viewBox="0 0 24 24" width="17" height="17" aria-hidden="true" class="stroke">
      <circle cx="12" cy="12" r="4.2" />
      <path d="M12 2.5v2.6M12 18.9v2.6M2.5 12h2.6M18.9 12h2.6M5.3 5.3l1.8 1.8M16.9 16.9l1.8 1.8M5.3 18.7l1.8-1.8M16.9 7.1l1.8-1.8" />
    </svg>
  );
}

function Moon(): JSX.Element {
  return (
    <svg viewBox="0 0 24 24" width="17" height="17" aria-hidden="true" class="stroke">
      <path d="M20 14.2A8.2 8.2 0 1 1 9.8 4a6.6 6.6 0 0 0 10.2 10.2z" />
    </svg>
  );
}
