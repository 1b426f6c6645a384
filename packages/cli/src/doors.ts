/** The front doors that `dev` can open, as they are named on the command line. */
import {
  type AuthorizerMeans,
  type DoorOptions,
  type Fleet,
  type HttpListener,
  openDoor,
} from "@anylambda/sandbox";
import { InvalidArgumentError } from "commander";
import { type CertificateSource, certificateOf } from "./certificate.ts";
import { portFailure, requirePort } from "./ports.ts";
import type { AskedApi } from "./shared-apis.ts";

interface Circumstances {
  /** The function streams its answers. */
  readonly streams: boolean;
}

/** How a door is opened that several functions have together. */
type JoinApi = (fleet: Fleet, asked: AskedApi) => Promise<HttpListener>;

/**
 * What each name stands for: AWS's defaults, but for two that no web app can live with. A REST API treats every body as
 * bytes, and a WebSocket API sends back what the app answers.
 */
const doors = {
  "function-url": ({ streams }: Circumstances): DoorOptions => ({
    type: "function-url",
    invokeMode: streams ? "RESPONSE_STREAM" : "BUFFERED",
  }),
  "http-api": (): DoorOptions => ({ type: "http-api" }),
  "http-api-1": (): DoorOptions => ({ type: "http-api", payloadFormatVersion: "1.0" }),
  rest: ({ streams }: Circumstances): DoorOptions => ({
    type: "rest",
    binaryMediaTypes: ["*/*"],
    responseTransferMode: streams ? "STREAM" : "BUFFERED",
  }),
  alb: (): DoorOptions => ({ type: "alb" }),
  "alb-multi": (): DoorOptions => ({ type: "alb", multiValueHeaders: true }),
  lattice: (): DoorOptions => ({ type: "lattice" }),
  websocket: (): DoorOptions => ({ type: "websocket", routeResponses: ["$default"] }),
} as const;

export type DoorName = keyof typeof doors;

export const doorNames: readonly DoorName[] = Object.keys(doors) as DoorName[];

/** A door as it was asked for. */
export interface AskedDoor {
  readonly name: DoorName;
  readonly port?: number | undefined;
}

/** Collects `--door rest --door alb:3001`. */
export function door(text: string, before: readonly AskedDoor[] = []): AskedDoor[] {
  const [name = "", port, ...more] = text.split(":");
  const known = doorNames.find((one) => one === name);
  const isPort = port === undefined || (/^\d+$/.test(port) && Number(port) <= 65_535);
  if (known === undefined || !isPort || more.length > 0)
    throw new InvalidArgumentError(`Write one of ${doorNames.join(", ")}, and :PORT behind it if you like.`);
  return [...before, { name: known, port: port === undefined ? undefined : Number(port) }];
}

/** A door with a port: the first takes the command's own where it names none, the others a free one. */
export interface PlannedDoor {
  readonly name: DoorName;
  readonly port: number;
  /** The option that the port came from. */
  readonly option: "--port" | "--door" | "--config";
  /** Settings beyond what its name stands for: those of the door's own options. */
  readonly more?: object;
  /** Plain text when absent. */
  readonly tls?: CertificateSource | undefined;
  /** Of an API that several functions have together: its name in the file. */
  readonly api?: string;
}

export function planDoors(
  asked: readonly AskedDoor[] = [],
  port: number,
  tls?: CertificateSource,
): PlannedDoor[] {
  const wanted: readonly AskedDoor[] = asked.length === 0 ? [{ name: "function-url" }] : asked;
  return wanted.map(({ name, port: own }, at) => {
    if (own !== undefined) return { name, port: own, option: "--door", tls };
    return at === 0 ? { name, port, option: "--port", tls } : { name, port: 0, option: "--door", tls };
  });
}

/** Says in time that a port or a certificate cannot be had. */
export async function requireDoors(planned: readonly PlannedDoor[], host: string): Promise<void> {
  for (const { port, option, tls } of planned) {
    await requirePort(host, port, option);
    if (tls !== undefined) await certificateOf(tls, process.env);
  }
}

export interface OpenedDoor {
  readonly name: DoorName;
  readonly url: string;
  readonly listener: HttpListener;
}

export interface DoorMeans extends AuthorizerMeans {
  readonly joinApi: JoinApi;
}

/** Opens all of them, or none. */
export async function openDoors(
  fleet: Fleet,
  planned: readonly PlannedDoor[],
  host: string,
  circumstances: Circumstances,
  means: DoorMeans,
): Promise<OpenedDoor[]> {
  const opened: OpenedDoor[] = [];
  try {
    for (const { name, port, option, more, api, tls: source } of planned) {
      const tls = source && (await certificateOf(source, process.env));
      const options = { ...doors[name](circumstances), ...more, host, port, tls };
      const opening =
        api === undefined
          ? openDoor(fleet, options, means)
          : means.joinApi(fleet, { name: api, ...circumstances, options });
      const listener = await opening.catch((error: unknown) => {
        throw portFailure(host, port, error, option);
      });
      opened.push({ name, url: listener.url, listener });
    }
    return opened;
  } catch (error) {
    await closeDoors(opened);
    throw error;
  }
}

async function closeDoors(opened: readonly OpenedDoor[]): Promise<void> {
  await Promise.all(opened.map(({ listener }) => listener.close()));
}
