/** A function that is served: its fleet, its doors, and its Invoke API. */
import {
  type AsyncOptions,
  type AuthorizerMeans,
  type Fleet,
  type HttpListener,
  listenInvokeApi,
} from "@anylambda/sandbox";
import { bootFailure } from "../boot-failure.ts";
import { inFile } from "../config/in-file.ts";
import type { Dashboard } from "../dashboard/server.ts";
import { type PlannedDoor, openDoors } from "../doors.ts";
import { type FunctionOptions, type FunctionPlan, planFunction } from "../function-plan.ts";
import type { Reporter } from "../output/notice.ts";
import { portFailure } from "../ports.ts";
import { openQueues } from "../queues.ts";
import type { SharedApis } from "../shared-apis.ts";
import { ownCertificateWarning } from "../tls.ts";
import { believesTokens, unverifiedWarning } from "../tokens.ts";
import { isUserFailure, type UserFailure } from "../user-failure.ts";
import { launch } from "./session.ts";

/** A function as it was asked for. */
export interface FunctionOrder {
  readonly command: readonly string[];
  readonly options: FunctionOptions;
  /** Address of the doors. */
  readonly host: string;
  readonly doors: readonly PlannedDoor[];
  /** Directories whose files become messages, absolute; none unless told otherwise. */
  readonly queues?: readonly string[] | undefined;
  /** Whether changes of its files reload it. */
  readonly watch: boolean;
}

/** A function of the Invoke API: the versions its aliases stand for. */
interface Published {
  readonly fleet: Fleet;
  readonly aliases: ReadonlyMap<string, string>;
}

/** What all functions of a command have in common. */
export interface Surroundings {
  readonly reporter: Reporter;
  readonly dashboard: Dashboard | undefined;
  /** What becomes of events that nobody waits for. */
  readonly events: AsyncOptions;
  readonly invokePort: number;
  /** Whether there are others: then each line says whose it is. */
  readonly several: boolean;
  /** Those that functions have together. */
  readonly apis: SharedApis;
  /** What authorizers of doors need. */
  readonly authorizers: AuthorizerMeans;
  /** The configuration file, as a person knows it, where they come from one. */
  readonly file?: string;
}

export interface Served {
  readonly name: string;
  /** What was wrong with the first boot; nothing when it came up. Never rejects. */
  readonly booted: Promise<UserFailure | undefined>;
  /** As callers of the Invoke API know it. */
  readonly published: Published;
  /** Opens doors and queues, and says where they are. */
  open(invokeUrl: string): Promise<void>;
  /**
   * New environments, of the code as it is now, and of the order if its doors and fleet are the same. Resolves with what is
   * wrong with the new ones; rejects when the order cannot be carried out.
   */
  reload(order?: FunctionOrder): Promise<UserFailure | undefined>;
  close(): Promise<void>;
}

export async function serve(order: FunctionOrder, around: Surroundings): Promise<Served> {
  const { dashboard, reporter } = around;
  const { file } = around;
  const worded = (failure: UserFailure): UserFailure =>
    file === undefined ? failure : inFile(failure, file, order.options.name ?? "");
  const planned = (one: FunctionOrder): Promise<FunctionPlan> =>
    planFunction(one.command, one.options, process.env).catch((error: unknown) => {
      throw isUserFailure(error) ? worded(error) : error;
    });
  let plan = await planned(order);
  const { name } = plan.configuration;
  const ears = dashboard && {
    tap: dashboard.tapFor(name),
    happened: (event: Parameters<Dashboard["happened"]>[1]) => dashboard.happened(name, event),
  };
  const fleet = await launch(plan, order.options, reporter, { ears, ...(around.several && { name }) });
  const listeners: { close(): Promise<void> }[] = [];
  return {
    name,
    booted: fleet.initialized.then((init) =>
      init.status === "success" ? undefined : worded(bootFailure(init, plan)),
    ),
    published: { fleet, aliases: new Map((order.options.alias ?? []).map((alias) => [alias, "$LATEST"])) },
    async open(invokeUrl) {
      const { variables } = fleet.configuration;
      const circumstances = { streams: streams(variables) };
      const joinApi: SharedApis["join"] = (...asked) => around.apis.join(...asked);
      const means = { ...around.authorizers, joinApi };
      const opened = await openDoors(fleet, order.doors, order.host, circumstances, means);
      listeners.push(...opened.map(({ listener }) => listener));
      const doors = opened.map((door) => ({ door: door.name, url: door.url }));
      for (const { url } of opened.filter((_, at) => wantsSignature(order.doors[at])))
        reporter.tell({ type: "warning", message: signatureWarning(url, fleet.configuration.region) });
      if (order.doors.some(believesTokens)) reporter.tell({ type: "warning", message: unverifiedWarning });
      const urls = doors.map(({ url }) => url);
      const certified = ownCertificateWarning(order.doors, urls, process.env);
      if (certified !== undefined) reporter.tell({ type: "warning", message: certified });
      const queues = order.queues ?? [];
      listeners.push(...(await openQueues(fleet, queues, reporter)));
      dashboard?.add(infoOf(plan, doors), fleet);
      reporter.tell({
        type: "listening",
        url: doors[0]?.url ?? invokeUrl,
        invokeUrl,
        doors,
        queues,
        name,
        ...(around.several && { function: name }),
        ...(dashboard !== undefined && !around.several && { dashboardUrl: dashboard.url }),
      });
    },
    async reload(changed = order) {
      plan = await planned(changed);
      const init = await fleet.reload(plan.configuration);
      return init === undefined || init.status === "success" ? undefined : worded(bootFailure(init, plan));
    },
    async close() {
      dashboard?.remove(name);
      // Together: closing waits for the last answer, and the shutdown is what makes a slow request give its own.
      await Promise.all([...listeners.map((listener) => listener.close()), fleet.shutdown()]);
    },
  };
}

function infoOf(
  { configuration, command }: FunctionPlan,
  doors: readonly { readonly door: string; readonly url: string }[],
) {
  const { name, memorySizeMb, timeoutMs } = configuration;
  return {
    name,
    command,
    memorySizeMb,
    timeoutSeconds: timeoutMs / 1000,
    doors: doors.map(({ door, url }) => ({ kind: door, url })),
  };
}

function wantsSignature(door: PlannedDoor | undefined): boolean {
  return door?.more !== undefined && "authType" in door.more && door.more.authType === "AWS_IAM";
}

/** Any key will do: nothing here can check it. */
function signatureWarning(url: string, region: string): string {
  return (
    `${url} wants a signature (AuthType AWS_IAM), which a browser does not send: ` +
    `curl --aws-sigv4 aws:amz:${region}:lambda --user any:key ${url}`
  );
}

/** On loopback whatever `--host` says: it asks nobody for a signature. */
export const loopback = "127.0.0.1";

export async function openInvokeApi(
  functions: ReadonlyMap<string, Published>,
  port: number,
  events: AsyncOptions,
): Promise<HttpListener> {
  try {
    return await listenInvokeApi(functions, { ...events, host: loopback, port });
  } catch (error) {
    throw portFailure(loopback, port, error, "--invoke-port");
  }
}

/**
 * On AWS the door's mode and the adapter's are set apart from each other, and a pair that does not match
 * gives answers that nobody can read. Here the one follows the other.
 */
function streams(variables: Readonly<Record<string, string>>): boolean {
  return variables["AWS_LWA_INVOKE_MODE"]?.trim().toLowerCase() === "response_stream";
}
