/** What is started by a command is ended by it, whatever happens: no process outlives these calls. */
import {
  type Allocation,
  type Fleet,
  type FleetOptions,
  type InvocationTap,
  type SandboxEvent,
  startFleet,
} from "@anylambda/sandbox";
import { chaosSeedOf } from "../fleet-settings.ts";
import { userFailure } from "../user-failure.ts";
import { bootFailure, otherPorts } from "../boot-failure.ts";
import type { ExitName } from "../exit-codes.ts";
import { type FunctionOptions, type FunctionPlan, planFunction } from "../function-plan.ts";
import type { Reporter } from "../output/notice.ts";
import { chooseEngine } from "../snapshot-engine.ts";
import { type Interrupts, watchInterrupts } from "./interrupts.ts";

/** While something runs. */
export interface Running {
  readonly interrupts: Interrupts;
  /** Leaves something to be done at the end; all of it is done at once. */
  readonly atEnd: (end: () => Promise<unknown>) => void;
}

/** Watches for Ctrl-C and its like from before anything is started. */
export async function whileRunning(run: (running: Running) => Promise<ExitName>): Promise<ExitName> {
  const interrupts = watchInterrupts();
  const ends: (() => Promise<unknown>)[] = [];
  try {
    let end: ExitName = "done";
    try {
      end = await Promise.race([run({ interrupts, atEnd: (one) => ends.push(one) }), interrupts.crash]);
    } finally {
      // A second Ctrl-C cannot cut the sandbox's own two seconds shorter, but it is told apart.
      let again = false;
      void interrupts.second.then(() => (again = true));
      await Promise.all(ends.map((one) => one()));
      if (again) end = "interrupted";
    }
    return end;
  } finally {
    interrupts.release();
  }
}

/** So that who asks again at once, a browser that loads a page, does not pay for freezing and thawing. */
const graceMs = 10;

/** Whoever listens beside the reporter. */
export interface Ears {
  readonly tap: InvocationTap;
  readonly happened: (event: SandboxEvent) => void;
}

/** Starts the fleet of a plan; its init goes on. `name` is told with each event where there are several functions. */
export async function launch(
  plan: FunctionPlan,
  options: FunctionOptions,
  reporter: Reporter,
  { ears, name }: { readonly ears?: Ears | undefined; readonly name?: string | undefined } = {},
): Promise<Fleet> {
  tellPlan(plan, reporter);
  const { path, maxConcurrency, variablesFor } = plan;
  const whenBusy = options.throttle === true ? "throttle" : undefined;
  const report = (event: SandboxEvent): void => {
    reporter.tell(name === undefined ? event : { ...event, function: name });
    ears?.happened(event);
    // Only the first knows the port: the others take one each.
    if (event.type === "initSlow" && event.environmentNumber === 1) warnOfOtherPorts(event, plan, reporter);
  };
  const tap = ears?.tap;
  const snapStart = await snapStartOf(options, plan, reporter);
  const freezeAfterMs = options.freeze === true ? graceMs : undefined;
  const { isolation, outbound } = plan;
  const limitMemory = options.memoryLimit !== false;
  const walls = { isolation, shareNetwork: options.shareNet === true, outbound };
  const limits = { freezeAfterMs, limitMemory, ...walls };
  const chaosSeed = chaosSeedOf(options);
  const fleetOptions = { report, path, maxConcurrency, whenBusy, variablesFor, tap, snapStart } as const;
  const all = { ...fleetOptions, ...limits, chaosSeed };
  const fleet = await startFleet(plan.configuration, all).catch((error: unknown) => {
    throw error instanceof RangeError ? userFailure(error.message, "Leave out one of them.") : error;
  });
  warnOfRefused(fleet, reporter);
  if (chaosSeed !== undefined) warnOfChaos(chaosSeed, reporter);
  void fleet.allocated.then((allocation) => warnOfAllocation(allocation, reporter));
  return fleet;
}

/** Long before the init's limit is over: by then nobody waits any more. */
function warnOfOtherPorts(
  { listeningPorts }: Extract<SandboxEvent, { type: "initSlow" }>,
  { appPort }: FunctionPlan,
  reporter: Reporter,
): void {
  const elsewhere = otherPorts(listeningPorts, appPort);
  if (elsewhere === undefined) return;
  reporter.tell({ type: "warning", message: `${elsewhere.sentence}. ${elsewhere.hint}` });
}

async function snapStartOf(
  { snapstart, reach, concurrency }: FunctionOptions,
  { snapshot }: FunctionPlan,
  reporter: Reporter,
): Promise<FleetOptions["snapStart"]> {
  if (snapshot !== undefined) {
    const { engine } = await chooseEngine("criu", reach, concurrency);
    return { engine, snapshot };
  }
  if (snapstart === undefined) return undefined;
  const { engine, warning } = await chooseEngine(snapstart, reach, concurrency);
  if (warning !== undefined) reporter.tell({ type: "warning", message: warning });
  return { engine };
}

export interface Session {
  readonly fleet: Fleet;
  readonly interrupts: Interrupts;
}

/** One function, from its first boot to its end. */
export async function withSession(
  command: readonly string[],
  options: FunctionOptions,
  reporter: Reporter,
  use: (session: Session) => Promise<ExitName>,
): Promise<ExitName> {
  const plan = await planFunction(command, options, process.env);
  return whileRunning(async ({ interrupts, atEnd }) => {
    const fleet = await launch(plan, options, reporter);
    atEnd(() => fleet.shutdown());
    const first = await Promise.race([fleet.initialized, interrupts.first]);
    if (typeof first === "string") {
      reporter.tell({ type: "stopping", signal: first });
      return "done";
    }
    if (first.status !== "success") throw bootFailure(first, plan);
    return use({ fleet, interrupts });
  });
}

function tellPlan(
  { configuration, command, engine, appPort, warnings }: FunctionPlan,
  reporter: Reporter,
): void {
  for (const message of warnings) reporter.tell({ type: "warning", message });
  reporter.tell({
    type: "starting",
    name: configuration.name,
    command,
    ...(engine !== undefined && { adapter: engine }),
    ...(appPort !== undefined && { appPort }),
    memorySizeMb: configuration.memorySizeMb,
    timeoutSeconds: configuration.timeoutMs / 1000,
  });
}

function warnOfChaos(seed: number, reporter: Reporter): void {
  const message = `Chaos is on: crashes, freezes, late and doubled events. --chaos=${seed} decides the same again`;
  reporter.tell({ type: "warning", message });
}

function warnOfAllocation(allocation: Allocation | undefined, reporter: Reporter): void {
  if (allocation === undefined || allocation.status === "READY") return;
  const { available, requested, statusReason } = allocation;
  const message = `Provisioned concurrency FAILED (${statusReason}): ${available} of ${requested} environments are ready`;
  reporter.tell({ type: "warning", message });
}

function warnOfRefused(fleet: Fleet, reporter: Reporter): void {
  for (const { name, reason } of fleet.refusedVariables) {
    const why = reason === "reserved" ? "Lambda sets it itself" : "Lambda takes no such name";
    reporter.tell({ type: "warning", message: `The variable ${name} is left out: ${why}` });
  }
}
