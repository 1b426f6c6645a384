/** Plays one scenario on a stage and tells what happened. Every wait is bounded. */
import type { SeenRequest } from "./app.ts";
import { createJournal } from "./journal.ts";
import type { Journal } from "./journal.ts";
import type { Message } from "./messages.ts";
import type { Posted } from "./runtime-api.ts";
import type { AppAnswer, Expected, Invocation, Scenario, Step } from "./scenario.ts";
import { setStage } from "./stage.ts";
import type { Stage, Subject } from "./stage.ts";

export interface Outcome {
  readonly requests: readonly SeenRequest[];
  readonly posted: readonly Posted[];
  /** Everything asked of the Lambda APIs. */
  readonly calls: readonly Message[];
  readonly journal: readonly string[];
  readonly ended: number | string | undefined;
  /** What was waited for in vain. */
  readonly hangs: string | undefined;
}

/** A scenario that needs the subject from its start, or ends it. */
export function isFresh(scenario: Scenario): boolean {
  const { fresh, steps, api, appIsLate, appHost } = scenario;
  return fresh === true || [steps, api, appIsLate, appHost].some((one) => one !== undefined);
}

/** Whether the stage can be used for another scenario afterwards. */
export function isSpent(outcome: Outcome): boolean {
  return outcome.ended !== undefined || outcome.hangs !== undefined;
}

export async function playFresh(subject: Subject, scenario: Scenario, limitMs: number): Promise<Outcome> {
  const stage = await setStage(subject, scenario);
  try {
    return await play(stage, scenario, limitMs, () => stage.start(scenario.env ?? {}));
  } finally {
    await stage.close();
  }
}

/** A stage whose subject waits for its first invocation, or has ended before. */
export async function startShared(subject: Subject, env: Scenario["env"], limitMs: number): Promise<Stage> {
  const stage = await setStage(subject, undefined);
  const journal = createJournal();
  const scene = { journal, rules: [], posted: [], calls: [] };
  stage.app.play({ journal, answers: [], serving: () => false, requests: [] });
  stage.api.play(scene);
  stage.proxy.play(scene);
  stage.watch(journal);
  stage.start(env ?? {});
  const isThere = await journal.until(() => stage.api.waiting() > 0 || stage.ended() !== undefined, limitMs);
  if (isThere && stage.ended() === undefined) return stage;
  await stage.close();
  throw new Error(`The subject did not start:\n${journal.lines.slice(-20).join("\n")}`);
}

export async function play(
  stage: Stage,
  scenario: Scenario,
  limitMs: number,
  start: () => void = () => {},
): Promise<Outcome> {
  const journal = createJournal();
  const requests: SeenRequest[] = [];
  const posted: Posted[] = [];
  const calls: Message[] = [];
  const rules = scenario.api ?? [];
  let handedOut = 0;
  let hangs: string | undefined;
  const answers = scenario.app === undefined ? [OK] : listOf(scenario.app);
  stage.app.play({ journal, answers, serving: () => handedOut > 0, requests });
  stage.api.play({ journal, rules, posted, calls });
  stage.proxy.play({ journal, rules, posted, calls });
  stage.watch(journal);
  const hasEnded = (): boolean => stage.ended() !== undefined;
  const wait = async (what: string, look: () => boolean): Promise<void> => {
    if (!(await journal.until(() => look() || hasEnded(), limitMs))) hangs = what;
  };
  const waiting = (): number => stage.api.waiting() + stage.proxy.waiting();
  const done = (): number =>
    new Set(posted.map(({ invocation }) => invocation)).size + countOf(journal, "413");

  async function act(step: Step): Promise<void> {
    if ("invoke" in step) {
      await wait("asking for an invocation", () => waiting() > 0 || handedOut > 0);
      handedOut++;
      (stage.proxy.waiting() > 0 ? stage.proxy : stage.api).invoke(step.invoke);
    } else if ("until" in step) {
      await wait(String(step.until), () => journal.lines.some((line) => step.until.test(line)));
    } else if ("untilTimes" in step) {
      const { lines, count } = step.untilTimes;
      await wait(
        `${lines} ${count} times`,
        () => journal.lines.filter((line) => lines.test(line)).length >= count,
      );
    } else if ("answered" in step) {
      await wait("an answer", () => done() === handedOut);
      if (hangs === undefined) await wait("asking for the next invocation", () => waiting() > 0);
    } else if ("mark" in step) journal.add(`mark ${step.mark}`);
    else if ("signal" in step) stage.terminate();
    else if ("release" in step) stage.app.release();
    else if ("listen" in step) await stage.app.listen(step.listen);
    else if ("closeIdle" in step) await stage.app.closeIdle();
    else if ("hangUp" in step) stage.api.hangUp(step.hangUp);
    else stage.api.restore();
  }

  start();
  for (const step of stepsOf(scenario)) {
    if (hasEnded() || hangs !== undefined) break;
    await act(step);
  }
  // A subject that is ending has closed its connections: its end is on the way.
  if (hangs === undefined && scenario.expect.ended !== undefined) await journal.until(hasEnded, END_MS);
  // What a subject prints comes through another pipe than what it posts, and may come later.
  if (hangs === undefined) await journal.until(() => isTold(scenario, journal.lines), LATE_MS);
  return { requests, posted, calls, journal: [...journal.lines], ended: stage.ended(), hangs };
}

/** How long the end of a process may take that has closed its connections, ms. */
const END_MS = 2000;

/** How long lines that are expected of the journal may come late, ms. */
const LATE_MS = 400;

/** Whether every line is there that is expected, of us or else of LWA. */
function isTold({ expect, lwa }: Scenario, lines: readonly string[]): boolean {
  const told = (wanted: Expected): boolean =>
    (wanted.journal ?? []).every((pattern) => lines.some((line) => pattern.test(line)));
  const others = lwa === undefined ? [] : listOf(lwa.sees).filter(({ journal }) => journal !== undefined);
  return told(expect) || others.some(told);
}

const OK: AppAnswer = { headers: [["content-type", "text/plain"]], body: "ok" };

function stepsOf(scenario: Scenario): readonly Step[] {
  if (scenario.steps !== undefined) return scenario.steps;
  return invocationsOf(scenario).flatMap((invoke): Step[] => [{ invoke }, { answered: true }]);
}

function invocationsOf({ invoke }: Scenario): readonly Invocation[] {
  if (invoke === undefined) return [];
  return listOf(invoke);
}

export function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

function countOf(journal: Journal, line: string): number {
  return journal.lines.filter((one) => one === line).length;
}
