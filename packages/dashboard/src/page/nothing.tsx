/** What the page says while there is nothing to show. */
import type { JSX } from "preact";
import { composeNew } from "./actions.ts";
import { hello } from "./state.ts";

export function Nothing(): JSX.Element {
  const functions = hello.value?.functions ?? [];
  return (
    <section class="empty" aria-label="Invocations">
      <h2>Waiting for the first request</h2>
      <p>Open one of these, and see here what becomes of it:</p>
      <ul>
        {functions.flatMap(({ name, doors }) =>
          doors.map(({ kind, url }) => (
            <li key={url}>
              {url.startsWith("http") ? (
                <a href={url} target="_blank" rel="noreferrer">
                  {url}
                </a>
              ) : (
                <code>{url}</code>
              )}
              <span class="dim">
                {name}, {kind}
              </span>
            </li>
          )),
        )}
      </ul>
      <button type="button" class="primary" onClick={composeNew}>
        Send a sample event
      </button>
    </section>
  );
}

export function Locked(): JSX.Element {
  return (
    <main class="empty">
      <h1>This page needs its whole address</h1>
      <p>
        Open the address that <code>anylambda</code> printed, with what stands behind <code>#</code>. Each
        start of the command has another one.
      </p>
    </main>
  );
}
