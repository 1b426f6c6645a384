/**
 * APIs that several functions have together. The first function opens one, the others join it, the last one that leaves
 * closes it.
 *
 *  (1) An API is one listener, whatever comes and goes.
 */
import {
  type AuthorizerMeans,
  type DoorOptions,
  type Fleet,
  type HttpListener,
  type SharedApi,
  openSharedApi,
} from "@anylambda/sandbox";
import { userFailure } from "./user-failure.ts";

export interface AskedApi {
  readonly name: string;
  /** The function streams its answers. */
  readonly streams: boolean;
  /** Of its door, routes included. */
  readonly options: DoorOptions;
}

interface Open {
  readonly api: Promise<SharedApi>;
  readonly members: Set<Fleet>;
}

export class SharedApis {
  readonly #open = new Map<string, Open>();
  readonly #means: AuthorizerMeans;

  constructor(means: AuthorizerMeans) {
    this.#means = means;
  }

  /** The listener is the API's own; closing it takes the function's routes away. */
  async join(fleet: Fleet, { name, streams, options }: AskedApi): Promise<HttpListener> {
    const { routes, access, shared } = split(options, name);
    const member = { fleet, routes, streams, access };
    const before = this.#open.get(name);
    const one = before ?? { api: openSharedApi(member, shared, this.#means), members: new Set() };
    this.#open.set(name, one);
    one.members.add(fleet);
    try {
      const api = await one.api;
      if (before !== undefined) api.add(member);
      return { url: api.url, port: api.port, close: () => this.#leave(name, one, fleet) };
    } catch (error) {
      await this.#leave(name, one, fleet);
      throw error;
    }
  }

  async #leave(name: string, { api, members }: Open, fleet: Fleet): Promise<void> {
    if (!members.delete(fleet)) return;
    const opened = await api.catch(() => undefined);
    opened?.remove(fleet);
    if (members.size > 0) return;
    if (this.#open.get(name)?.members === members) this.#open.delete(name);
    await opened?.close();
  }
}

function split(options: DoorOptions, name: string) {
  if (options.type === "http-api") {
    const { routes = ["$default"], authorization, routeAuthorizations, ...shared } = options;
    return { routes, access: { authorization, routeAuthorizations }, shared: { ...shared, name } };
  }
  if (options.type === "rest") {
    const {
      resources: routes = ["ANY /", "ANY /{proxy+}"],
      responseTransferMode: _,
      authorization,
      routeAuthorizations,
      ...shared
    } = options;
    return { routes, access: { authorization, routeAuthorizations }, shared: { ...shared, name } };
  }
  throw userFailure(`A door of type ${options.type} is no API that functions could share`);
}
