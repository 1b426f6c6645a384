/** Several copies at once: as many requests at the same time to a fleet that has none yet. */
import { type FleetOptions, type SandboxEvent, openDoor, startFleet } from "@anylambda/sandbox";
import type { FunctionPlan } from "../function-plan.ts";
import { userFailure } from "../user-failure.ts";
import { type CheckRequest, observe } from "./requests.ts";

export interface TogetherOptions {
  readonly plan: FunctionPlan;
  readonly request: CheckRequest;
  readonly copies: number;
  readonly snapStart: FleetOptions["snapStart"];
  readonly tell: (event: SandboxEvent) => void;
  /** Called when all have answered and everything still runs. */
  readonly alive: () => void;
}

/** From the requests on until the last answer, ms. Rejects unless each was answered by a copy of its own. */
export async function answerTogether(options: TogetherOptions): Promise<number> {
  const { plan, request, copies, snapStart, tell, alive } = options;
  let restored = 0;
  let failure: string | undefined;
  const report = (event: SandboxEvent): void => {
    tell(event);
    if (event.type !== "restoreReport") return;
    restored += 1;
    if (event.status !== "success") failure ??= event.failure?.message ?? event.errorType;
  };
  const fleet = await startFleet(plan.configuration, {
    report,
    path: plan.path,
    maxConcurrency: copies,
    variablesFor: plan.variablesFor,
    snapStart,
  });
  try {
    await fleet.initialized;
    const door = await openDoor(fleet, { type: "function-url", port: 0 });
    try {
      const started = performance.now();
      await Promise.all(Array.from({ length: copies }, () => observe(door.url, [request])));
      const durationMs = performance.now() - started;
      if (failure !== undefined) throw userFailure("A copy could not be restored", failure);
      if (restored !== copies) throw new Error(`${copies} requests were answered by ${restored} copies`);
      alive();
      return durationMs;
    } finally {
      await door.close();
    }
  } finally {
    await fleet.shutdown();
  }
}
