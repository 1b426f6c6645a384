/** Helpers for tests of front doors: a real door on a real environment, whose function answers as it is asked to. */
import { join } from "node:path";
import type { FleetOptions } from "../fleet.ts";
import type { DoorOptions } from "../listeners/door-options.ts";
import type { HttpListener } from "../listeners/http-listener.ts";
import { openDoor } from "../listeners/open-door.ts";
import { type Call, type Reply, type Rig, call, directory, fixture, notesOf, rig } from "./harness.ts";

export interface DoorRig {
  readonly rig: Rig;
  readonly listener: HttpListener;
  /** `HOST:PORT` */
  readonly address: string;
  /** One exchange with the door. */
  ask(path: string, more?: Partial<Call>): Promise<Reply>;
  /** One exchange that the function answers so: a value as JSON, or bytes as they are. */
  told(answer: unknown, path: string, more?: Partial<Call>): Promise<Reply>;
  /** The event that the function got for this request. */
  eventOf(path: string, more?: Partial<Call>): Promise<Event>;
  /** All events so far. */
  events(): Event[];
  /** Opens another door on the same function. */
  open(options: DoorOptions): Promise<HttpListener>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Any door's event. */
export type Event = Record<string, unknown> & { readonly requestContext: Record<string, unknown> };

export async function doorRig(
  options: DoorOptions,
  fleet: Omit<FleetOptions, "report" | "path"> = {},
): Promise<DoorRig> {
  const file = join(directory(), "events");
  const made = await rig({ command: fixture("door-runtime.mjs"), variables: { EVENTS: file } }, fleet);
  const doors: HttpListener[] = [];
  const open = async (one: DoorOptions): Promise<HttpListener> => {
    const listener = await openDoor(made.fleet, one);
    doors.push(listener);
    return listener;
  };
  const listener = await open(options);
  const { host: address, pathname } = new URL(listener.url);
  const events = (): Event[] => notesOf(file).map((line) => JSON.parse(line) as Event);
  const ask: DoorRig["ask"] = (path, more = {}) =>
    call(address, { path: `${pathname.replace(/\/$/, "")}${path}`, ...more });
  return {
    rig: made,
    listener,
    address,
    ask,
    told: (answer, path, more = {}) => {
      const bytes = answer instanceof Uint8Array ? Buffer.from(answer) : Buffer.from(JSON.stringify(answer));
      const headers = {
        ...(more.headers as Record<string, string>),
        "x-answer": bytes.toString("base64url"),
      };
      return ask(path, { ...more, headers });
    },
    eventOf: async (path, more) => {
      await ask(path, more);
      return events().at(-1) as Event;
    },
    events,
    open,
    async [Symbol.asyncDispose]() {
      await Promise.all([...doors.map((door) => door.close()), made[Symbol.asyncDispose]()]);
    },
  };
}

/** What the function streams: prelude, delimiter, body. */
export function streamed(prelude: unknown, body: string): Uint8Array {
  return Buffer.concat([Buffer.from(JSON.stringify(prelude)), Buffer.alloc(8), Buffer.from(body)]);
}
