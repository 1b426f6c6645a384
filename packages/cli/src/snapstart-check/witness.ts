/** One environment, brought to life, asked, and ended again. */
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  type FleetOptions,
  type InvocationTap,
  type SandboxEvent,
  openDoor,
  startFleet,
} from "@anylambda/sandbox";
import type { FunctionPlan } from "../function-plan.ts";
import type { Witness } from "./compare.ts";
import { type CheckRequest, observe } from "./requests.ts";

export interface Seen extends Witness {
  /** Of the init, or of the restore, ms. */
  readonly readyMs: number;
  /** Of the first answer, from the request on, restore included, ms. */
  readonly firstAnswerMs: number;
  /** Mean of the others, ms. */
  readonly secondAnswerMs: number;
  /** Why there is nothing to compare. */
  readonly failure?: string;
}

export interface WitnessOptions {
  readonly plan: FunctionPlan;
  readonly requests: readonly CheckRequest[];
  readonly snapStart?: FleetOptions["snapStart"];
  /** A variable that only processes of this environment have, and its value. */
  readonly mark?: readonly [name: string, value: string];
  /** Called when all requests are answered and everything still runs. */
  readonly alive?: (() => Promise<void>) | undefined;
  /** Takes every event. */
  readonly tell: (event: SandboxEvent) => void;
  readonly tap?: InvocationTap | undefined;
}

export async function hear(options: WitnessOptions): Promise<Seen> {
  const { plan, requests, snapStart, mark, tell, tap, alive } = options;
  const log: string[] = [];
  let readyMs = 0;
  let failure: string | undefined;
  const invocations = runningInvocations();
  const report = (event: SandboxEvent): void => {
    tell(event);
    invocations.hear(event);
    if (event.type === "log" && event.source.kind === "function") log.push(event.line);
    // What was printed at a publication belongs to no copy.
    if (event.type === "checkpoint") log.length = 0;
    const isReady = event.type === (snapStart === undefined ? "initReport" : "restoreReport");
    if (!isReady || (event.type !== "initReport" && event.type !== "restoreReport")) return;
    readyMs = event.durationMs;
    if (event.status !== "success") failure ??= event.failure?.message ?? event.errorType;
  };
  const since = Date.now();
  const fleet = await startFleet(plan.configuration, {
    report,
    path: plan.path,
    tap,
    ...(snapStart && { snapStart }),
  });
  try {
    await fleet.initialized;
    const door = await openDoor(fleet, { type: "function-url", port: 0 });
    try {
      const started = performance.now();
      const [first, ...others] = requests;
      const observations = first === undefined ? [] : await observe(door.url, [first]);
      const firstAnswerMs = performance.now() - started;
      const begun = performance.now();
      observations.push(...(await observe(door.url, others)));
      const secondAnswerMs = (performance.now() - begun) / Math.max(1, others.length);
      // An answer comes before its invocation is over: ended now it would count as failed.
      await invocations.over();
      await alive?.();
      // After the others that are alive too have answered: a full /tmp would keep them waiting.
      const files = filesOf(mark, since);
      const times = { readyMs, firstAnswerMs, secondAnswerMs };
      return { observations, log, files, ...times, ...(failure !== undefined && { failure }) };
    } finally {
      await door.close();
    }
  } finally {
    await fleet.shutdown();
  }
}

/** Told of every event, it knows when no invocation runs. */
function runningInvocations() {
  let running = 0;
  let waiting: () => void = () => undefined;
  return {
    hear({ type }: SandboxEvent): void {
      if (type === "start") running += 1;
      if (type !== "report") return;
      running -= 1;
      if (running === 0) waiting();
    },
    over: () =>
      new Promise<void>((resolve) => {
        waiting = resolve;
        if (running === 0) resolve();
      }),
  };
}

/**
 * What lies in the environment's `/tmp`. Where it has one of its own, everything; in the machine's, what was made since
 * it was started.
 */
function filesOf(mark: WitnessOptions["mark"], since: number): string[] {
  const root = mark === undefined ? undefined : rootOf(mark);
  const directory = join(root ?? "/", "tmp");
  try {
    const names = readdirSync(directory);
    if (root !== undefined) return names;
    return names.filter((name) => statSync(join(directory, name)).ctimeMs >= since);
  } catch {
    return [];
  }
}

/** Root directory of the first process with the mark, if it is not this machine's own. */
function rootOf([name, value]: readonly [string, string]): string | undefined {
  const text = `${name}=${value}`;
  for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(text)) continue;
      const root = `/proc/${pid}/root`;
      const [own, ours] = [statSync(`${root}/tmp`), statSync("/tmp")];
      return own.ino === ours.ino && own.dev === ours.dev ? undefined : root;
    } catch {
      // It ended while we looked, or is not ours to look at.
    }
  }
  return undefined;
}
