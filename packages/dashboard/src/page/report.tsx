/** The report of `anylambda snapstart check`: verdict, times, and each finding with what was seen and its mend. */
import type { JSX } from "preact";
import { countText, gainOf, gravestFirst, kindTitles } from "../model/report.ts";
import { durationText, sizeText } from "../model/format.ts";
import type { CheckFinding, CheckReport, CheckState } from "../protocol.ts";
import { showHappened } from "./actions.ts";
import { filter } from "./state.ts";
import { Times } from "./times.tsx";

export function Report({ check }: { check: CheckState }): JSX.Element {
  const { report } = check;
  return (
    <div class="report" id="view-report" role="tabpanel" aria-labelledby="view-tab-report">
      <section class="verdict" aria-label="Verdict">
        {report === undefined ? <Steps check={check} /> : <Verdict check={check} report={report} />}
      </section>
      {report !== undefined && <Findings findings={gravestFirst(report.findings)} />}
    </div>
  );
}

function Steps({ check: { steps, command } }: { check: CheckState }): JSX.Element {
  return (
    <>
      <h2>The check runs</h2>
      <p class="dim">
        <code>{command}</code>
      </p>
      <ol class="steps" aria-live="polite">
        {steps.map((step, number) => {
          const over = number < steps.length - 1;
          return (
            <li key={number} class={over ? "over" : "now"}>
              <i aria-hidden="true">{over ? "✓" : "…"}</i>
              {step}
            </li>
          );
        })}
      </ol>
    </>
  );
}

function Verdict({ check, report }: { check: CheckState; report: CheckReport }): JSX.Element {
  const { findings, engine, language, imageBytes } = report;
  const faults = findings.filter(({ grade }) => grade === "fault").length;
  const looks = findings.length - faults;
  return (
    <>
      <header>
        <span class={`pill ${faults > 0 ? "bad" : "good"}`}>
          <i aria-hidden="true">{faults > 0 ? "✕" : "✓"}</i>
          {faults > 0 ? countText(faults, "fault") : "No fault found"}
        </span>
        {looks > 0 && <span class="pill busy">{countText(looks, "thing")} to look at</span>}
      </header>
      {engine === "replay" && (
        <p class="blind">
          Memory was not restored here (replay), so values that a snapshot makes equal cannot be seen: hooks
          and life cycle were checked.
        </p>
      )}
      <Times report={report} />
      <p class="gain">{gainOf(report)}</p>
      <dl class="facts">
        <Fact name="Command">
          <code>{check.command}</code>
        </Fact>
        <Fact name="Requests">
          <code>{check.requests.join(", ")}</code>
        </Fact>
        <Fact name="Language">{language}</Fact>
        <Fact name="Restored by">
          {engine === "criu" ? "CRIU, with its memory" : "replay, without memory"}
        </Fact>
        {imageBytes > 0 && <Fact name="Image">{sizeText(imageBytes)}</Fact>}
        <Fact name="First answer after a boot">{durationText(report.bootToAnswerMs)}</Fact>
      </dl>
    </>
  );
}

function Fact({ name, children }: { name: string; children: JSX.Element | string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Findings({ findings }: { findings: readonly CheckFinding[] }): JSX.Element {
  return (
    <section class="findings" aria-label="Findings">
      <h2>Findings</h2>
      {findings.length === 0 && (
        <p class="none">
          Two boots and two copies of one snapshot answered alike where they should, and differed where they
          should.
        </p>
      )}
      <ol>
        {findings.map((finding, number) => (
          <li key={number}>
            <Finding finding={finding} number={number + 1} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Finding({ finding, number }: { finding: CheckFinding; number: number }): JSX.Element {
  const { kind, grade, where, what, mend } = finding;
  const request = /^[A-Z]+ \/\S*(?=,|$)/.exec(where)?.[0];
  const look = (): void => {
    filter.value = { text: request ?? "", failedOnly: false, function: "" };
    showHappened();
  };
  return (
    // Reached by j and k, which go from finding to finding.
    <article tabIndex={-1} class={grade === "fault" ? "grave" : ""} aria-labelledby={`finding-${number}`}>
      <header>
        <span class={`pill ${grade === "fault" ? "bad" : "busy"}`}>
          <i aria-hidden="true">{grade === "fault" ? "✕" : "?"}</i>
          {grade === "fault" ? "fault" : "look"}
        </span>
        <h3 id={`finding-${number}`}>{kindTitles[kind] ?? kind}</h3>
        <div class="grow" />
        {request !== undefined && (
          <button type="button" onClick={look}>
            Show the answers
          </button>
        )}
      </header>
      <dl>
        <dt>Seen</dt>
        <dd class="mono">{where}</dd>
        <dt>Evidence</dt>
        <dd>{what}</dd>
        <dt>Mend</dt>
        <dd class="mend">{mend}</dd>
      </dl>
    </article>
  );
}
