/** JSON with colours. Text only: nothing of an event becomes markup. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { prettyText } from "../model/format.ts";

const token = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

/** Beyond that it is plain: a million coloured words would hold up the page. */
const mostColoured = 200_000;

export function JsonView({ text, label }: { text: string; label: string }): JSX.Element {
  const parts = useMemo(() => coloured(prettyText(text)), [text]);
  return (
    // Scrolls, so it has to be reached by keyboard.
    <pre class="json" tabIndex={0} role="region" aria-label={label}>
      {parts}
    </pre>
  );
}

function coloured(text: string): (string | JSX.Element)[] {
  if (text.length > mostColoured) return [text];
  const parts: (string | JSX.Element)[] = [];
  let at = 0;
  for (const match of text.matchAll(token)) {
    const [all, string, colon, word] = match;
    if (match.index > at) parts.push(text.slice(at, match.index));
    const kind =
      string === undefined ? (word === undefined ? "num" : "word") : colon === undefined ? "str" : "key";
    parts.push(<span class={kind}>{string ?? all}</span>);
    if (colon !== undefined) parts.push(colon);
    at = match.index + all.length;
  }
  parts.push(text.slice(at));
  return parts;
}
