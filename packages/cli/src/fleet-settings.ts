/** Options about many environments, asynchronous events and torture: what `dev` has beyond a single function's own. */
import { randomInt } from "node:crypto";
import type { AsyncOptions, FunctionConfiguration, HttpDestination } from "@anylambda/sandbox";
import { httpDestination } from "@anylambda/sandbox";
import { InvalidArgumentError } from "commander";
import { openDeadLetters, openDestination } from "./destination-file.ts";

export interface FleetSettings {
  /** Reserved concurrency. */
  readonly reserved?: number | undefined;
  /** Provisioned concurrency. */
  readonly provisioned?: number | undefined;
  /** Invocations at once in one environment, as on Managed Instances. */
  readonly managed?: number | undefined;
  readonly tenants?: boolean | undefined;
  /** A seed; `true` when one is to be made up. */
  readonly chaos?: number | true | undefined;
}

/** The configuration's part of it. */
export function settingsOf(
  options: FleetSettings,
): Pick<
  FunctionConfiguration,
  "reservedConcurrency" | "provisionedConcurrency" | "environmentConcurrency" | "tenantIsolation"
> {
  const { reserved, provisioned, managed, tenants } = options;
  return {
    ...(reserved !== undefined && { reservedConcurrency: reserved }),
    ...(provisioned !== undefined && { provisionedConcurrency: provisioned }),
    ...(managed !== undefined && { environmentConcurrency: managed }),
    ...(tenants === true && { tenantIsolation: true }),
  };
}

/** The seed that was given, or one made up. */
export function chaosSeedOf({ chaos }: FleetSettings): number | undefined {
  return chaos === true ? randomInt(2 ** 32) : chaos;
}

export function chaosSeed(text: string): number {
  const seed = Number(text);
  if (/^\d+$/.test(text) && seed < 2 ** 32) return seed;
  throw new InvalidArgumentError("A seed is a whole number below 4294967296.");
}

/** `60x`: how much faster the clock of asynchronous events runs. */
export function clockSpeed(text: string): number {
  const speed = Number(text.replace(/x$/, ""));
  if (/^\d+(\.\d+)?x?$/.test(text) && speed > 0 && speed <= 100_000) return speed;
  throw new InvalidArgumentError("Write how much faster it is to run: 60x makes a minute a second.");
}

export interface AsyncSettings {
  readonly destination?: string | undefined;
  readonly onSuccess?: string | undefined;
  readonly onFailure?: string | undefined;
  readonly deadLetters?: string | undefined;
  readonly retryAttempts?: number | undefined;
  readonly eventAge?: number | undefined;
  readonly asyncClock?: number | undefined;
}

/** Where the records go, opened; each a file, or a URL that they are posted to. */
export interface AsyncSinks {
  readonly options: AsyncOptions;
  close(): void;
}

/** Fails at once when a file cannot be written. `warn` takes a sentence about a message that nobody took. */
export function openAsyncSinks(settings: AsyncSettings, warn: (sentence: string) => void): AsyncSinks {
  const { destination, onSuccess, onFailure, deadLetters, retryAttempts, eventAge, asyncClock } = settings;
  const clockFactor = 1 / (asyncClock ?? 1);
  const open: { close(): void }[] = [];
  const kept = <Sink extends { close(): void }>(sink: Sink): Sink => {
    open.push(sink);
    return sink;
  };
  const posted = (target: string): HttpDestination | undefined =>
    /^https?:\/\//i.test(target)
      ? kept(httpDestination(new URL(target), { undelivered: warn, clockFactor }))
      : undefined;
  const recordTo = (target: string | undefined, option: string): AsyncOptions["record"] =>
    target === undefined ? undefined : (posted(target) ?? kept(openDestination(target, option))).record;
  return {
    options: {
      record: recordTo(destination, "--destination"),
      onSuccess: recordTo(onSuccess, "--on-success"),
      onFailure: recordTo(onFailure, "--on-failure"),
      deadLetter:
        deadLetters === undefined
          ? undefined
          : (posted(deadLetters) ?? kept(openDeadLetters(deadLetters))).letter,
      maximumRetryAttempts: retryAttempts,
      maximumEventAgeSeconds: eventAge,
      clockFactor,
    },
    close: () => {
      for (const sink of open) sink.close();
    },
  };
}
