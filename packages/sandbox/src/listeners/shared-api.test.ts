import { describe, expect, it } from "vitest";
import { join } from "node:path";
import { type Rig, call, directory, fixture, notesOf, rig } from "../testing/harness.ts";
import { type SharedApi, openSharedApi } from "./shared-api.ts";

type Options = Parameters<typeof openSharedApi>[1];

/** Two functions that answer with the event they got, behind one API. */
async function shop(options: Options): Promise<{
  readonly items: Rig;
  readonly orders: Rig;
  readonly api: SharedApi;
  /** Status, the function that was asked, and its event. */
  ask(
    path: string,
    method?: string,
  ): Promise<{ status: number; asked: string; event: Record<string, unknown> }>;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const [items, orders] = await Promise.all([rig({ name: "items" }), rig({ name: "orders" })]);
  const first = { fleet: items.fleet, routes: ["GET /items/{id}", "ANY /both"] };
  const api = await openSharedApi(first, options);
  api.add({ fleet: orders.fleet, routes: ["POST /orders", "GET /both"] });
  const base = new URL(api.url).pathname.replace(/\/$/, "");
  return {
    items,
    orders,
    api,
    async ask(path, method = "GET") {
      const started = (r: Rig): number => r.lines().filter((line) => line.startsWith("START")).length;
      const before = [started(items), started(orders)];
      const { status, body } = await call(`127.0.0.1:${api.port}`, { method, path: `${base}${path}` });
      const asked =
        started(items) > (before[0] ?? 0) ? "items" : started(orders) > (before[1] ?? 0) ? "orders" : "";
      return { status, asked, event: JSON.parse(body) as Record<string, unknown> };
    },
    async [Symbol.asyncDispose]() {
      await api.close();
      await items[Symbol.asyncDispose]();
      await orders[Symbol.asyncDispose]();
    },
  };
}

it("has one id in the events of all its functions, its own", async () => {
  await using s = await shop({ type: "http-api", name: "shop" });
  await using other = await shop({ type: "http-api", name: "other" });
  const idOf = async (one: typeof s, path: string): Promise<unknown> =>
    ((await one.ask(path)).event["requestContext"] as Record<string, unknown>)["apiId"];
  const id = await idOf(s, "/items/7");
  expect(await idOf(s, "/both")).toBe(id);
  expect(await idOf(other, "/both")).not.toBe(id);
});

describe.each([{ type: "http-api" as const }, { type: "rest" as const, stage: "v1" }])(
  "an API of several functions: $type",
  (options) => {
    it("leads each route to its function, from one port", async () => {
      await using s = await shop({ ...options, name: "shop" });
      expect((await s.ask("/items/7")).asked).toBe("items");
      expect((await s.ask("/orders", "POST")).asked).toBe("orders");
      // The most exact wins, whoever's it is.
      expect((await s.ask("/both")).asked).toBe("orders");
      expect((await s.ask("/both", "PUT")).asked).toBe("items");
      expect(await s.ask("/nowhere")).toMatchObject({
        status: options.type === "rest" ? 403 : 404,
        asked: "",
      });
    });

    it("takes functions in and lets them go while it is open (1)", async () => {
      await using s = await shop({ ...options, name: "shop" });
      const third = { fleet: s.items.fleet, routes: ["POST /orders"] };
      expect(() => s.api.add(third)).toThrow("leads to another function of this API already");
      expect((await s.ask("/orders", "POST")).asked).toBe("orders");
      s.api.remove(s.orders.fleet);
      expect((await s.ask("/orders", "POST")).asked).toBe("");
      expect((await s.ask("/both")).asked).toBe("items");
      s.api.add(third);
      expect((await s.ask("/orders", "POST")).asked).toBe("items");
    });
  },
);

it("asks an authorizer once for all its functions, and each for its own routes", async () => {
  const place = join(directory(), "asked");
  await using items = await rig({ name: "items" });
  await using orders = await rig({ name: "orders" });
  const command = fixture("authorizer-runtime.mjs");
  await using gate = await rig({ name: "gate", command, variables: { EVENTS: place } });
  const authorizer = {
    type: "request",
    function: "gate",
    identitySource: ["$request.header.Authorization"],
    simpleResponses: true,
  } as const;
  const access = { authorization: { authorizer } };
  const first = { fleet: items.fleet, routes: ["GET /items"], access };
  const means = { functionNamed: () => gate.fleet };
  const api = await openSharedApi(first, { type: "http-api", name: "shop" }, means);
  api.add({ fleet: orders.fleet, routes: ["GET /orders"], access });
  api.add({ fleet: orders.fleet, routes: ["GET /open"] });
  const ask = async (path: string, authorization?: string): Promise<number> =>
    (await call(`127.0.0.1:${api.port}`, { path, ...(authorization && { headers: { authorization } }) }))
      .status;
  expect(await ask("/items", "yes")).toBe(200);
  expect(await ask("/orders", "yes")).toBe(200);
  expect(notesOf(place).length).toBe(1);
  expect([await ask("/orders"), await ask("/orders", "no"), await ask("/open")]).toEqual([401, 403, 200]);
  await api.close();
});
