/**
 * Init, in rapid's order (environment.md 4.1): extensions, their registrations, the runtime, its first poll,
 * everybody's first poll.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { AnyBoot } from "./boot.ts";
import { wrappedCommand } from "./exec-wrapper.ts";
import { type ExtensionRegistry, maxExtensions } from "./extension-registry.ts";
import type { Failure } from "./failures.ts";
import type { ExtensionProgram, FunctionConfiguration, Program } from "./function.ts";

export type InitOutcome =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly failure: Failure }
  /** The limit passed; `waitingFor` says for whom, for a person. */
  | { readonly kind: "late"; readonly waitingFor: string };

/** Runs init on a fresh boot; `deadline` is on the clock of `performance.now()`. */
export async function initialize(
  boot: AnyBoot,
  configuration: FunctionConfiguration,
  deadline: number,
): Promise<InitOutcome> {
  const { registry, runtimeApi } = boot;
  if (areExtensionsDisabled(configuration)) registry.disable();
  const launchFailure = registry.isDisabled ? undefined : await startExtensions(boot, configuration);
  if (launchFailure !== undefined) return { kind: "failed", failure: launchFailure };
  const registered = await wait(
    boot,
    () => registry.unregistered.length === 0,
    () => `for ${named(registry.unregistered)} to register${strangersOf(registry)}`,
    deadline,
  );
  if (registered !== undefined) return registered;

  const startFailure = await startRuntime(boot, configuration);
  if (startFailure !== undefined) return { kind: "failed", failure: startFailure };
  const polled = await wait(
    boot,
    () => runtimeApi.atRestorePoint || runtimeApi.initError !== undefined,
    () => "for the runtime to ask for its first event (GET /2018-06-01/runtime/invocation/next)",
    deadline,
  );
  if (polled !== undefined) return polled;
  if (runtimeApi.initError !== undefined) return { kind: "failed", failure: posted(runtimeApi.initError) };

  registry.close();
  const ready = await wait(
    boot,
    () => registry.unready.length === 0,
    () => `for ${named(registry.unready)} to ask for the first event (GET /2020-01-01/extension/event/next)`,
    deadline,
  );
  return ready ?? { kind: "ready" };
}

async function wait(
  boot: AnyBoot,
  done: () => boolean,
  waitingFor: () => string,
  deadline: number,
): Promise<InitOutcome | undefined> {
  const outcome = await boot.watch.until(done, deadline - performance.now());
  if (outcome === "met") return undefined;
  if (outcome === "late") return { kind: "late", waitingFor: waitingFor() };
  // A runtime that reported an error usually exits right after: the report says more.
  const { initError } = boot.runtimeApi;
  return {
    kind: "failed",
    failure: initError === undefined ? (boot.watch.failure as Failure) : posted(initError),
  };
}

async function startExtensions(
  boot: AnyBoot,
  configuration: FunctionConfiguration,
): Promise<Failure | undefined> {
  for (const extension of extensionProgramsOf(configuration)) {
    if (!boot.registry.expect(extension.name))
      return launchError(extension.name, `Extension limit (${maxExtensions}) reached`);
    const launched = await boot.startExtension(extension);
    if (!launched.ok) {
      boot.registry.launchFailed(extension.name);
      return launchError(extension.name, launched.reason, launched.hint);
    }
  }
  return undefined;
}

async function startRuntime(
  boot: AnyBoot,
  configuration: FunctionConfiguration,
): Promise<Failure | undefined> {
  const candidates = bootstrapsOf(configuration);
  const { command } = configuration;
  const program: Program | undefined =
    command === undefined
      ? candidates.filter((file) => existsSync(file)).map((file) => ({ file, args: [] }))[0]
      : wrappedCommand(command, configuration);
  if (program === undefined) {
    const message = `Couldn't find valid bootstrap(s): [${candidates.join(" ")}]`;
    const sentence = `There is no program to start: no command was given, and none of ${candidates.join(", ")} exists`;
    return { errorType: "Runtime.InvalidEntrypoint", message, sentence };
  }
  const launched = await boot.startRuntime(program);
  if (launched.ok) return undefined;
  return {
    errorType: launched.badDirectory ? "Runtime.InvalidWorkingDir" : "Runtime.InvalidEntrypoint",
    message: launched.reason,
    sentence: `The runtime could not be started: ${launched.hint ?? launched.reason}`,
  };
}

/** OS-only runtimes look in the code, then in the layers (environment.md 4.8). */
function bootstrapsOf({ taskRoot, optRoot }: FunctionConfiguration): string[] {
  return [join(taskRoot, "bootstrap"), ...(optRoot === undefined ? [] : [join(optRoot, "bootstrap")])];
}

/** A file that nobody has by accident, as AWS names it (environment.md 2.1). */
function areExtensionsDisabled({ optRoot }: FunctionConfiguration): boolean {
  return optRoot !== undefined && existsSync(join(optRoot, "disable-extensions-jwigqn8j"));
}

/** Every file of `extensions` in directory order, then the configured ones (environment.md 2.1). */
export function extensionProgramsOf({ optRoot, extensions }: FunctionConfiguration): ExtensionProgram[] {
  return [...(optRoot === undefined ? [] : filesOf(join(optRoot, "extensions"))), ...extensions];
}

function filesOf(directory: string): ExtensionProgram[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => ({ name, file: join(directory, name), args: [] }));
}

function launchError(extension: string, reason: string, hint?: string): Failure {
  return {
    errorType: "Extension.LaunchError",
    message: reason,
    sentence: `The extension ${extension} could not be started: ${hint ?? reason}`,
    extension,
  };
}

function posted(error: { readonly errorType: string; readonly payload: Uint8Array }): Failure {
  return {
    errorType: error.errorType,
    message: "Runtime reported an init error",
    payload: error.payload,
    sentence: `The runtime reported an error to /runtime/init/error: ${Buffer.from(error.payload).toString().slice(0, 1000)}`,
  };
}

/** A program that registers under another name than its file's counts as one nobody started: easily overlooked. */
function strangersOf(registry: ExtensionRegistry): string {
  const strangers = registry.registered.filter(({ external }) => !external).map(({ name }) => name);
  if (strangers.length === 0) return " (POST /2020-01-01/extension/register)";
  return `; ${strangers.join(", ")} did, which is no extension's file name`;
}

function named(names: readonly string[]): string {
  return `${names.length === 1 ? "extension" : "extensions"} ${names.join(", ")}`;
}
