/** An init that takes longer than most is told of while it goes on. */
import type { AnyBoot } from "./boot.ts";
import type { FunctionConfiguration } from "./function.ts";
import { type InitOutcome, initialize } from "./init.ts";
import { listeningPortsOf } from "./listening-ports.ts";

/** Time enough for most, and little to wait: an app that listens on another port will never come up. */
const slowMs = 2000;

/** `initialize`, which `tell` hears of when it is still on after two seconds. */
export async function initializeOrTell(
  boot: AnyBoot,
  configuration: FunctionConfiguration,
  deadline: number,
  tell: (told: { readonly type: "initSlow"; readonly listeningPorts: readonly number[] }) => void,
): Promise<InitOutcome> {
  const look = (): void => tell({ type: "initSlow", listeningPorts: listeningPortsOf(boot.members) });
  const timer = setTimeout(look, slowMs).unref();
  return initialize(boot, configuration, deadline).finally(() => clearTimeout(timer));
}
