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
import type { FleetAnswer } from "../waiting.ts";
import { type RequestLimits, readRequest } from "./client-request.ts";
import type { Listening } from "./door-options.ts";
import { toLatin1 } from "./header-text.ts";
import { type HttpListener, createFrontServer, listenAt } from "./http-listener.ts";
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
  /** The door's own answer, or what the function is asked. */
  readonly ask: (request: ClientRequest, arrival: Arrival) => ClientResponse | Question;
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

interface Question {
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
}

export function contextOf(place: Place, arrival: Arrival, requestId: string): DoorContext {
  const { traceId, timeEpoch } = arrival;
  return { ...place, requestId, traceId, timeEpoch, scheme: "http" };
}

export function newArrival(): Arrival {
  const [uuid, extendedId, traceId] = [randomUUID(), newExtendedId(), newTraceRoot()];
  return { uuid, extendedId, traceId, timeEpoch: Date.now() };
}

/** Opens it. Rejects when the port is taken or the address is not this machine's. */
export async function listenFrontDoor(
  fleet: Fleet,
  { host = "127.0.0.1", port = 0 }: Listening,
  doorAt: (port: number) => FrontDoor,
): Promise<HttpListener> {
  const server = createFrontServer((request, response) => {
    const arrival = newArrival();
    serve(fleet, door, arrival, request, response, server).catch(() => {
      // It must not take the server down with it.
      if (response.headersSent) response.destroy();
      else send(response, door.faults.bug, door.added(arrival), server);
    });
  });
  const listener = await listenAt(server, host, port);
  const door = doorAt(listener.port);
  return listener;
}

async function serve(
  fleet: Fleet,
  door: FrontDoor,
  arrival: Arrival,
  incoming: IncomingMessage,
  response: ServerResponse,
  server: Server,
): Promise<void> {
  const { faults } = door;
  const added = door.added(arrival);
  const read = await readRequest(incoming, door.limits);
  if (read.kind === "gone") return;
  if (read.kind === "refused") return send(response, faults[read.fault], added, server);
  const asked = door.ask(read.request, arrival);
  if ("status" in asked) return send(response, asked, added, server);
  const payload = Buffer.from(JSON.stringify(asked.event));
  if (payload.length > door.maxEventBytes) return send(response, faults.eventTooLarge, added, server);
  const traceId = headerOf(read.request.headers, "x-amzn-trace-id") ?? arrival.traceId;
  const job = { payload, traceId, ...(asked.requestId !== undefined && { requestId: asked.requestId }) };
  const { fleet: target = fleet } = asked;
  const invocation = asked.stream === undefined ? target.invoke(job) : target.invokeStreaming(job);
  const answer = await withPatience(invocation.answer, door.patienceMs);
  if (answer === undefined) {
    send(response, faults.timeout, added, server);
    const late = await invocation.answer;
    return "stream" in late ? readAway(late.stream) : undefined;
  }
  if ("stream" in answer) {
    if (asked.stream === undefined) throw new Error("A stream for a door that asked for none");
    return relayStream(response, answer.stream, asked.stream, added);
  }
  send(response, responseOf(answer, asked, faults), added, server);
}

function responseOf(answer: FleetAnswer, asked: Question, faults: Faults): ClientResponse {
  if (answer.refused === "TooManyRequestsException") return faults.throttled;
  if (answer.refused !== undefined) return faults.unavailable;
  const failed = answer.functionError !== undefined;
  return asked.fromResult({ payload: answer.payload, failed });
}

/** `undefined` when it takes longer. */
export async function withPatience<Value>(
  promise: Promise<Value>,
  ms: number | undefined,
): Promise<Value | undefined> {
  if (ms === undefined) return promise;
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, ms, undefined)));
  return Promise.race([promise, over]).finally(() => clearTimeout(timer));
}

function send(
  response: ServerResponse,
  { status, reason, headers, body }: ClientResponse,
  added: readonly HeaderField[],
  server: Server,
): void {
  const head: string[] = [];
  for (const [name, value] of [...headers, ...added]) head.push(name, toLatin1(value));
  if (mayTellLength(response, status, body)) head.push("Content-Length", String(body.length));
  if (!server.listening) head.push("Connection", "close");
  if (reason === undefined) response.writeHead(status, head);
  else response.writeHead(status, reason, head);
  endWhole(response, body);
}

/** 204 and 304 have no length; for HEAD an empty body says nothing about the length of the real one. */
function mayTellLength(response: ServerResponse, status: number, body: Uint8Array): boolean {
  if (status === 204 || status === 304) return false;
  return response.req.method !== "HEAD" || body.length > 0;
}
