/**
 * The extensions of one boot: who registered, for what, and who is waiting for an event.
 *
 *  (1) A call that the extension's state does not allow is refused and changes nothing.
 *  (2) At most 10 extensions, internal and external together.
 *  (3) Only INVOKE subscribers hold up the end of an invocation; only external extensions get SHUTDOWN.
 *  (4) Of an environment that takes several invocations at once nobody hears INVOKE (environment.md 1.10).
 *  (5) An extension without events is never answered: its poll waits until the environment ends.
 */
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { ErrorBody, ExtensionEventType, InvokeEvent, ShutdownEvent } from "@anylambda/wire";
import {
  type ExtensionCall,
  type ExtensionState,
  extensionStateAfter,
  extensionStateError,
} from "./extension-states.ts";
import { replyError } from "./replies.ts";

export interface RegisteredExtension {
  readonly id: string;
  readonly name: string;
  /** Started by the environment; else some process of the environment registered under a name of its own. */
  readonly external: boolean;
  state: ExtensionState;
  events: readonly ExtensionEventType[];
  /** Type the extension reported to `/init/error` or `/exit/error`. */
  errorType: string | undefined;
  poll: ServerResponse | undefined;
  /** SHUTDOWN, when it came while the extension was busy. */
  due: ShutdownEvent | undefined;
}

export type ExtensionRecord = Pick<RegisteredExtension, "id" | "name" | "external" | "events">;

export type Registration =
  | { readonly ok: true; readonly id: string }
  | { readonly ok: false; readonly error: ErrorBody };

export const maxExtensions = 10;

export class ExtensionRegistry {
  readonly #all: RegisteredExtension[] = [];
  readonly #byId = new Map<string, RegisteredExtension>();
  #open = true;
  #isDisabled = false;
  /** INVOKE subscribers that have not polled again. */
  #busy = 0;
  readonly #changed: () => void;
  readonly #managed: boolean;

  constructor(changed: () => void, kind: "single" | "managed" = "single") {
    this.#changed = changed;
    this.#managed = kind === "managed";
  }

  /** What a later registry needs to know of extensions that live on: ids are in their memory. */
  get records(): readonly ExtensionRecord[] {
    return this.#all.map(({ id, name, external, events }) => ({ id, name, external, events }));
  }

  /** Takes extensions that registered before; they are about to ask for an event. */
  restore(records: readonly ExtensionRecord[]): void {
    this.close();
    for (const { id, name, external, events } of records) {
      const extension = this.#add(name, external, id);
      extension.state = "Registered";
      extension.events = events;
    }
  }

  /** Announces a program that is about to be started; `false` when it is one too many (invariant 2). */
  expect(name: string): boolean {
    if (this.#all.length >= maxExtensions) return false;
    this.#add(name, true);
    return true;
  }

  /** Extensions are switched off: none is started, and their APIs are not there. */
  disable(): void {
    this.#isDisabled = true;
  }

  get isDisabled(): boolean {
    return this.#isDisabled;
  }

  /** From the runtime's first poll on nobody may register. */
  close(): void {
    this.#open = false;
  }

  find(id: string): RegisteredExtension | undefined {
    return this.#byId.get(id);
  }

  byName(name: string): RegisteredExtension | undefined {
    return this.#all.find((extension) => extension.name === name);
  }

  /** Started programs, registered or not, and whoever else registered. */
  get all(): readonly RegisteredExtension[] {
    return this.#all;
  }

  get registered(): readonly RegisteredExtension[] {
    return this.#all.filter(
      (extension) => extension.state !== "Started" && extension.state !== "LaunchError",
    );
  }

  /** Started programs that have not registered. */
  get unregistered(): readonly string[] {
    return this.#all.filter((extension) => extension.state === "Started").map((extension) => extension.name);
  }

  /** Extensions that have not asked for their first event. */
  get unready(): readonly string[] {
    return this.#all.filter((extension) => extension.state !== "Ready").map((extension) => extension.name);
  }

  /** Every INVOKE subscriber polled again. */
  get idle(): boolean {
    return this.#busy === 0;
  }

  register(name: string, events: readonly string[]): Registration {
    const external = this.#all.find((extension) => extension.external && extension.name === name);
    if (this.#managed && external === undefined && events.length > 0)
      return refused("Extension.InvalidEventType", "No events allowed for internal extensions");
    for (const event of events) {
      if (this.#managed && event === "INVOKE")
        return refused("Extension.InvalidEventType", "INVOKE: ErrorInvalidEventType");
      const problem = eventProblem(event, external !== undefined);
      if (problem !== undefined) return refused("Extension.InvalidEventType", `${event}: ${problem}`);
    }
    if (external === undefined) {
      if (!this.#open)
        return refused("Extension.RegistrationClosed", "Extension registration closed already");
      if (this.byName(name) !== undefined)
        return refused("Extension.InvalidExtensionState", "Extension with this name already registered");
      if (this.#all.length >= maxExtensions)
        return refused("Extension.TooManyExtensions", `Extension limit (${maxExtensions}) reached`);
    }
    const extension = external ?? this.#add(name, false);
    const state = extensionStateAfter(extension.state, "register");
    if (state === undefined)
      return { ok: false, error: extensionStateError(extension.state, "register", name) };
    extension.state = state;
    extension.events = [...new Set(events)] as ExtensionEventType[];
    this.#changed();
    return { ok: true, id: extension.id };
  }

  next(extension: RegisteredExtension, poll: ServerResponse): void {
    const state = extensionStateAfter(extension.state, "next");
    if (state === undefined) {
      replyError(poll, 403, extensionStateError(extension.state, "next", extension.id));
      return;
    }
    if (extension.state === "Running" && extension.events.includes("INVOKE")) this.#busy -= 1;
    extension.state = state;
    extension.poll = poll;
    if (extension.due !== undefined) this.#deliver(extension, shutdownHead, JSON.stringify(extension.due));
    this.#changed();
  }

  reportError(extension: RegisteredExtension, call: ExtensionCall, errorType: string): ErrorBody | undefined {
    const state = extensionStateAfter(extension.state, call);
    if (state === undefined) return extensionStateError(extension.state, call, extension.id);
    extension.state = state;
    extension.errorType ??= errorType;
    return undefined;
  }

  launchFailed(name: string): void {
    const extension = this.byName(name);
    if (extension !== undefined)
      extension.state = extensionStateAfter(extension.state, "launchError") ?? extension.state;
  }

  /** Tells every subscriber of the invocation that began. */
  invoke(event: () => InvokeEvent): void {
    let body: string | undefined;
    for (const extension of this.#all) {
      if (extension.state !== "Ready" || !extension.events.includes("INVOKE")) continue;
      body ??= JSON.stringify(event());
      this.#busy += 1;
      this.#deliver(extension, [...invokeHead, "Lambda-Extension-Event-Identifier", randomUUID()], body);
    }
  }

  /** Tells one subscriber that the end has come: now, or when it asks. */
  shutdown(extension: RegisteredExtension, event: ShutdownEvent): void {
    extension.due = event;
    if (extension.state === "Ready") this.#deliver(extension, shutdownHead, JSON.stringify(event));
  }

  #deliver(extension: RegisteredExtension, head: readonly string[], body: string): void {
    const poll = extension.poll;
    extension.poll = undefined;
    extension.state = extensionStateAfter(extension.state, "delivered") ?? extension.state;
    poll?.writeHead(200, [...head, "Content-Length", String(Buffer.byteLength(body))]);
    poll?.end(body);
  }

  #add(name: string, external: boolean, id: string = randomUUID()): RegisteredExtension {
    const extension: RegisteredExtension = {
      id,
      name,
      external,
      state: "Started",
      events: [],
      errorType: undefined,
      poll: undefined,
      due: undefined,
    };
    this.#all.push(extension);
    this.#byId.set(extension.id, extension);
    return extension;
  }
}

const invokeHead = ["Content-Type", "application/json"];
const shutdownHead = ["Content-Type", "application/json"];

function eventProblem(event: string, external: boolean): string | undefined {
  if (event !== "INVOKE" && event !== "SHUTDOWN") return "ErrorInvalidEventType";
  if (event === "SHUTDOWN" && !external) return "ShutdownEventNotSupportedForInternalExtension";
  return undefined;
}

function refused(errorType: string, errorMessage: string): Registration {
  return { ok: false, error: { errorType, errorMessage } };
}
