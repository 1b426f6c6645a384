/** Where the time of an invocation went: waiting for an environment, until the answer, and after it. */
import type { JSX } from "preact";
import { durationText } from "../model/format.ts";
import type { Invocation } from "../model/model.ts";

export function Phases({ invocation }: { invocation: Invocation }): JSX.Element | null {
  const { received, started, answered, ended } = invocation;
  if (started === undefined || ended === undefined) return null;
  const until = Math.min(answered ?? ended, ended);
  const all = [
    { name: "waiting", about: "waiting for an environment", ms: started - received },
    { name: "answering", about: "until the answer", ms: Math.max(0, until - started) },
    { name: "after", about: "after the answer", ms: Math.max(0, ended - until) },
  ];
  const sum = all.reduce((total, { ms }) => total + ms, 0);
  if (sum <= 0) return null;
  const said = all.map(({ about, ms }) => `${about} ${durationText(ms)}`).join(", ");
  return (
    <div class="phases" role="img" aria-label={said} title={said}>
      {all.map(
        ({ name, ms }) => ms > 0 && <i key={name} class={name} style={{ flexGrow: String(ms / sum) }} />,
      )}
    </div>
  );
}
