/** Runs scenarios against a subject: those with the same variables in one process, several processes side by side. */
import { isFresh, isSpent, play, playFresh, startShared } from "./play.ts";
import type { Outcome } from "./play.ts";
import type { Scenario } from "./scenario.ts";
import type { Stage, Subject } from "./stage.ts";

/** Processes at a time. */
const LANES = 4;

/** How long a wait of `scenario` may take, ms. */
export type LimitOf = (scenario: Scenario) => number;

/** An outcome for each scenario; rejected ones are faults of the harness or a subject that does not start. */
export function runAll(
  subject: Subject,
  scenarios: readonly Scenario[],
  limitOf: LimitOf,
): ReadonlyMap<string, Promise<Outcome>> {
  const outcomes = new Map<string, Promise<Outcome>>();
  const settlers = new Map<string, (outcome: Outcome | Promise<Outcome>) => void>();
  for (const { name } of scenarios) {
    if (outcomes.has(name)) throw new Error(`There are two scenarios called "${name}"`);
    const outcome = new Promise<Outcome>((resolve) => settlers.set(name, resolve));
    // Whoever asks for it is told; until then nobody has failed to listen.
    outcome.catch(() => {});
    outcomes.set(name, outcome);
  }
  const settle = (scenario: Scenario, outcome: Promise<Outcome>): Promise<unknown> => {
    settlers.get(scenario.name)?.(outcome);
    return outcome.catch(() => {});
  };
  const batches = batchesOf(scenarios);
  for (let lane = 0; lane < LANES; lane++) void work();
  return outcomes;

  async function work(): Promise<void> {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      const [first] = batch;
      if (first !== undefined && isFresh(first))
        await settle(first, playFresh(subject, first, limitOf(first)));
      else await shareSubject(batch);
    }
  }

  async function shareSubject(batch: readonly Scenario[]): Promise<void> {
    let stage: Stage | undefined;
    for (const scenario of batch) {
      const limit = limitOf(scenario);
      const outcome = (async () => {
        stage ??= await startShared(subject, scenario.env, Math.max(limit, 5000));
        return play(stage, scenario, limit);
      })();
      await settle(scenario, outcome);
      if (isSpent(await outcome.catch(() => spent))) {
        await stage?.close();
        stage = undefined;
      }
    }
    await stage?.close();
  }
}

const spent: Outcome = {
  requests: [],
  posted: [],
  calls: [],
  journal: [],
  ended: undefined,
  hangs: "it did not start",
};

function batchesOf(scenarios: readonly Scenario[]): Scenario[][] {
  const alone: Scenario[][] = [];
  const shared = new Map<string, Scenario[]>();
  for (const scenario of scenarios) {
    if (isFresh(scenario)) {
      alone.push([scenario]);
      continue;
    }
    const key = JSON.stringify(scenario.env ?? {});
    const batch = shared.get(key);
    if (batch === undefined) shared.set(key, [scenario]);
    else batch.push(scenario);
  }
  // The long ones first, so that no lane is left alone with one at the end.
  return [...[...shared.values()].sort((a, b) => b.length - a.length), ...alone];
}
