/** The page: head, time line, list and detail, dialogs. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Timeline } from "../timeline/timeline.tsx";
import { Composer } from "./composer.tsx";
import { DetailPane } from "./detail.tsx";
import { Head } from "./head.tsx";
import { Help } from "./help.tsx";
import { Invocations } from "./invocations.tsx";
import { Locked, Nothing } from "./nothing.tsx";
import { watchKeys } from "./keys.ts";
import { check, connection, known, notice } from "./state.ts";
import { Views } from "./views.tsx";

export function App(): JSX.Element {
  useEffect(watchKeys, []);
  const empty = known.value.model.invocations.size === 0;
  if (connection.value === "locked") return <Locked />;
  return (
    <>
      <Head />
      <main>{check.value === undefined ? <Served empty={empty} /> : <Views check={check.value} />}</main>
      <Composer />
      <Help />
      <Notice />
    </>
  );
}

function Served({ empty }: { empty: boolean }): JSX.Element {
  return (
    <>
      <Timeline />
      {empty ? (
        <Nothing />
      ) : (
        <div class="below">
          <Invocations />
          <DetailPane />
        </div>
      )}
    </>
  );
}

function Notice(): JSX.Element {
  const text = notice.value;
  useEffect(() => {
    const timer = setTimeout(() => (notice.value = ""), 2500);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div class={`notice ${text === "" ? "" : "shown"}`} role="status" aria-live="polite">
      {text}
    </div>
  );
}
