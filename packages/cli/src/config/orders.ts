/** From a configuration, checked, to functions that can be served. Pure but for the names of files. */
import { resolve } from "node:path";
import type { DoorAuthorization } from "@anylambda/sandbox";
import { readRoute } from "@anylambda/wire/front-doors/routes";
import type { FunctionOrder } from "../commands/served.ts";
import type { DoorName, PlannedDoor } from "../doors.ts";
import type { FunctionOptions } from "../function-plan.ts";
import { authorizersOfDoor } from "../authorizer-types.ts";
import type { CertificateSource } from "../certificate.ts";
import { doorTls } from "../tls.ts";
import type { TokenOptions } from "../tokens.ts";
import { userFailure } from "../user-failure.ts";
import { accessOf, routeKeysOf } from "./authorizers.ts";
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
  readonly outbound?: FunctionOptions["outbound"];
  readonly shareNet?: FunctionOptions["shareNet"];
  /** What is typed about tokens, for all authorizers. */
  readonly tokens?: TokenOptions | undefined;
  /** Of doors that say nothing. */
  readonly tls?: CertificateSource | undefined;
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
  const apis = new ApiDoors(common, nextPort);
  const orders = Object.entries(config.functions).map(([name, settings]) => ({
    command: commandOf(settings.command, name),
    options: optionsOf(name, settings, config, common),
    host: common.host,
    doors: settings.doors.map((door) => {
      const given: DoorSettings = typeof door === "string" ? { type: door } : door;
      const access = accessOf(given, config, common);
      return given.api === undefined
        ? plannedDoor(given, access, common, nextPort)
        : apis.doorOf(given, access, given.api, name);
    }),
    queues: settings.queues?.map((directory) => resolve(common.directory, directory)),
    watch: settings.watch !== false,
  }));
  refusePortsOfTwo(orders);
  return orders;
}

/** Doors of APIs that functions have together: what the first says holds for them all. */
class ApiDoors {
  readonly #first = new Map<string, PlannedDoor>();
  /** Whose each route is. */
  readonly #owners = new Map<string, string>();
  readonly #common: Common;
  readonly #nextPort: () => number;

  constructor(common: Common, nextPort: () => number) {
    this.#common = common;
    this.#nextPort = nextPort;
  }

  doorOf(settings: DoorSettings, access: DoorAuthorization, api: string, name: string): PlannedDoor {
    if (!sharable.includes(settings.type))
      throw userFailure(
        `A door of type ${settings.type} has no api`,
        `${sharable.join(", ")} have: their functions get requests by their routes.`,
      );
    const first = this.#first.get(api);
    const port = settings.port ?? first?.port;
    const door = {
      ...plannedDoor(
        { ...settings, ...(port !== undefined && { port }) },
        access,
        this.#common,
        this.#nextPort,
      ),
      api,
    };
    if (first !== undefined && sharedPart(first) !== sharedPart(door))
      throw userFailure(
        `The doors of the API ${api} differ: ${sharedPart(first)} and ${sharedPart(door)}`,
        "All its functions must have the same type, port, stage, cors and tls; only routes and who may call them are their own.",
      );
    this.#first.set(api, first ?? door);
    for (const route of routeKeysOf(settings) ?? ["all routes"]) {
      const key = `${api} ${route}`;
      const owner = this.#owners.get(key);
      if (owner !== undefined)
        throw userFailure(
          `${route} of the API ${api} leads to ${owner} and to ${name}`,
          "A route leads to one function: give each door routes of its own.",
        );
      this.#owners.set(key, name);
    }
    return door;
  }
}

const sharable: readonly DoorName[] = ["http-api", "http-api-1", "rest"];

function sharedPart({ name, port, more, tls }: PlannedDoor): string {
  const {
    routes: _routes,
    resources: _resources,
    authorization: _all,
    routeAuthorizations: _single,
    ...rest
  } = { ...more } as Record<string, unknown>;
  return Object.entries({ type: name, port, ...rest, ...(tls !== undefined && { tls }) })
    .map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`)
    .join(", ");
}

/** Better said before anything is started. */
function refusePortsOfTwo(orders: readonly FunctionOrder[]): void {
  const taken = new Map<number, { readonly door: PlannedDoor; readonly name: string }>();
  for (const { options, doors } of orders) {
    const name = options.name ?? "";
    for (const door of doors) {
      const before = taken.get(door.port);
      if (door.port === 0) continue;
      if (before !== undefined && (door.api === undefined || door.api !== before.door.api))
        throw userFailure(
          `Port ${door.port} is that of two doors: ${before.name} has ${before.door.name}, ${name} has ${door.name}`,
          "Give each a port of its own; for one API with the routes of both, write api: NAME in both doors.",
        );
      taken.set(door.port, { door, name });
    }
  }
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
    outbound: settings.outbound ?? common.outbound,
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

function plannedDoor(
  settings: DoorSettings,
  access: DoorAuthorization,
  common: Pick<Common, "tls" | "directory">,
  nextPort: () => number,
): PlannedDoor {
  const { type, port = nextPort(), stage, cors, authType } = settings;
  const tls = doorTls(settings.tls, common.tls, common.directory);
  const routes = routeKeysOf(settings);
  const more = {
    ...(routes !== undefined && (type === "rest" ? { resources: routes } : { routes })),
    ...(stage !== undefined && { stage }),
    ...(cors !== undefined && { cors }),
    ...(authType !== undefined && { authType }),
  };
  refuseWhatItHasNot(type, more);
  if (type === "websocket" && access.routeAuthorizations !== undefined)
    throw userFailure(
      "A WebSocket API asks who somebody is when he connects, and not again",
      "Write authorizer: NAME in the door, not at a route.",
    );
  // Keys of a WebSocket API are any words.
  for (const route of type === "websocket" ? [] : (routes ?? []))
    if (readRoute(route) === undefined || (type === "rest" && route === "$default"))
      throw userFailure(
        `${JSON.stringify(route)} is no route of a door of type ${type}`,
        `It looks like GET /items/{id} or ANY /{proxy+}${type === "rest" ? "" : ", or is $default"}.`,
      );
  return { name: type, port, option: "--config", tls, more: { ...more, ...access } };
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
    if (authorizersOfDoor[type] !== undefined) has.push("authorizer");
    throw userFailure(
      `A door of type ${type} has no ${key === "resources" ? "routes" : key}`,
      `It has ${["port", "tls", ...has].join(", ")}.`,
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
