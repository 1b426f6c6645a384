/** A function from its first boot to its end; what `dev` and `invoke` have in common. */
import { type Fleet, startFleet } from "@anylambda/sandbox";
import { bootFailure } from "../boot-failure.ts";
import type { ExitName } from "../exit-codes.ts";
import { type FunctionOptions, type FunctionPlan, planFunction } from "../function-plan.ts";
import type { Reporter } from "../output/notice.ts";
import { type Interrupts, watchInterrupts } from "./interrupts.ts";

export interface Session {
  readonly fleet: Fleet;
  readonly interrupts: Interrupts;
}

/** Boots the first environment, lets `use` have it, and ends them all whatever happens: no process outlives this call. */
export async function withSession(
  command: readonly string[],
  options: FunctionOptions,
  reporter: Reporter,
  use: (session: Session) => Promise<ExitName>,
): Promise<ExitName> {
  const plan = await planFunction(command, options, process.env);
  // Before anything is started: a Ctrl-C during the boot must not leave the app behind.
  const interrupts = watchInterrupts();
  try {
    tellPlan(plan, reporter);
    const { path, maxConcurrency, variablesFor } = plan;
    const whenBusy = options.throttle === true ? "throttle" : "wait";
    const fleetOptions = { report: reporter.tell, path, maxConcurrency, whenBusy, variablesFor } as const;
    const fleet = await startFleet(plan.configuration, fleetOptions);
    let end: ExitName = "done";
    try {
      warnOfRefused(fleet, reporter);
      end = await Promise.race([booted(fleet, interrupts, plan, reporter, use), interrupts.crash]);
    } finally {
      // A second Ctrl-C cannot cut the sandbox's own two seconds shorter, but it is told apart.
      let again = false;
      void interrupts.second.then(() => (again = true));
      await fleet.shutdown();
      if (again) end = "interrupted";
    }
    return end;
  } finally {
    interrupts.release();
  }
}

async function booted(
  fleet: Fleet,
  interrupts: Interrupts,
  plan: FunctionPlan,
  reporter: Reporter,
  use: (session: Session) => Promise<ExitName>,
): Promise<ExitName> {
  const first = await Promise.race([fleet.initialized, interrupts.first]);
  if (typeof first === "string") {
    reporter.tell({ type: "stopping", signal: first });
    return "done";
  }
  if (first.status !== "success") throw bootFailure(first, plan);
  return use({ fleet, interrupts });
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

function warnOfRefused(fleet: Fleet, reporter: Reporter): void {
  for (const { name, reason } of fleet.refusedVariables) {
    const why = reason === "reserved" ? "Lambda sets it itself" : "Lambda takes no such name";
    reporter.tell({ type: "warning", message: `The variable ${name} is left out: ${why}` });
  }
}
