import { describe, expect, it } from "vitest";
import { runAll } from "./harness/batches.ts";
import { judge } from "./harness/judge.ts";
import { listOf } from "./harness/play.ts";
import type { Outcome } from "./harness/play.ts";
import type { Scenario, Verdict } from "./harness/scenario.ts";
import { topics } from "./scenarios/index.ts";
import { lwa, native, nativeArm64, ours } from "./subjects.ts";

/** Generous: nothing that comes is waited for so long, and what does not come is a failure. */
const LIMIT_MS = 8000;

/** What LWA is known to leave unanswered is given up sooner. */
const HANG_MS = 1500;

const scenarios = topics.flatMap((topic) => topic.scenarios);

/** One program, wherever it runs. */
const engines = [ours, native(), nativeArm64()];

it.for(engines.filter((one) => typeof one === "string"))("%s", (missing, { skip }) => {
  skip(missing);
});

describe.each(engines.filter((one) => typeof one !== "string"))("our adapter: $name", (subject) => {
  const outcomes = runAll(subject, scenarios, ({ limitMs }) => limitMs ?? LIMIT_MS);

  describe.each(topics)("$title", ({ scenarios }) => {
    it.each(scenarios)("$name", async (scenario) => {
      const outcome = await outcomes.get(scenario.name);
      expect(outcome && judge(scenario.expect, outcome)).toEqual([]);
    });
  });
});

const peer = lwa();

it.for(typeof peer === "string" ? [peer] : [])("%s", (missing, { skip }) => {
  skip(missing);
});

describe.each(typeof peer === "string" ? [] : [peer])("$name", (subject) => {
  const limitOf = (scenario: Scenario): number =>
    scenario.lwa !== undefined && listOf(scenario.lwa.sees).some((one) => one.hangs === true)
      ? (scenario.limitMs ?? HANG_MS)
      : (scenario.limitMs ?? LIMIT_MS);
  const outcomes = runAll(subject, scenarios, limitOf);

  describe.each(topics)("$title", ({ scenarios }) => {
    it.each(scenarios.filter((scenario) => scenario.lwa === undefined))("same: $name", async (scenario) => {
      const outcome = await outcomes.get(scenario.name);
      expect(outcome && judge(scenario.expect, outcome)).toEqual([]);
    });

    it.each(scenarios.filter((scenario) => scenario.lwa !== undefined))(
      "not the same: $name",
      async (scenario) => {
        const outcome = await outcomes.get(scenario.name);
        // Not what we promise, and just what is recorded of it.
        expect(outcome && judge(scenario.expect, outcome)).not.toEqual([]);
        expect(outcome && scenario.lwa && judgeAny(scenario.lwa, outcome)).toEqual([]);
      },
    );
  });
});

/** What the outcome lacks of the one it is most like. */
function judgeAny({ sees }: Verdict, outcome: Outcome): string[] {
  const all = listOf(sees).map((one) => judge(one, outcome));
  return all.find((wrong) => wrong.length === 0) ?? all.flat();
}
