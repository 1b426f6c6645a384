/** `docs/compatibility.md`, made of the scenarios and nothing else: the same scenarios give the same bytes. */
import { differences } from "./differences.ts";
import { faults } from "./faults.ts";
import { listOf } from "./harness/play.ts";
import type { Scenario, Topic } from "./harness/scenario.ts";
import { tell } from "./harness/tell.ts";
import { LWA_VERSION } from "./lwa.mjs";
import { pins } from "./pins.ts";
import { topics } from "./scenarios/index.ts";

const scenarios = topics.flatMap((topic) => topic.scenarios);

export function compatibilityPage(): string {
  return (
    [intro(), summary(), faultTable(), differenceTable(), pinTable(), ...topics.map(topicTable)].join(
      "\n\n",
    ) + "\n"
  );
}

function intro(): string {
  return `<!-- Made by \`npm run compatibility\` from the scenarios in conformance/; a test compares the two. -->

# Compatibility with AWS Lambda Web Adapter

Every row below is a scenario that runs over real sockets: a scripted Lambda on one side, a scripted app on the other, and between them, as a process of its own, our adapter or AWS Lambda Web Adapter (LWA). Our adapter must do what stands under *Ours*. LWA, where it is installed, must do what stands under *LWA*: a verdict that is not true any more fails the test too.

\`npx vitest run --project conformance\` runs all of it. \`node conformance/install-lwa.mjs\` builds LWA ${LWA_VERSION}, the newest in the registry of crates, with the profile of LWA's releases (a panic ends the process); without cargo, LWA is left out by name. Where a later LWA behaves in another way, as far as its documents and source tell, the row says so.

\`conformance/swap.test.ts\` goes the other way round: three apps of LWA's list of examples (Express behind an HTTP API, FastAPI streaming to a Function URL, Express behind a queue) run with the settings that LWA documents and no others, behind both adapters at once, and their clients see the same status, headers and bytes.`;
}

function summary(): string {
  const count = (is: string | undefined): number => scenarios.filter(({ lwa }) => lwa?.is === is).length;
  return `## In short

| Verdict | Scenarios | Meaning |
|---|---|---|
| same | ${count(undefined)} | LWA passes the very same expectations |
| better | ${count("fault")} | LWA shows one of its faults B1 to B40, which ours does not have |
| different | ${count("different")} | On purpose, for one of the named reasons |
| all | ${scenarios.length} | |`;
}

function faultTable(): string {
  const rows = faults.map(({ id, what, unseen }) => {
    const shown = scenarios.filter((one) => one.faults?.includes(id));
    return `| ${id} | ${cell(what)} | ${unseen ?? exampleOf(shown)} |`;
  });
  return `## Faults of LWA that ours does not have

Each is shown by scenarios that fail with LWA and pass with ours.

| Fault | LWA | Shown by |
|---|---|---|
${rows.join("\n")}`;
}

function differenceTable(): string {
  const rows = differences.map(({ name, why, unseen }) => {
    const shown = scenarios.filter((one) => one.lwa?.named === name);
    return `| ${name} | ${cell(why)} | ${unseen ?? exampleOf(shown)} |`;
  });
  return `## Differences on purpose

| Difference | Why | Shown by |
|---|---|---|
${rows.join("\n")}`;
}

function pinTable(): string {
  const rows = pins.map(({ number, what, unseen }) => {
    const shown = scenarios.filter((one) => one.pins?.includes(number));
    const verdicts = [...new Set(shown.map(verdictWord))].join(", ");
    return `| ${number} | ${cell(what)} | ${unseen ?? exampleOf(shown)} | ${verdicts} |`;
  });
  return `## What LWA's own tests pin

| No. | LWA's test | Shown by | Verdict |
|---|---|---|---|
${rows.join("\n")}`;
}

function exampleOf(shown: readonly Scenario[]): string {
  const [first] = shown;
  if (first === undefined) return "";
  return shown.length === 1 ? cell(first.name) : `${cell(first.name)} (and ${shown.length - 1} more)`;
}

function topicTable({ title, scenarios: rows }: Topic): string {
  return `## ${title}

| Scenario | LWA ${LWA_VERSION} | Ours | Verdict |
|---|---|---|---|
${rows.map(row).join("\n")}`;
}

function row(scenario: Scenario): string {
  const { name, expect, lwa } = scenario;
  const theirs = lwa === undefined ? "same" : `${cell(lwa.why)}: ${tell(listOf(lwa.sees)[0] ?? {})}`;
  const since = lwa?.since === undefined ? "" : ` (${cell(lwa.since)})`;
  return `| ${cell(name)} | ${theirs}${since} | ${tell(expect)} | ${verdict(scenario)} |`;
}

function verdict(scenario: Scenario): string {
  const { lwa, faults: shown = [] } = scenario;
  if (lwa === undefined) return "same";
  return lwa.is === "fault" ? `better: ${shown.join(", ")}` : `different: ${lwa.named ?? ""}`;
}

function verdictWord({ lwa }: Scenario): string {
  if (lwa === undefined) return "same";
  return lwa.is === "fault" ? "better" : "different";
}

/** Text in a cell: no line breaks, and nothing that Markdown would take for its own. */
function cell(text: string): string {
  return text
    .replaceAll(/[\r\n]+/g, " ")
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(/[<>*_\\[\]`]/g, "\\$&")))
    .join("")
    .replaceAll("|", "\\|");
}
