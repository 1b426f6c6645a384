import { functionUrl, httpApi2 } from "@anylambda/wire";
import type { AnswerBytes, Codec, EventKind, HttpResponse, JsonObject, RequestForApp } from "@anylambda/wire";

/** The adapter's half of a front door. */
export interface Door {
  toHttp(event: JsonObject, codec: Codec): RequestForApp;
  /** `method` is the request's: whether a body may follow depends on it. */
  fromHttp(response: HttpResponse, method: string, codec: Codec): AnswerBytes;
}

/**
 * Events of every other kind are passed through. Only the two functions are named, not the module: what the sandbox
 * needs of a door stays out of the adapter's bundle.
 */
const doors: { readonly [Kind in EventKind]?: Door } = {
  "function-url": { toHttp: functionUrl.toHttp, fromHttp: functionUrl.fromHttp },
  "http-api-2.0": { toHttp: httpApi2.toHttp, fromHttp: httpApi2.fromHttp },
};

/** Kinds of HTTP events that are recognised, and not yet mapped. */
const unmapped: ReadonlySet<EventKind> = new Set<EventKind>([
  "http-api-1.0",
  "rest",
  "alb",
  "websocket",
  "lattice-1",
  "lattice-2",
]);

export function doorOf(kind: EventKind): Door | undefined {
  return doors[kind];
}

export function isUnmapped(kind: EventKind): boolean {
  return unmapped.has(kind);
}
