/** An HTTP API or a REST API that several functions have together: one port, one id, one stage, the routes of them all. */
import type { AuthorizerMeans } from "../authorizers/authorizers.ts";
import type { DoorAuthorization } from "../authorizers/options.ts";
import type { HttpApiOptions, RestApiOptions } from "./door-options.ts";
import { listenHttpApiOf } from "./http-api.ts";
import type { HttpListener } from "./http-listener.ts";
import { listenRestApiOf } from "./rest-api.ts";
import { type ApiMember, RouteTable } from "./route-table.ts";

/** What they share; the routes come with the functions. */
export type SharedApiOptions = (
  | Omit<HttpApiOptions, "routes" | keyof DoorAuthorization>
  | Omit<RestApiOptions, "resources" | "responseTransferMode" | keyof DoorAuthorization>
) & {
  /** Its own: what its id is made of. */
  readonly name: string;
};

export interface SharedApi extends HttpListener {
  /** From the next request on. Throws for a route that is none, or that another function has. */
  add(member: ApiMember): void;
  remove(fleet: ApiMember["fleet"]): void;
}

/** Opens it with its first function. Rejects as `openDoor` does. Without any function it answers as for no route. */
export async function openSharedApi(
  first: ApiMember,
  { name, ...options }: SharedApiOptions,
  means: AuthorizerMeans = {},
): Promise<SharedApi> {
  const table = new RouteTable(options.type, first);
  const configuration = { ...first.fleet.configuration, name };
  const listener =
    options.type === "rest"
      ? await listenRestApiOf(first.fleet, configuration, options, table, means)
      : await listenHttpApiOf(first.fleet, configuration, options, table, means);
  return {
    ...listener,
    add: (member) => table.add(member),
    remove: (fleet) => table.remove(fleet),
  };
}
