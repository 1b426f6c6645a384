/** The members of a fleet: an environment, and what the fleet knows of it. */
import type { Environment } from "./environment.ts";
import type { FleetOptions } from "./fleet.ts";
import type { FunctionConfiguration } from "./function.ts";
import type { ManagedEnvironment } from "./managed-environment.ts";
import type { Limits, Seat } from "./placement.ts";

/** One invocation at a time, or several. */
export type AnyEnvironment = Environment | ManagedEnvironment;

/** Why an environment is made. */
export interface Origin {
  /** How often the fleet had been reloaded. */
  readonly generation: number;
  readonly provisioned: boolean;
}

/** What the fleet is made of. */
export interface Crew {
  readonly configuration: FunctionConfiguration;
  readonly options: FleetOptions;
  readonly first: AnyEnvironment;
  readonly create: (
    number: number,
    configuration: FunctionConfiguration,
    origin: Origin,
  ) => Promise<AnyEnvironment>;
  /** To be called when the last environment has ended. */
  readonly discard: (() => Promise<void>) | undefined;
}

/** An environment and its place in the fleet. */
export interface Member extends Seat, Origin {
  readonly number: number;
  readonly environment: AnyEnvironment;
  tenantId: string | undefined;
  busy: number;
  /** Runs while it is idle, if it may end then. */
  reaper: NodeJS.Timeout | undefined;
  /** It is being ended. */
  leaving: boolean;
}

/** What the configuration and the machine allow. */
export function limitsOf(
  { provisionedConcurrency = 0, reservedConcurrency, environmentConcurrency }: FunctionConfiguration,
  { maxConcurrency = 1, whenBusy }: FleetOptions,
): Limits {
  const isManaged = environmentConcurrency !== undefined;
  const throttles = (whenBusy ?? (isManaged ? "throttle" : "wait")) === "throttle";
  return {
    most: Math.max(1, maxConcurrency, provisionedConcurrency),
    capacity: environmentConcurrency ?? 1,
    reserved: reservedConcurrency,
    // Managed Instances keep nobody waiting: the router looks for room, and throttles (environment.md 1.10). They are
    // not started by a caller either, but when those there are have been full.
    throttles,
    scalesLater: isManaged && throttles,
    line: maxWaiting,
  };
}

export function memberOf(environment: AnyEnvironment, { generation, provisioned }: Origin): Member {
  return {
    generation,
    number: environment.number,
    environment,
    provisioned,
    tenantId: undefined,
    busy: 0,
    reaper: undefined,
    leaving: false,
    get ready() {
      return !("hasWorker" in environment) || environment.hasWorker;
    },
    get warm() {
      return environment.state === "idle";
    },
  };
}

/** Callers that may wait: as many as Lambda runs at once by default. */
const maxWaiting = 1000;
