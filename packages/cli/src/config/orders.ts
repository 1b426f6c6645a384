/** From a configuration, checked, to functions that can be served. Pure but for the names of files. */
import { resolve } from "node:path";
import type { FunctionOrder } from "../commands/served.ts";
import type { DoorName, PlannedDoor } from "../doors.ts";
import type { FunctionOptions } from "../function-plan.ts";
import { userFailure } from "../user-failure.ts";
import type { Config, DoorSettings, FunctionSettings } from "./schema.ts";

export interface Common {
  /** Directory that files are relative to. */
  readonly directory: string;
  readonly host: string;
  /** Of the first door that names none; the next ones are counted up from it. 0: free ones. */
  readonly port: number;
  /** Variables typed at the command, for all functions. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly passEnv?: readonly string[] | undefined;
  /** Whether functions are frozen that do not say. */
  readonly freeze?: boolean | undefined;
  /** Isolation of those that do not say, and whether it leaves the network out. */
  readonly isolation?: FunctionOptions["isolation"];
  readonly shareNet?: FunctionOptions["shareNet"];
  /** Torture for all of them. */
  readonly chaos?: FunctionOptions["chaos"];
}

export function ordersOf(config: Config, common: Common): FunctionOrder[] {
  let port = common.port;
  const taken = new Set(
    Object.values(config.functions).flatMap(({ doors }) =>
      doors.flatMap((door) => (typeof door === "object" && door.port !== undefined ? [door.port] : [])),
    ),
  );
  const nextPort = (): number => {
    if (common.port === 0) return 0;
    while (taken.has(port)) port += 1;
    port += 1;
    return port - 1;
  };
  return Object.entries(config.functions).map(([name, settings]) => ({
    command: commandOf(settings.command, name),
    options: optionsOf(name, settings, config, common),
    host: common.host,
    doors: settings.doors.map((door) =>
      plannedDoor(typeof door === "string" ? { type: door } : door, nextPort),
    ),
    queues: settings.queues?.map((directory) => resolve(common.directory, directory)),
    watch: settings.watch !== false,
  }));
}

function optionsOf(
  name: string,
  settings: FunctionSettings,
  config: Config,
  common: Common,
): FunctionOrder["options"] {
  const {
    memory,
    timeout,
    envFile,
    passEnv = [],
    adapter,
    appPort,
    stream,
    concurrency,
    throttle,
    handler,
    logFormat,
  } = settings;
  const at = (file: string): string => resolve(common.directory, file);
  return {
    name,
    memory,
    timeout,
    region: config.region,
    code: at(settings.code),
    env: { ...textsOf(config.env), ...textsOf(settings.env), ...common.env },
    envFile: envFile === undefined ? undefined : at(envFile),
    passEnv: [...passEnv, ...(common.passEnv ?? [])],
    layer: settings.layers?.map(at),
    adapter,
    appPort,
    stream,
    concurrency,
    throttle,
    handler,
    logFormat,
    logLevel: settings.logLevel,
    systemLevel: settings.systemLevel,
    framedLogs: settings.framedLogs,
    snapstart: settings.snapstart,
    memoryLimit: settings.memoryLimit,
    ephemeralStorage: settings.ephemeralStorage,
    isolation: settings.isolation ?? common.isolation,
    shareNet: settings.shareNet ?? common.shareNet,
    freeze: settings.freeze ?? common.freeze,
    reserved: settings.reserved,
    provisioned: settings.provisioned,
    managed: settings.managed,
    tenants: settings.tenants,
    alias: settings.aliases,
    chaos: common.chaos,
  };
}

function plannedDoor(settings: DoorSettings, nextPort: () => number): PlannedDoor {
  const { type, port = nextPort(), routes, stage, cors, authType } = settings;
  const more = {
    ...(routes !== undefined && (type === "rest" ? { resources: routes } : { routes })),
    ...(stage !== undefined && { stage }),
    ...(cors !== undefined && { cors }),
    ...(authType !== undefined && { authType }),
  };
  refuseWhatItHasNot(type, more);
  return { name: type, port, option: "--config", more };
}

const settingsOf: Readonly<Record<DoorName, readonly string[]>> = {
  "function-url": ["cors", "authType"],
  "http-api": ["routes", "stage", "cors"],
  "http-api-1": ["routes", "stage", "cors"],
  rest: ["resources", "stage"],
  alb: [],
  "alb-multi": [],
  lattice: [],
  websocket: ["routes", "stage"],
};

function refuseWhatItHasNot(type: DoorName, more: object): void {
  for (const key of Object.keys(more)) {
    if (settingsOf[type].includes(key)) continue;
    const has = settingsOf[type].map((name) => (name === "resources" ? "routes" : name));
    throw userFailure(
      `A door of type ${type} has no ${key === "resources" ? "routes" : key}`,
      has.length === 0 ? "It has port only." : `It has port, ${has.join(", ")}.`,
    );
  }
}

/** Never through a shell. */
function commandOf(command: string | readonly string[] | undefined, name: string): readonly string[] {
  if (command === undefined) return [];
  if (typeof command !== "string") return command;
  if (!/["'`$|&;<>\\*?~]/.test(command)) return command.split(/\s+/).filter(Boolean);
  throw userFailure(
    `The command of ${name} needs a shell: ${command}`,
    `Nothing is given to a shell here. Write it as a list: [sh, -c, ${JSON.stringify(command)}] if you want one.`,
  );
}

function textsOf(
  variables: Readonly<Record<string, string | number | boolean>> = {},
): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, String(value)]));
}
