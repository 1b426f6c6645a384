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
} from "@anylambda/wire";
import type { EventKind, HttpRequest, InvocationHead, JsonObject, RelayRules } from "@anylambda/wire";
import type { Config, FunctionIdentity } from "./config.ts";
import { lambdaContext, trustedFields } from "./context-headers.ts";
import { doorOf } from "./doors.ts";
import type { Door } from "./doors.ts";
import type { Platform } from "./platform.ts";
import { withoutSpace } from "./pass-through.ts";
import { teach } from "./relay.ts";
import type { Lane } from "./relay.ts";
import { authorityOf } from "./app-address.ts";
import { removeBasePath } from "./request-edits.ts";
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
  const { kind, door } = recognised(platform, config, sketched, event);
  const line = door === undefined ? passedThrough(config, kind, event) : mapped(config, door, sketched);
  if (line === undefined) return undefined;

  numbers[2] = Math.min(config.maxContextBytes, 2 ** 31 - 1);
  write ??= quickRequest(requestRules);
  const { method, target } = line;
  const before = (of: InvocationHead): string => linesBefore(of, config, door);
  const behind = (of: InvocationHead): string => `\r\n${invocationLines(of, config.function)}`;
  const bytes = write(event, numbers, `${method} ${target ?? ""}`, superseded, before(head), behind(head));
  if (bytes === undefined) return undefined;
  // Events that are not HTTP may all look different.
  if (lane !== undefined && (door !== undefined || isAsBefore)) {
    const [form = 0, bodiless = 0, maxQuoted = 0, encoded = 0] = numbers;
    const how = { form, bodiless: bodiless === 1, maxQuoted, encoded: encoded === 1 };
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
  let door = doorOf(kind, seen, config, platform.codec);
  let isSame = seen === sketched;
  if (door?.hasLists === true && places[place.parameters + 1] !== 0) {
    isSame = false;
    const parameters = valueAt(platform, event, place.parameters);
    door = doorOf(kind, { ...sketched, queryStringParameters: parameters }, config, platform.codec);
  }
  const one = { sketched, config, kind, door };
  if (isSame) known = one;
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
}

let known: Recognised | undefined;

/** Method and target; the latter is absent where it is taken from the event as it stands. */
interface Line {
  readonly method: string;
  readonly target: string | undefined;
}

/** Method and target of an HTTP event; tells where its headers and its body stand. */
function mapped(config: Config, door: Door, sketched: JsonObject): Line | undefined {
  try {
    const line = lineOf(config, door);
    if (line === undefined) return undefined;
    clear(door.hasLists === true ? place.joined : place.lists);
    numbers[0] = sketched["isBase64Encoded"] === true ? bodyForms.base64 : bodyForms.text;
    numbers[1] = isBodilessMethod(line.method) ? 1 : 0;
    return line;
  } catch (error) {
    // The long way tells what is wrong with the event.
    if (error instanceof EventError) return undefined;
    throw error;
  }
}

function lineOf(config: Config, door: Door): Line | undefined {
  if (door.requestLine !== undefined) {
    const { method, target } = door.requestLine();
    return { method, target: removeBasePath(target, config.removeBasePath) };
  }
  // The sketch has no path and no query: what would be done to them can be done only the long way.
  const isThere = places[place.path + 1] !== 0 && places[place.query + 1] !== 0;
  if (door.rawTarget === undefined || !isThere || config.removeBasePath !== "") return undefined;
  numbers[3] = door.rawTarget.isEncoded ? 1 : 0;
  return { method: door.rawTarget.method(), target: undefined };
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
  "queryStringParameters",
  "Records",
  "pathParameters",
  ...["requestId", "time", "timeEpoch", "authorizer", "identity", "extendedRequestId"].map(inContext),
  ...["requestTime", "requestTimeEpoch", "http.path", "http.sourceIp", "http.userAgent"].map(inContext),
];
const numbers: Int32Array = new Int32Array(4 + 2 * (emptied.length + 1));
const places: Int32Array = numbers.subarray(4);
const place = { lists: 0, singles: 2, joined: 4, body: 6, path: 8, query: 10, parameters: 12 } as const;
const quoted = ["requestContext"];
const requestRules = {
  dropped: [...droppedFields, ...trustedFields],
  droppedPrefix: "x-anylambda-",
  joined: "cookie",
  superseded: "x-amzn-trace-id",
  maxFields: 200,
};

/** What a lane has to know of requests. */
export const relayedRequests: Pick<RelayRules, "paths" | "request"> = {
  paths: [...emptied, ...quoted],
  request: requestRules,
};

let sketch: ReturnType<typeof jsonSketch> | undefined;
let write: ReturnType<typeof quickRequest> | undefined;

/** `Root=1-...` of a trace header; `""` for none at all, `undefined` for one that begins in another way. */
function rootOf(traceId: string | undefined): string | undefined {
  if (traceId === undefined) return "";
  if (!traceId.startsWith("Root=") || traceId.length < 6) return undefined;
  const end = traceId.indexOf(";");
  return end < 0 ? traceId : traceId.slice(0, end);
}
