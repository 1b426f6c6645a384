import type { SandboxEvent } from "./events.ts";
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
}
