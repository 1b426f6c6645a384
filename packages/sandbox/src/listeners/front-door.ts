/**
 * What the front doors that speak HTTP have in common: a request is read, made into an event, and what became of the
 * event goes back. A door is data and pure functions; here is all of its I/O.
 *
 *  (1) A request has one response, or its connection ends.
 *  (2) What a door refuses never reaches the function.
 *  (3) A door that has lost its patience, and a client that has gone, change nothing for the function: it runs to its end.
 *  (4) A door adds to each response what it adds to all of them, whoever made it.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import {
  type ClientRequest,
  type ClientResponse,
  type DoorContext,
  type HeaderField,
  type InvocationResult,
  type JsonObject,
  headerOf,
} from "@anylambda/wire";
import { endWhole } from "../replies.ts";
import type { Fleet } from "../fleet.ts";
import { newExtendedId, newTraceRoot } from "../identifiers.ts";
import type { StreamedAnswer } from "../invocation.ts";
import { withPatience } from "../patience.ts";
import type { FleetAnswer } from "../waiting.ts";
import { type RequestLimits, readRequest } from "./client-request.ts";
import type { Listening } from "./door-options.ts";
import { toLatin1 } from "./header-text.ts";
import { type HttpListener, createFrontServer, listenAt } from "./http-listener.ts";
import { mayTellLength, offerQuickly } from "./quick-requests.ts";
import { type StreamForm, readAway, relayStream } from "./streamed-answer.ts";

/** What keeps a request from the function, or its answer from the client. */
type Fault =
  /** The request target is no path. */
  | "badTarget"
  | "headTooLarge"
  | "bodyTooLarge"
  /** The body as it stands in the event is more than Lambda takes. */
  | "eventTooLarge"
  /** No environment is free, and none may be started. */
  | "throttled"
  /** There is no environment any more. */
  | "unavailable"
  /** The function is slower than the door waits. */
  | "timeout"
  /** A bug of ours. */
  | "bug";

export type Faults = Readonly<Record<Fault, ClientResponse>>;

export interface FrontDoor {
  readonly limits: RequestLimits;
  /** Largest event, bytes of JSON. */
  readonly maxEventBytes: number;
  /** How long it waits for the function's answer, or for its first byte; for ever when absent. */
  readonly patienceMs?: number | undefined;
  readonly faults: Faults;
  /** Whether a question may ask for a stream. */
  readonly streams?: boolean;
  /** The door's own answer, or what the function is asked; a promise where somebody else has to be asked before. */
  readonly ask: (
    request: ClientRequest,
    arrival: Arrival,
  ) => ClientResponse | Question | Promise<ClientResponse | Question>;
  readonly added: (arrival: Arrival) => readonly HeaderField[];
}

/** The names that one request gets. */
export interface Arrival {
  /** A UUID. */
  readonly uuid: string;
  /** 15 characters and `=`. */
  readonly extendedId: string;
  /** `Root=…` */
  readonly traceId: string;
  /** Unix time, ms. */
  readonly timeEpoch: number;
}

export interface Question {
  readonly event: JsonObject;
  /** The function that is asked, where a door has several. */
  readonly fleet?: Fleet;
  /** Lambda's id of the invocation, where the door chooses it. */
  readonly requestId?: string;
  readonly fromResult: (result: InvocationResult) => ClientResponse;
  /** Present where the answer is streamed. */
  readonly stream?: StreamForm;
}

/** What is the same for every request. */
export interface Place {
  readonly accountId: string;
  readonly apiId: string;
  readonly domainName: string;
  readonly port: number;
  readonly scheme: "http" | "https";
}

export function contextOf(place: Place, arrival: Arrival, requestId: string): DoorContext {
  const { accountId, apiId, domainName, port, scheme } = place;
  const { traceId, timeEpoch } = arrival;
  return { accountId, apiId, domainName, port, requestId, traceId, timeEpoch, scheme };
}

export function newArrival(): Arrival {
  return {
    uuid: randomUUID(),
    extendedId: newExtendedId(),
    traceId: newTraceRoot(),
    timeEpoch: Date.now(),
  };
}

/** Opens it. Rejects when the port is taken or the address is not this machine's. */
export async function listenFrontDoor(
  fleet: Fleet,
  { host = "127.0.0.1", port = 0, tls }: Listening,
  doorAt: (port: number) => FrontDoor,
): Promise<HttpListener> {
  const server = createFrontServer((request, response) => {
    const arrival = newArrival();
    const added = door.added(arrival);
    const client: Client = {
      send: (given) => send(response, given, added, server),
      relay: (stream, form) => relayStream(response, stream, form, added),
    };
    serve(fleet, door, arrival, request, client).catch(() => {
      // It must not take the server down with it.
      if (response.headersSent) response.destroy();
      else client.send(door.faults.bug);
    });
  }, tls);
  const endIdle = offerQuickly(server, (request, respond) => {
    if (door.streams === true) return false;
    const arrival = newArrival();
    const added = door.added(arrival);
    let isSent = false;
    const client: Client = {
      send: (given) => {
        isSent = true;
        respond(given, added);
      },
    };
    answer(fleet, door, arrival, request, client).catch(() => {
      if (!isSent) client.send(door.faults.bug);
    });
    return true;
  });
  const listener = await listenAt(server, host, port);
  const door = doorAt(listener.port);
  const close = (): Promise<void> => {
    const closed = listener.close();
    endIdle();
    return closed;
  };
  return { ...listener, close };
}

/** Whoever waits for the response to one request. */
interface Client {
  readonly send: (response: ClientResponse) => void;
  /** Absent where a response is sent as a whole. */
  readonly relay?: (stream: StreamedAnswer["stream"], form: StreamForm) => Promise<void>;
}

async function serve(
  fleet: Fleet,
  door: FrontDoor,
  arrival: Arrival,
  incoming: IncomingMessage,
  client: Client,
): Promise<void> {
  const read = await readRequest(incoming, door.limits);
  if (read.kind === "gone") return;
  if (read.kind === "refused") return client.send(door.faults[read.fault]);
  return answer(fleet, door, arrival, read.request, client);
}

async function answer(
  fleet: Fleet,
  door: FrontDoor,
  arrival: Arrival,
  request: ClientRequest,
  { send, relay }: Client,
): Promise<void> {
  const { faults } = door;
  const asking = door.ask(request, arrival);
  // Most doors know at once, and a turn of the loop is dear.
  const asked = asking instanceof Promise ? await asking : asking;
  if ("status" in asked) return send(asked);
  const payload = Buffer.from(JSON.stringify(asked.event));
  if (payload.length > door.maxEventBytes) return send(faults.eventTooLarge);
  const traceId = headerOf(request.headers, "x-amzn-trace-id") ?? arrival.traceId;
  const { requestId, stream: form, fleet: target = fleet } = asked;
  const job = requestId === undefined ? { payload, traceId } : { payload, traceId, requestId };
  const invocation = form === undefined ? target.invoke(job) : target.invokeStreaming(job);
  const given = await withPatience(invocation.answer, door.patienceMs);
  if (given === undefined) {
    send(faults.timeout);
    const late = await invocation.answer;
    return "stream" in late ? readAway(late.stream) : undefined;
  }
  if (!("stream" in given)) return send(responseOf(given, asked, faults));
  if (form === undefined || relay === undefined) throw new Error("A stream for a door that asked for none");
  return relay(given.stream, form);
}

function responseOf(answer: FleetAnswer, asked: Question, faults: Faults): ClientResponse {
  if (answer.refused === "TooManyRequestsException") return faults.throttled;
  if (answer.refused !== undefined) return faults.unavailable;
  const failed = answer.functionError !== undefined;
  return asked.fromResult({ payload: answer.payload, failed });
}

function send(
  response: ServerResponse,
  { status, reason, headers, body }: ClientResponse,
  added: readonly HeaderField[],
  server: Server,
): void {
  const head: string[] = [];
  for (const [name, value] of headers) head.push(name, toLatin1(value));
  for (const [name, value] of added) head.push(name, toLatin1(value));
  if (mayTellLength(response.req.method, status, body)) head.push("Content-Length", String(body.length));
  if (!server.listening) head.push("Connection", "close");
  if (reason === undefined) response.writeHead(status, head);
  else response.writeHead(status, reason, head);
  endWhole(response, body);
}
