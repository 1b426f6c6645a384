/**
 * Ending the processes of a boot: order and budgets of environment.md 2.6. The same for a reset and a shutdown.
 *
 *   nobody registered          SIGKILL at once, no SIGTERM
 *   internal extensions only   runtime: SIGTERM, SIGKILL after 500 ms
 *   any external extension     runtime: SIGTERM, SIGKILL after 600 ms; then SHUTDOWN to the subscribers,
 *                              SIGKILL to the others at once and to everybody 2,000 ms after the start
 *
 * Between the runtime's end and SHUTDOWN telemetry is delivered to the last record: an extension that leaves at
 * once has all of it.
 */
import type { ShutdownReason } from "@anylambda/wire";
import type { AnyBoot } from "./boot.ts";
import type { ProcessGroup } from "./processes.ts";

/** Resolves when every process is reaped, every group empty, and the place given back. */
export async function stopProcesses(boot: AnyBoot, reason: ShutdownReason): Promise<void> {
  boot.expectEnd();
  const started = performance.now();
  const { runtime, registry } = boot;
  const registered = registry.registered;
  const external = registered.filter((extension) => extension.external);
  if (runtime !== undefined) {
    if (registered.length > 0) {
      runtime.signal("SIGTERM");
      await within(runtime.gone(), external.length > 0 ? runtimeShareMs : internalBudgetMs);
    }
    await kill(runtime);
  }
  if (external.length > 0) await boot.telemetry?.flush(flushShareMs);
  const deadlineMs = Date.now() - Math.round(performance.now() - started) + externalBudgetMs;
  await Promise.all(
    [...boot.extensions].map(async ([name, group]) => {
      const extension = external.find((candidate) => candidate.name === name);
      if (extension?.events.includes("SHUTDOWN") === true) {
        registry.shutdown(extension, { eventType: "SHUTDOWN", shutdownReason: reason, deadlineMs });
        await within(group.gone(), externalBudgetMs - (performance.now() - started));
      }
      await kill(group);
    }),
  );
  await boot.close();
}

/** 30 % of the whole: what AWS's code gives the runtime; its documentation says 300 ms. */
const runtimeShareMs = 600;
/** What AWS's emulator gives it (environment.md 3, RIE's `Flush`); with the runtime's share there is a rest of 400. */
const flushShareMs = 1000;
const internalBudgetMs = 500;
const externalBudgetMs = 2000;

async function kill(group: ProcessGroup): Promise<void> {
  group.signal("SIGKILL");
  await group.gone();
}

/** Waits for `end`, but not longer than `ms`. */
async function within(end: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, ms));
  });
  await Promise.race([end, late]);
  clearTimeout(timer);
}
