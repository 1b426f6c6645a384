import type { BootLimits } from "./boot.ts";
import type { FreezerEvent } from "./freezer.ts";
import type { SandboxEvent } from "./events.ts";
import type { Isolation } from "./isolation/isolation.ts";
import type { SnapshotSource } from "./snapstart/source.ts";
import type { InitializationType } from "./variables.ts";

/** What the host decides of an environment; the rest is the function's configuration. */
export interface EnvironmentOptions {
  /** Takes every event, as it happens. */
  readonly report: (event: SandboxEvent) => void;
  /** Search path for the programs of the function. */
  readonly path: string;
  /** Limit of the first init, ms. */
  readonly initLimitMs: number;
  /** Its number in the fleet. */
  readonly number: number;
  /** Where it comes to life from, instead of an init. */
  readonly source?: SnapshotSource | undefined;
  /** What made it; `on-demand` unless told otherwise. */
  readonly initializationType?: InitializationType;
  /** See `FleetOptions`. */
  readonly freezeAfterMs?: number | undefined;
  readonly limitMemory?: boolean | undefined;
  readonly cgroups?: boolean | undefined;
  readonly isolation?: Isolation | undefined;
  readonly shareNetwork?: boolean | undefined;
  readonly outbound?: boolean | undefined;
}

/** What holds for one boot, which has a name of its own. */
export function limitsOf(
  { freezeAfterMs, cgroups, limitMemory = false }: EnvironmentOptions,
  boot: {
    readonly name: string;
    readonly memorySizeMb: number;
    readonly tell: (event: FreezerEvent) => void;
  },
): BootLimits {
  const { name, memorySizeMb, tell } = boot;
  const memoryLimitBytes = limitMemory ? memorySizeMb * 1_048_576 : undefined;
  return { name, freezeAfterMs, cgroups, memoryLimitBytes, tell };
}
