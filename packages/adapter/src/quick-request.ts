/**
 * The quick way from an event to the request for the app: its headers and its body go from the event's bytes to the
 * request's without ever being values of the engine. Only for the plain kind of event, and only where the engine has the
 * ways of `wire/src/quick.ts`; `undefined` for all else. The long way (`invocation.ts`) gives the very same request, and
 * what is odd enough to be told of or refused always goes there.
 */
import {
  EventError,
  bodyForms,
  droppedFields,
  isBodilessMethod,
  isObject,
  jsonSketch,
  kindOf,
  quickRequest,
  targetForms,
} from "@anylambda/wire";
import type {
  EventKind,
  HttpRequest,
  InvocationHead,
  JsonObject,
  QuickRequestRules,
  RelayRules,
  TargetForm,
} from "@anylambda/wire";
import type { Config, FunctionIdentity } from "./config.ts";
import { edgeTraceField, lambdaContext, trustedFields } from "./context-headers.ts";
import { doorOf } from "./doors.ts";
import type { Door } from "./doors.ts";
import type { Platform } from "./platform.ts";
import { withoutSpace } from "./pass-through.ts";
import { teach } from "./relay.ts";
import type { Lane } from "./relay.ts";
import { authorityOf } from "./app-address.ts";
import type { Invocation } from "./runtime-client.ts";

/** A request that is written out already. Its other members are made the long way when they are asked for. */
interface WrittenRequest extends HttpRequest {
  readonly written: readonly Uint8Array[];
}

export interface QuickRequest {
  readonly request: WrittenRequest;
  readonly kind: EventKind;
  readonly door: Door | undefined;
}

/** `longWay` makes the same request as values. */
export function quickRequestOf(
  platform: Platform,
  config: Config,
  invocation: Invocation,
  longWay: () => HttpRequest,
  lane?: Lane,
): QuickRequest | undefined {
  const { event, head } = invocation;
  const superseded = rootOf(head.traceId);
  if (config.authorizationSource !== undefined || superseded === undefined) return undefined;
  sketch ??= jsonSketch(emptied, quoted);
  const sketched = sketch(event, places);
  if (sketched === undefined) return undefined;
  const isAsBefore = known?.sketched === sketched;
  const { kind, door, isSure } = recognised(platform, config, sketched, event);
  const line = door === undefined ? passedThrough(config, kind, event) : mapped(door, sketched);
  if (line === undefined) return undefined;

  numbers[2] = Math.min(config.maxContextBytes, 2 ** 31 - 1);
  if (writer?.config !== config) writer = { config, write: quickRequest(requestRules(config)) };
  const { method, target } = line;
  const before = (of: InvocationHead): string => linesBefore(of, config, door);
  const behind = (of: InvocationHead): string => `\r\n${invocationLines(of, config.function)}`;
  const bytes = writer.write(
    event,
    numbers,
    `${method} ${target ?? ""}`,
    superseded,
    before(head),
    behind(head),
  );
  if (bytes === undefined) return undefined;
  // Events that are not HTTP may all look different.
  if (lane !== undefined && (door !== undefined || isAsBefore)) {
    const [form = 0, bodiless = 0, maxQuoted = 0] = numbers;
    // Where headers told, the next one's may tell otherwise: only what both doors send alike is taken as it stands then.
    const targetForm = isSure ? (numbers[3] as TargetForm) : targetForms.decodedPath;
    const how = { form, bodiless: bodiless === 1, maxQuoted, targetForm };
    teach(lane, config, { event, head, door, method, target, ...how, before, behind });
  }
  return { request: new Written(method, target, bytes, longWay), kind, door };
}

function linesBefore({ traceId }: InvocationHead, config: Config, door: Door | undefined): string {
  // Without a trace of the invocation's own the event's is a field like any other.
  const trace = traceId === undefined ? "" : `x-amzn-trace-id: ${traceId}\r\n`;
  const fields =
    door === undefined ? `host: ${authorityOf(config)}\r\ncontent-type: application/json\r\n` : "";
  return `${fields}${trace}x-amzn-request-context: `;
}

/** Made of values that have come in a head: no line ends among them. */
function invocationLines(head: InvocationHead, identity: FunctionIdentity): string {
  const tenant = head.tenantId === undefined ? "" : `x-amz-tenant-id: ${head.tenantId}\r\n`;
  const deadline = Number.isNaN(head.deadlineMs) ? "" : `lambda-runtime-deadline-ms: ${head.deadlineMs}\r\n`;
  return (
    `x-amzn-lambda-context: ${lambdaContext(head, identity)}\r\n${tenant}${deadline}` +
    `lambda-runtime-aws-request-id: ${head.requestId}\r\n`
  );
}

/** Kind and door of an event; what looks the same as the time before is the same. */
function recognised(platform: Platform, config: Config, sketched: JsonObject, event: Uint8Array): Recognised {
  if (known?.sketched === sketched && known.config === config) return known;
  const seen = withHeaders(platform, sketched, event);
  const kind = kindOf(seen);
  const isSure = seen === sketched;
  const one = { sketched, config, kind, door: doorOf(kind, seen, config, platform.codec), isSure };
  if (isSure) known = one;
  return one;
}

/** The value of a member that the sketch lacks. */
function valueAt(platform: Platform, event: Uint8Array, member: number): unknown {
  return JSON.parse(platform.codec.utf8Decode(event.subarray(places[member], places[member + 1]))) as unknown;
}

interface Recognised {
  readonly sketched: JsonObject;
  readonly config: Config;
  readonly kind: EventKind;
  readonly door: Door | undefined;
  /** Whatever was emptied has no part in it. */
  readonly isSure: boolean;
}

let known: Recognised | undefined;

/** Method and target; the latter is absent where it is taken from the event. */
interface Line {
  readonly method: string;
  readonly target: string | undefined;
}

/** Method and target of an HTTP event; tells where its headers and its body stand. */
function mapped(door: Door, sketched: JsonObject): Line | undefined {
  if (door.inPlace === undefined) return undefined;
  try {
    const method = door.inPlace.method();
    clear(door.inPlace.hasLists ? place.joined : place.lists);
    numbers[0] = sketched["isBase64Encoded"] === true ? bodyForms.base64 : bodyForms.text;
    numbers[1] = isBodilessMethod(method) ? 1 : 0;
    numbers[3] = door.inPlace.target;
    return { method, target: undefined };
  } catch (error) {
    // The long way tells what is wrong with the event.
    if (error instanceof EventError) return undefined;
    throw error;
  }
}

/** As `toPassThrough`: the body is the event itself. */
function passedThrough(config: Config, kind: EventKind, event: Uint8Array): Line | undefined {
  if (kind === "websocket" || config.passThroughRoutes.size > 0) return undefined;
  for (const member of [place.lists, place.singles, place.joined]) clear(member);
  const body = withoutSpace(event);
  places[place.body] = body.byteOffset - event.byteOffset;
  places[place.body + 1] = body.byteOffset - event.byteOffset + body.length;
  numbers[0] = bodyForms.raw;
  numbers[1] = 0;
  return { method: "POST", target: config.passThroughPath };
}

/** The door behind a custom domain is told by headers. */
function withHeaders(platform: Platform, sketched: JsonObject, event: Uint8Array): JsonObject {
  if (sketched["version"] !== "2.0") return sketched;
  const context = sketched["requestContext"];
  const domain = isObject(context) ? context["domainName"] : undefined;
  if (typeof domain === "string" && (domain.includes(".lambda-url.") || domain.includes(".execute-api.")))
    return sketched;
  if (places[place.singles + 1] === 0) return sketched;
  return { ...sketched, headers: valueAt(platform, event, place.singles) };
}

class Written implements WrittenRequest {
  readonly method: string;
  readonly written: readonly Uint8Array[];
  readonly #target: string | undefined;
  readonly #longWay: () => HttpRequest;
  #long: HttpRequest | undefined;

  constructor(method: string, target: string | undefined, bytes: Uint8Array, longWay: () => HttpRequest) {
    this.method = method;
    this.written = [bytes];
    this.#target = target;
    this.#longWay = longWay;
  }

  get target(): string {
    return this.#target ?? this.#made.target;
  }

  get headers(): HttpRequest["headers"] {
    return this.#made.headers;
  }

  get body(): Uint8Array {
    return this.#made.body;
  }

  get #made(): HttpRequest {
    return (this.#long ??= this.#longWay());
  }
}

function inContext(member: string): string {
  return `requestContext.${member}`;
}

function clear(member: number): void {
  places[member] = 0;
  places[member + 1] = 0;
}

/**
 * Members whose values are large or change from event to event while kind and door stay the same. The first are in the
 * order of `QuickRequestNumbers`; `quickRequest` does not look at the others.
 */
const emptied = [
  "multiValueHeaders",
  "headers",
  "cookies",
  "body",
  "rawPath",
  "rawQueryString",
  "path",
  "multiValueQueryStringParameters",
  "queryStringParameters",
  "Records",
  "pathParameters",
  ...["requestId", "time", "timeEpoch", "authorizer", "identity", "extendedRequestId"].map(inContext),
  ...["requestTime", "requestTimeEpoch", "path", "http.path", "http.sourceIp", "http.userAgent"].map(
    inContext,
  ),
];
const numbers: Int32Array = new Int32Array(4 + 2 * (emptied.length + 1));
const places: Int32Array = numbers.subarray(4);
const place = { lists: 0, singles: 2, joined: 4, body: 6 } as const;
const quoted = ["requestContext"];

function requestRules({ removeBasePath }: Config): QuickRequestRules {
  return {
    dropped: [...droppedFields, ...trustedFields],
    droppedPrefix: "x-anylambda-",
    joined: "cookie",
    superseded: "x-amzn-trace-id",
    beginning: "Root=",
    aside: edgeTraceField,
    basePath: removeBasePath,
    maxFields: 200,
  };
}

/** What a lane has to know of requests. */
export function relayedRequests(config: Config): Pick<RelayRules, "paths" | "request"> {
  return { paths: [...emptied, ...quoted], request: requestRules(config) };
}

let sketch: ReturnType<typeof jsonSketch> | undefined;
let writer: { readonly config: Config; readonly write: ReturnType<typeof quickRequest> } | undefined;

/** `Root=1-...` of a trace header; `""` for none at all, `undefined` for one that begins in another way. */
function rootOf(traceId: string | undefined): string | undefined {
  if (traceId === undefined) return "";
  if (!traceId.startsWith("Root=") || traceId.length < 6) return undefined;
  const end = traceId.indexOf(";");
  return end < 0 ? traceId : traceId.slice(0, end);
}
