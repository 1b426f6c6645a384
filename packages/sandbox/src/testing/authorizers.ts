/** Helpers for tests of authorizers: a real door, the function behind it, and the authorizer's own. */
import { join } from "node:path";
import type { AuthorizerMeans } from "../authorizers/authorizers.ts";
import type { DoorOptions } from "../listeners/door-options.ts";
import type { HttpListener } from "../listeners/http-listener.ts";
import { openDoor } from "../listeners/open-door.ts";
import type { Event } from "./doors.ts";
import { type Call, type Reply, call, directory, fixture, notesOf, rig } from "./harness.ts";

export interface GuardedRig {
  readonly listener: HttpListener;
  ask(path: string, authorization?: string, more?: Partial<Call>): Promise<Reply>;
  /** What the function was told, so far. */
  events(): Event[];
  /** What the authorizer's function was. */
  asked(): Event[];
  readonly warnings: string[];
  /** As when the authorizer's code has changed. */
  reloadGate(): Promise<unknown>;
  open(options: DoorOptions): Promise<HttpListener>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The authorizer's function is called `gate`. */
export async function guardedRig(options: DoorOptions): Promise<GuardedRig> {
  const place = directory();
  const [events, asked] = [join(place, "events"), join(place, "asked")];
  const [app, gate] = await Promise.all([
    rig({ command: fixture("door-runtime.mjs"), variables: { EVENTS: events } }),
    rig({ name: "gate", command: fixture("authorizer-runtime.mjs"), variables: { EVENTS: asked } }),
  ]);
  const warnings: string[] = [];
  const means: AuthorizerMeans = {
    functionNamed: (name) => (name === "gate" ? gate.fleet : undefined),
    warn: (message) => warnings.push(message),
  };
  const doors: HttpListener[] = [];
  const open = async (one: DoorOptions): Promise<HttpListener> => {
    const opened = await openDoor(app.fleet, one, means);
    doors.push(opened);
    return opened;
  };
  const listener = await open(options);
  const { host: address, pathname } = new URL(listener.url);
  const read = (file: string): Event[] => notesOf(file).map((line) => JSON.parse(line) as Event);
  return {
    listener,
    ask: (path, authorization, more = {}) => {
      const own = authorization === undefined ? {} : { authorization };
      const headers = { ...own, ...(more.headers as Record<string, string>) };
      return call(address, { path: `${pathname.replace(/\/$/, "")}${path}`, ...more, headers });
    },
    events: () => read(events),
    asked: () => read(asked),
    warnings,
    reloadGate: () => gate.fleet.reload({ ...gate.fleet.configuration }),
    open,
    async [Symbol.asyncDispose]() {
      await Promise.all(doors.map((door) => door.close()));
      await Promise.all([app[Symbol.asyncDispose](), gate[Symbol.asyncDispose]()]);
    },
  };
}
