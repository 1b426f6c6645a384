/** From what was typed to the configuration of a function. Nothing is started here. */
import { statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import {
  type FunctionConfiguration,
  type Isolation,
  type Snapshot,
  bubblewrapFault,
  outboundFault,
} from "@anylambda/sandbox";
import { probe } from "@anylambda/checkpoint";
import { type Adapter, type Engine, findAdapter } from "./adapters.ts";
import { readEnvFile } from "./env-file.ts";
import { type FleetSettings, settingsOf } from "./fleet-settings.ts";
import { type LogOptions, logSettingsOf, logWarningsOf } from "./log-options.ts";
import { layersOf } from "./layers.ts";
import { freePort } from "./ports.ts";
import type { AskedEngine } from "./snapshot-engine.ts";
import { snapshotStore, storedSnapshot } from "./snapshot-store.ts";
import { findProgram, isFile, requireBootstrap } from "./programs.ts";
import { userFailure } from "./user-failure.ts";

export const isolations = ["process", "bubblewrap"] as const;

/** The options that `dev` and `invoke` share. */
export interface FunctionOptions extends FleetSettings, LogOptions {
  /** Names under which callers of the Invoke API know the function beside its own. */
  readonly alias?: readonly string[] | undefined;
  readonly appPort?: number | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly envFile?: string | undefined;
  readonly passEnv?: readonly string[] | undefined;
  readonly memory: number;
  readonly timeout: number;
  readonly name?: string | undefined;
  readonly region: string;
  readonly code: string;
  readonly opt?: string | undefined;
  /** Directories or zip files, in order. */
  readonly layer?: readonly string[] | undefined;
  /** Value of `_HANDLER`; `bootstrap` when not said. */
  readonly handler?: string | undefined;
  /** `none` or `false` for functions that speak the Runtime API themselves; the best there is when not asked for. */
  readonly adapter?: Engine | "none" | false | undefined;
  /** Answers are streamed: sets the adapter's variable for it. */
  readonly stream?: boolean | undefined;
  /** How many environments may run at once; one when not asked for. */
  readonly concurrency?: number | undefined;
  /** `false`: memory is not limited, the size only told. */
  readonly memoryLimit?: boolean | undefined;
  /** Whether environments are frozen between invocations; not when not said. */
  readonly freeze?: boolean | undefined;
  readonly isolation?: Isolation | undefined;
  /** Size of `/tmp`, MB; a limit with isolation. 512 when not said. */
  readonly ephemeralStorage?: number | undefined;
  /** The machine's network instead of one of its own. */
  readonly shareNet?: boolean | undefined;
  /** A way out of its own one. */
  readonly outbound?: boolean | undefined;
  /** Requests beyond that are refused instead of waiting. */
  readonly throttle?: boolean | undefined;
  /** Published once and restored for every environment, by this engine. */
  readonly snapstart?: AskedEngine | undefined;
  /** A stored snapshot to restore every environment from, by name. */
  readonly snapshot?: string | undefined;
  /** Ports of this machine that restored processes reach. */
  readonly reach?: readonly number[] | undefined;
}

export interface FunctionPlan {
  readonly configuration: FunctionConfiguration;
  /** As typed, for people. */
  readonly command: string;
  /** What runs the adapter; absent without one. */
  readonly engine?: Engine;
  /** Where the app is told to listen in the first environment; absent without the adapter. */
  readonly appPort?: number;
  /** As asked for; 1 when the app's port was fixed, because all environments share the machine's ports. */
  readonly maxConcurrency: number;
  /** What the environments beyond the first have of their own: the app's port. */
  readonly variablesFor: (number: number) => Promise<Readonly<Record<string, string>>>;
  /** Search path of the function's programs: the developer's, for the interpreters of `/var/lang/bin`. */
  readonly path: string;
  /** As asked for, or what this host allows. */
  readonly isolation: Isolation;
  /** The same of a way out of its network. */
  readonly outbound?: boolean;
  readonly warnings: readonly string[];
  /** Every environment is restored from it. */
  readonly snapshot?: Snapshot;
}

export async function planFunction(
  command: readonly string[],
  options: FunctionOptions,
  own: NodeJS.ProcessEnv,
): Promise<FunctionPlan> {
  const path = own["PATH"] ?? "/usr/local/bin:/usr/bin:/bin";
  if (options.snapshot !== undefined) return planOfSnapshot(options.snapshot, options, own, path);
  const taskRoot = requireDirectory(options.code, "--code");
  const optRoot = await optRootOf(options, own);
  const { given, warnings } = givenVariables(options, own);
  if (command.length === 0) requireBootstrap(taskRoot, optRoot);
  const adapter = adapterOf(options);
  if (adapter !== undefined && wrapsForAdapter(given, optRoot)) delete given["AWS_LAMBDA_EXEC_WRAPPER"];
  const isolation = isolationOf(options, warnings);
  const outbound = outboundOf(options, isolation, warnings);
  // Each environment has all ports to itself.
  const ownPorts = isolation === "bubblewrap" && options.shareNet !== true;
  const appPort = adapter !== undefined ? await appPortOf(options, given, ownPorts) : undefined;
  warnings.push(...logWarningsOf(options));
  const asked = Math.max(options.concurrency ?? 1, options.provisioned ?? 0);
  const hasOne = adapter !== undefined && !ownPorts && hasFixedPort(options, given);
  const fixed = hasOne && asked > 1 && !(await copiesHavePorts(options));
  if (fixed) warnings.push(fixedPortWarning);
  const configuration: FunctionConfiguration = {
    name: options.name ?? nameFor(taskRoot),
    // Snapshots are of published versions only (environment.md 6.1).
    version: options.snapstart === undefined ? "$LATEST" : "1",
    handler: options.handler ?? "bootstrap",
    memorySizeMb: options.memory,
    ...(options.ephemeralStorage !== undefined && { ephemeralStorageMb: options.ephemeralStorage }),
    timeoutMs: options.timeout * 1000,
    region: options.region,
    accountId: "123456789012",
    taskRoot,
    ...logSettingsOf(options),
    ...(optRoot !== undefined && { optRoot }),
    ...(command.length > 0 && { command: findProgram(command, taskRoot, path) }),
    extensions: adapter === undefined ? [] : [adapter.extension],
    ...settingsOf(options),
    variables: {
      ...given,
      ...(appPort !== undefined && portVariables(appPort)),
      ...(options.stream === true && { AWS_LWA_INVOKE_MODE: "response_stream" }),
    },
  };
  return {
    configuration,
    command: command.length > 0 ? command.join(" ") : "bootstrap",
    ...(adapter !== undefined && { engine: adapter.engine }),
    ...(appPort !== undefined && { appPort }),
    maxConcurrency: fixed ? 1 : asked,
    variablesFor: appPort === undefined || hasOne || ownPorts ? async () => ({}) : appPortsFrom(appPort),
    path,
    isolation,
    outbound,
    warnings,
  };
}

/** Copies from memory have a network each, and all ports in it. */
async function copiesHavePorts({ snapstart }: FunctionOptions): Promise<boolean> {
  return snapstart !== undefined && snapstart !== "replay" && (await probe()).ok;
}

/** The adapter's layer on AWS: its wrapper starts the app, as is done here anyway. */
function wrapsForAdapter(
  { AWS_LAMBDA_EXEC_WRAPPER: wrapper }: Readonly<Record<string, string>>,
  optRoot: string | undefined,
): boolean {
  return wrapper === "/opt/bootstrap" && (optRoot === undefined || !isFile(join(optRoot, "bootstrap")));
}

async function optRootOf(
  { opt, layer = [] }: FunctionOptions,
  own: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  if (layer.length === 0) return opt === undefined ? undefined : requireDirectory(opt, "--opt");
  if (opt === undefined) return layersOf(layer, own);
  throw userFailure("Both --opt and --layer say what is in /opt", `Write --layer ${opt} instead of --opt.`);
}

/** The function is the one that was frozen, whatever the options say. */
async function planOfSnapshot(
  name: string,
  { concurrency = 1 }: FunctionOptions,
  own: NodeJS.ProcessEnv,
  path: string,
): Promise<FunctionPlan> {
  const snapshot = await storedSnapshot(snapshotStore(own), name);
  const { configuration } = snapshot;
  const { file, args } = configuration.command ?? { file: "bootstrap", args: [] };
  return {
    configuration,
    command: [file, ...args].join(" "),
    maxConcurrency: concurrency,
    variablesFor: async () => ({}),
    path,
    isolation: "process",
    warnings: [],
    snapshot,
  };
}

/** Less than asked for where the host does not allow it, and said so. */
function isolationOf(
  { isolation = "process", snapstart, shareNet }: FunctionOptions,
  warnings: string[],
): Isolation {
  if (shareNet === true && isolation === "process")
    warnings.push(
      "--share-net says nothing without --isolation bubblewrap: processes have the machine's network",
    );
  if (isolation === "process") return isolation;
  const fault =
    snapstart === undefined ? bubblewrapFault() : "restored environments have their own isolation";
  if (fault === undefined) return isolation;
  warnings.push(`No bubblewrap: ${fault}. The function runs as processes of this machine instead`);
  return "process";
}

function outboundOf(
  { outbound, shareNet }: FunctionOptions,
  isolation: Isolation,
  warnings: string[],
): boolean {
  if (outbound !== true) return false;
  const fault =
    isolation === "process" || shareNet === true ? "the function has the machine's network" : outboundFault();
  if (fault !== undefined) warnings.push(`--outbound does nothing: ${fault}`);
  return fault === undefined;
}

function adapterOf({ adapter }: FunctionOptions): Adapter | undefined {
  return adapter === false || adapter === "none" ? undefined : findAdapter(adapter);
}

/** The file's variables, then those passed on, then those written out: the later wins. */
function givenVariables(
  { env, envFile, passEnv = [] }: FunctionOptions,
  own: NodeJS.ProcessEnv,
): { readonly given: Record<string, string>; readonly warnings: string[] } {
  const given = envFile === undefined ? {} : readEnvFile(envFile);
  const warnings: string[] = [];
  for (const name of passEnv) {
    const value = own[name];
    if (value === undefined) warnings.push(`--pass-env ${name}: there is no such variable in your shell`);
    else given[name] = value;
  }
  return { given: { ...given, ...env }, warnings };
}

/** An app with a fixed port may say so in the way it would say it to Lambda. */
async function appPortOf(
  options: FunctionOptions,
  given: Readonly<Record<string, string>>,
  ownPorts: boolean,
): Promise<number> {
  const text = given["AWS_LWA_PORT"] ?? given["PORT"];
  if (text === undefined) return options.appPort ?? (ownPorts ? 8080 : freePort());
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) {
    throw userFailure(`The variable PORT is ${JSON.stringify(text)}`, "A port is a number from 1 to 65535.");
  }
  if (options.appPort === undefined || options.appPort === port) return port;
  throw userFailure(
    `--app-port says ${options.appPort}, but the variable PORT says ${port}`,
    "Say it once, one way or the other.",
  );
}

/** A readiness port of its own is another port that two apps cannot share. */
const fixedPorts = ["AWS_LWA_PORT", "PORT", "AWS_LWA_READINESS_CHECK_PORT", "READINESS_CHECK_PORT"] as const;

function hasFixedPort({ appPort }: FunctionOptions, given: Readonly<Record<string, string>>): boolean {
  return appPort !== undefined || fixedPorts.some((name) => given[name] !== undefined);
}

const fixedPortWarning =
  "The app's port is fixed, so only one environment can run: further requests wait for it. " +
  "For several at once let the app take its port from PORT";

/** A free port for each environment, never one that another was given. */
function appPortsFrom(first: number): FunctionPlan["variablesFor"] {
  const ports = new Map([[1, first]]);
  return async (number) => {
    if (number === 1) return {};
    let port = await freePort();
    while ([...ports.values()].includes(port)) port = await freePort();
    ports.set(number, port);
    return portVariables(port);
  };
}

function portVariables(port: number): Record<string, string> {
  return { PORT: String(port), AWS_LWA_PORT: String(port) };
}

function requireDirectory(directory: string, option: string): string {
  const path = resolve(directory);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return path;
  throw userFailure(`There is no directory ${path}`, `${option} takes a directory.`);
}

function nameFor(taskRoot: string): string {
  return (
    basename(taskRoot)
      .replace(/[^a-zA-Z0-9_-]+/g, "-")
      .slice(0, 64) || "function"
  );
}
