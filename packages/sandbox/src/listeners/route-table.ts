/**
 * Which function of an API a route leads to. An API of API Gateway has one address and the routes of all its functions.
 *
 *  (1) A route leads to one function: a key that is taken is refused.
 */
import type { Route } from "@anylambda/wire/front-doors/routes";
import type { Fleet } from "../fleet.ts";
import { readRoutes } from "./routing.ts";

/** A function of an API, and what of it leads there. */
export interface ApiMember {
  readonly fleet: Fleet;
  /** Route keys: `GET /items/{id}`. */
  readonly routes: readonly string[];
  /** Its integration streams (REST APIs). */
  readonly streams?: boolean | undefined;
}

interface Member extends ApiMember {
  readonly read: readonly Route[];
}

export class RouteTable {
  #members: readonly Member[] = [];
  /** Of all functions. */
  routes: readonly Route[] = [];

  constructor(first: ApiMember) {
    this.add(first);
  }

  /** Throws for a key that is no route, or taken (1). */
  add(member: ApiMember): void {
    const read = readRoutes(member.routes);
    const taken = read.find(({ key }) => this.routes.some((route) => route.key === key));
    if (taken !== undefined)
      throw new RangeError(`The route ${taken.key} leads to another function of this API already`);
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
