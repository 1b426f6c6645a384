/** What was written while an invocation ran: the app, the extensions, and Lambda's own lines, in order. */
import type { JSX } from "preact";
import { clockText } from "../model/format.ts";
import type { Invocation } from "../model/model.ts";

export function Logs({ invocation }: { invocation: Invocation }): JSX.Element {
  const lines = [...invocation.logs, ...invocation.platform].sort((a, b) => a.time - b.time);
  if (lines.length === 0) return <p class="none">It wrote nothing.</p>;
  return (
    <ol class="logs" tabIndex={0} aria-label="Logs">
      {lines.map(({ time, source, stream, text }) => (
        <li class={source === "app" ? "app" : source === "lambda" ? "lambda" : "extension"}>
          <time class="dim">{clockText(time)}</time>
          <span class={`source ${stream === "stderr" ? "stderr" : ""}`}>
            {source === "lambda-adapter" ? "adapter" : source}
          </span>
          <span class="line">{text.replaceAll("\t", "  ")}</span>
        </li>
      ))}
    </ol>
  );
}
