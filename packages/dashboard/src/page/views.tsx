/** The page of a check: its report, and what happened while it was made, as two tabs. */
import type { JSX } from "preact";
import type { CheckState } from "../protocol.ts";
import { Timeline } from "../timeline/timeline.tsx";
import { DetailPane } from "./detail.tsx";
import { Invocations } from "./invocations.tsx";
import { Report } from "./report.tsx";
import { showHappened, showReport } from "./actions.ts";
import { type View, chosenView } from "./state.ts";

const views: readonly { readonly view: View; readonly name: string; readonly show: () => void }[] = [
  { view: "report", name: "Report", show: showReport },
  { view: "happened", name: "What happened", show: showHappened },
];

export function Views({ check }: { check: CheckState }): JSX.Element {
  return (
    <>
      <div role="tablist" aria-label="Parts of the check" class="tabs views">
        {views.map(({ view, name, show }, number) => (
          <button
            key={view}
            type="button"
            role="tab"
            id={`view-tab-${view}`}
            aria-selected={chosenView.value === view}
            aria-controls={chosenView.value === view ? `view-${view}` : undefined}
            tabIndex={chosenView.value === view ? 0 : -1}
            onClick={show}
            onKeyDown={(event) => {
              if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
              event.preventDefault();
              event.stopPropagation();
              const other = views[1 - number];
              other?.show();
              document.getElementById(`view-tab-${other?.view}`)?.focus();
            }}
          >
            {name}
          </button>
        ))}
      </div>
      {chosenView.value === "report" ? (
        <Report check={check} />
      ) : (
        <div class="happened" id="view-happened" role="tabpanel" aria-labelledby="view-tab-happened">
          <Timeline />
          <div class="below">
            <Invocations />
            <DetailPane />
          </div>
        </div>
      )}
    </>
  );
}
