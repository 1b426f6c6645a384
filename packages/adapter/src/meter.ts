/**
 * What is told of an invocation at its end: its metrics at debug level, and the access log's line for an HTTP event.
 * Where neither is wanted there is no meter, and an invocation pays nothing for it: no clock is read, nothing counted.
 */
import type { EventKind, HttpRequest } from "@anylambda/wire";
import type { AppResponse } from "./app-client.ts";
import type { Log } from "./log.ts";
import type { Clock, Platform } from "./platform.ts";

export interface Meter {
  /** The request is made, the app is next. `isHttp` for an event that came through a front door. */
  prepared(request: HttpRequest, kind: EventKind, isHttp: boolean): void;
  /** The app's response has begun. The response that comes back counts its body as it is read. */
  begun(response: AppResponse): AppResponse;
  /** What the client gets is known: the app's whole answer, or ours with `status`. */
  answered(status?: number): void;
  failed(errorType: string): void;
  /** The invocation is over: the lines are written. */
  end(): void;
}

export function startMeter(
  platform: Platform,
  log: Log,
  accessLog: boolean,
  began: Clock,
): Meter | undefined {
  return accessLog || log.tellsDebug ? createMeter(platform, log, accessLog, began) : undefined;
}

function createMeter(platform: Platform, log: Log, accessLog: boolean, { monotonic: start }: Clock): Meter {
  let request: HttpRequest | undefined;
  let door: EventKind | undefined;
  let accessed = false;
  let status: number | undefined;
  let error: string | undefined;
  let bytes = 0;
  // Where one part of the way ends and the next begins.
  let prepared: number | undefined;
  let answered: number | undefined;
  const now = (): number => platform.now().monotonic;

  return {
    prepared(made, kind, isHttp) {
      request = made;
      door = kind;
      accessed = accessLog && isHttp;
      prepared = now();
    },
    begun(response) {
      ({ status } = response);
      answered = now();
      const { reason, headers } = response;
      return {
        status: response.status,
        reason,
        headers,
        read: async () => {
          const piece = await response.read();
          bytes += piece?.length ?? 0;
          return piece;
        },
      };
    },
    answered(ours) {
      status = ours ?? status;
      answered = now();
    },
    failed(errorType) {
      error = errorType;
      answered ??= now();
    },
    end() {
      const end = now();
      const route = request === undefined ? {} : { method: request.method, path: pathOf(request) };
      log.debug("invocation", {
        door,
        ...route,
        status,
        error,
        request_bytes: request?.body.length,
        response_bytes: bytes,
        prepare_ms: tenths((prepared ?? end) - start),
        app_ms: prepared === undefined ? undefined : tenths((answered ?? end) - prepared),
        respond_ms: answered === undefined ? undefined : tenths(end - answered),
      });
      if (accessed) log.info("access", { ...route, status, error, bytes, ms: tenths(end - start) });
    },
  };
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** Without the query, which may hold secrets. */
export function pathOf(request: HttpRequest): string {
  const mark = request.target.indexOf("?");
  return mark < 0 ? request.target : request.target.slice(0, mark);
}
