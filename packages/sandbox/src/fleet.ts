/** A fleet: the environments of one function, and how it is started. What it guarantees stands in `environments.ts`. */
import type { ShutdownReason } from "@anylambda/wire";
import type { Chaos } from "./chaos.ts";
import { Environment } from "./environment.ts";
import { Environments } from "./environments.ts";
import type { InitReport, SandboxEvent } from "./events.ts";
import type { FunctionConfiguration } from "./function.ts";
import type { Isolation } from "./isolation/isolation.ts";
import type { StreamedAnswer } from "./invocation.ts";
import { ManagedEnvironment } from "./managed-environment.ts";
import type { Crew } from "./member.ts";
import type { Snapshot, SnapshotEngine } from "./snapstart/engine.ts";
import { sourcesOf } from "./snapstart/source.ts";
import type { InvocationTap } from "./tap.ts";
import type { RefusedVariable } from "./variables.ts";
import type { FleetAnswer, Invocation, InvokeRequest } from "./waiting.ts";

export interface FleetOptions {
  /** Takes every event of every environment, as it happens. */
  readonly report: (event: SandboxEvent) => void;
  /** Search path for the function's programs; without it that of a bare Unix system. */
  readonly path?: string | undefined;
  /** Limit of the first init, ms: 10,000 on Lambda, for functions on demand (environment.md 4.2). */
  readonly initLimitMs?: number | undefined;
  /**
   * How many environments this machine may bear at once; 1 unless told otherwise, and never fewer than are
   * provisioned. What the function itself may have is its `reservedConcurrency`.
   */
  readonly maxConcurrency?: number | undefined;
  /**
   * What happens to a caller when all of them are busy. `wait`: it stands in line. `throttle`: it is refused, as Lambda
   * does at a function's reserved concurrency. When not said: `throttle` on Managed Instances, else `wait`.
   */
  readonly whenBusy?: "wait" | "throttle" | undefined;
  /**
   * After how long at rest an environment is frozen, ms, until its next event (environment.md 4.4). Without it none
   * ever is.
   */
  readonly freezeAfterMs?: number | undefined;
  /** Whether a process is killed when all of an environment hold more than the function's memory size. */
  readonly limitMemory?: boolean | undefined;
  /** `false`: freezing and the memory limit do without control groups, as where none can be made. */
  readonly cgroups?: boolean | undefined;
  /**
   * `process`, the default: processes of this machine. `bubblewrap`: files, process ids, and a network of their own
   * (`isolation/bubblewrap.ts`); starting the fleet fails where {@link bubblewrapFault} has something to say. Not for
   * copies of a snapshot, which have their own pods, nor for Managed Instances.
   */
  readonly isolation?: Isolation | undefined;
  /** With `bubblewrap`: the machine's network, so that the function reaches others; it shares ports with everybody. */
  readonly shareNetwork?: boolean | undefined;
  /**
   * With `bubblewrap` and a network of its own: a way out of it, to this machine's localhost at 10.0.2.2 and wherever the
   * machine reaches. Starting the fleet fails where {@link outboundFault} has something to say.
   */
  readonly outbound?: boolean | undefined;
  /** After how long unused an environment is ended, ms; 5 minutes unless told otherwise (environment.md 4.4). */
  readonly idleMs?: number | undefined;
  /**
   * Variables of environment 1, 2, 3 … beyond the configuration's. On Lambda every environment has a network of its
   * own; here they share one, so an app that listens needs a port of its own in each.
   */
  readonly variablesFor?: ((number: number) => Promise<Readonly<Record<string, string>>>) | undefined;
  /** Torture: what may happen on Lambda and seldom does, by this seed (`chaos.ts`); a whole number below 2^32. */
  readonly chaosSeed?: number | undefined;
  /** Listens in on events and answers. */
  readonly tap?: InvocationTap | undefined;
  /**
   * SnapStart: the version is published once, and every environment is a copy of its snapshot, restored by the
   * invocation that needs it. With `snapshot` an earlier publication is used; its owner discards it.
   */
  readonly snapStart?: { readonly engine: SnapshotEngine; readonly snapshot?: Snapshot } | undefined;
}

export interface Fleet {
  readonly configuration: FunctionConfiguration;
  /** User variables that Lambda would not have taken. */
  readonly refusedVariables: readonly RefusedVariable[];
  /** The init of the first environment. Never rejects. */
  readonly initialized: Promise<InitReport>;
  /** What became of the provisioned concurrency; `undefined` where none is configured. Never rejects. */
  readonly allocated: Promise<Allocation | undefined>;
  /** What disturbs it, if anything is to. */
  readonly chaos: Chaos | undefined;
  /** The answer comes in one piece, also from a function that streams. */
  invoke(request: InvokeRequest): Invocation;
  /** The answer is a stream as soon as the function begins it; a failure before that is one piece. */
  invokeStreaming(request: InvokeRequest): Invocation<FleetAnswer | StreamedAnswer>;
  /**
   * Replaces every environment by a new one, made of the code as it is now and, if given, another configuration.
   * Resolves with the init of the first new one; `undefined` when the fleet was shut down, or reloaded again, before.
   */
  reload(configuration?: FunctionConfiguration): Promise<InitReport | undefined>;
  /** Ends every environment; resolves when the last process is reaped. */
  shutdown(reason?: ShutdownReason): Promise<void>;
}

/** Provisioned concurrency when every environment has been tried, in the words of Lambda's API (environment.md 4.2). */
export interface Allocation {
  readonly status: "READY" | "FAILED";
  readonly statusReason?: "FUNCTION_ERROR_INIT_FAILURE";
  readonly requested: number;
  readonly available: number;
}

/**
 * Opens the first environment's API and begins its init, and that of every provisioned one. Rejects when no port can
 * be opened, and for settings that exclude each other on Lambda.
 */
export async function startFleet(
  configuration: FunctionConfiguration,
  options: FleetOptions,
): Promise<Fleet> {
  requireCompatible(configuration, options);
  const { report, path = "/usr/local/bin:/usr/bin:/bin", variablesFor } = options;
  const { freezeAfterMs, limitMemory, cgroups, isolation, shareNetwork, outbound } = options;
  const sources =
    options.snapStart && sourcesOf({ ...options.snapStart, report, path, limitMemory, cgroups });
  const create: Crew["create"] = async (number, configuration, { generation, provisioned }) => {
    // A copy from memory has the variables of the original, and a network of its own.
    const more = await variablesFor?.(options.snapStart?.engine.kind === "criu" ? 1 : number);
    // Managed Instances log JSON and nothing else (environment.md 1.10).
    const logs = managed(configuration) ? ({ logFormat: "JSON" } as const) : {};
    const own = { ...configuration, ...logs, variables: { ...configuration.variables, ...more } };
    const patient = provisioned || managed(configuration);
    const initLimitMs = patient ? longInitMs(configuration) : (options.initLimitMs ?? 10_000);
    const common = { report, path, initLimitMs, number, freezeAfterMs, limitMemory, cgroups };
    if (managed(configuration)) return ManagedEnvironment.create(own, common);
    const initializationType = provisioned ? "provisioned-concurrency" : "on-demand";
    const source = sources?.of(generation, own);
    const walls = { isolation, shareNetwork, outbound };
    return Environment.create(own, { ...common, ...walls, initializationType, source });
  };
  const { provisionedConcurrency = 0 } = configuration;
  const origin = { generation: 0, provisioned: provisionedConcurrency > 0 };
  const first = await create(1, configuration, origin);
  return new Environments({ configuration, options, first, create, discard: sources?.discard });
}

function managed({ environmentConcurrency }: FunctionConfiguration): boolean {
  return environmentConcurrency !== undefined;
}

/** Limit of an init that nobody waits for (environment.md 4.2). */
function longInitMs({ timeoutMs }: FunctionConfiguration): number {
  return Math.max(130_000, timeoutMs);
}

function requireCompatible(configuration: FunctionConfiguration, { snapStart }: FleetOptions): void {
  const { tenantIsolation = false, provisionedConcurrency = 0, reservedConcurrency } = configuration;
  const provisioned = provisionedConcurrency > 0;
  const rules: readonly (readonly [boolean, string])[] = [
    [
      tenantIsolation && provisioned,
      "Tenant isolation and provisioned concurrency exclude each other on Lambda",
    ],
    [
      managed(configuration) && (tenantIsolation || provisioned),
      "Managed Instances have neither tenant isolation nor provisioned concurrency",
    ],
    [
      snapStart !== undefined && (tenantIsolation || provisioned || managed(configuration)),
      "SnapStart excludes tenant isolation, provisioned concurrency and Managed Instances on Lambda",
    ],
    [
      provisionedConcurrency > (reservedConcurrency ?? Infinity),
      "More provisioned than reserved concurrency is refused by Lambda",
    ],
  ];
  for (const [excluded, message] of rules) if (excluded) throw new RangeError(message);
}
