/**
 * Which function of an API a route leads to. An API of API Gateway has one address and the routes of all its functions.
 *
 *  (1) A route leads to one function: a key that is taken is refused.
 */
import type { Route } from "@anylambda/wire/front-doors/routes";
import { requireAuthorizer } from "../authorizers/authorizers.ts";
import type { DoorAuthorization } from "../authorizers/options.ts";
import type { Fleet } from "../fleet.ts";
import { readRoutes } from "./routing.ts";

/** A function of an API, and what of it leads there. */
export interface ApiMember {
  readonly fleet: Fleet;
  /** Route keys: `GET /items/{id}`. */
  readonly routes: readonly string[];
  /** Its integration streams (REST APIs). */
  readonly streams?: boolean | undefined;
  /** Who may call its routes; everybody when absent. */
  readonly access?: DoorAuthorization | undefined;
}

interface Member extends ApiMember {
  readonly read: readonly Route[];
}

export class RouteTable {
  #members: readonly Member[] = [];
  /** Of all functions. */
  routes: readonly Route[] = [];

  readonly #api: "http-api" | "rest";

  constructor(api: "http-api" | "rest", first: ApiMember) {
    this.#api = api;
    this.add(first);
  }

  /** Throws for a key that is no route, or taken (1). */
  add(member: ApiMember): void {
    const read = readRoutes(member.routes);
    const taken = read.find(({ key }) => this.routes.some((route) => route.key === key));
    if (taken !== undefined)
      throw new RangeError(`The route ${taken.key} leads to another function of this API already`);
    requireAccess(member, this.#api);
    this.#change([...this.#members, { ...member, read }]);
  }

  remove(fleet: Fleet): void {
    this.#change(this.#members.filter((member) => member.fleet !== fleet));
  }

  /** Whether an integration of any function streams. */
  get streams(): boolean {
    return this.#members.some(({ streams }) => streams === true);
  }

  isEmpty(): boolean {
    return this.#members.length === 0;
  }

  /** The function of a route of this table. */
  memberOf(route: Route): ApiMember {
    const member = this.#members.find(({ read }) => read.includes(route));
    if (member === undefined) throw new Error(`route-table.ts (1): ${route.key} leads nowhere`);
    return member;
  }

  #change(members: readonly Member[]): void {
    this.#members = members;
    this.routes = members.flatMap(({ read }) => read);
  }
}

/** Throws for an authorizer that could let nobody in, and for one of a route that is not there. */
function requireAccess(
  { routes, access: { authorization, routeAuthorizations = {} } = {} }: ApiMember,
  api: "http-api" | "rest",
): void {
  const stray = Object.keys(routeAuthorizations).find((key) => !routes.includes(key));
  if (stray !== undefined)
    throw new RangeError(`${stray} has an authorizer and is no route of this function`);
  for (const one of [authorization, ...Object.values(routeAuthorizations)])
    if (one !== undefined && one !== "NONE") requireAuthorizer(one.authorizer, api);
}
