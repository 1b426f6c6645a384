import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DoorRig, doorRig } from "../testing/doors.ts";
import { call, until } from "../testing/harness.ts";
import type { DoorOptions } from "./door-options.ts";

const kinds: readonly (DoorOptions & { readonly name: string })[] = [
  { name: "Function URL", type: "function-url" },
  { name: "HTTP API 2.0", type: "http-api" },
  { name: "HTTP API 1.0", type: "http-api", payloadFormatVersion: "1.0" },
  { name: "REST API", type: "rest", binaryMediaTypes: ["*/*"] },
  { name: "load balancer", type: "alb" },
  { name: "load balancer with multiple values", type: "alb", multiValueHeaders: true },
  { name: "Lattice", type: "lattice" },
];

/** One function behind all of them. */
let doors: DoorRig;
const addresses = new Map<string, URL>();

beforeAll(async () => {
  const [first, ...others] = kinds;
  if (first === undefined) throw new Error("There is no door");
  doors = await doorRig(first, { maxConcurrency: 2 });
  addresses.set(first.name, new URL(doors.listener.url));
  for (const one of others) addresses.set(one.name, new URL((await doors.open(one)).url));
});
afterAll(() => doors[Symbol.asyncDispose]());

/** What the client of `node:http` is able to send, and no more is asked of it. */
const target = fc.stringMatching(/^\/[!-~]{0,40}$/);
const fields = fc.array(
  fc.tuple(
    fc.stringMatching(/^x-[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/),
    fc.stringMatching(/^[ -~\u00a0-\u00ff]{0,40}$/),
  ),
  { maxLength: 6 },
);
const method = fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD");
const answer = fc.option(
  fc.oneof(
    fc.json(),
    fc.string(),
    fc
      .record(
        {
          statusCode: fc.oneof(
            fc.integer({ min: -1, max: 1000 }),
            fc.constantFrom("204", null, 200, 204, 304),
          ),
          statusDescription: fc.option(fc.string()),
          headers: fc.option(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.jsonValue()))),
          multiValueHeaders: fc.option(fc.dictionary(fc.string(), fc.array(fc.string()))),
          cookies: fc.array(fc.string()),
          body: fc.oneof(fc.string({ unit: "grapheme" }), fc.jsonValue()),
          isBase64Encoded: fc.boolean(),
        },
        { requiredKeys: [] },
      )
      .map((value) => JSON.stringify(value)),
  ),
);

describe.each(kinds.map(({ name }) => name))("a %s", (name) => {
  it("has a response for any request, and for whatever the function answers (1)", async () => {
    const { host, pathname } = addresses.get(name) ?? new URL("http://nowhere");
    await fc.assert(
      fc.asyncProperty(method, target, fields, fc.uint8Array({ maxLength: 40 }), answer, async (...sent) => {
        const [method, target, fields, body, answer] = sent;
        const said = answer === null ? [] : ["x-answer", Buffer.from(answer).toString("base64url")];
        const headers = ["Host", "h", "Content-Length", String(body.length), ...fields.flat(), ...said];
        const path = `${pathname.replace(/\/$/, "")}${target}`;
        const reply = await call(host, { method, path, headers, body: Buffer.from(body) });
        expect(reply.status).toBeGreaterThanOrEqual(200);
        expect(reply.status).toBeLessThanOrEqual(599);
      }),
      { numRuns: 60 },
    );
  });

  it("answers many at once, each its own (1)", async () => {
    const { host, pathname } = addresses.get(name) ?? new URL("http://nowhere");
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, at) => {
        const said = Buffer.from(JSON.stringify({ statusCode: 200, body: `number ${at}` })).toString(
          "base64url",
        );
        return call(host, { path: pathname, headers: { "x-answer": said } });
      }),
    );
    expect(replies.map(({ body }) => body)).toEqual(Array.from({ length: 20 }, (_, at) => `number ${at}`));
  });
});

describe("a front door", () => {
  it("closes after the last answer, and keeps no connection", async () => {
    await using closing = await doorRig({ type: "rest" });
    const reply = closing.ask("/", { headers: { "x-do": "wait:300" } });
    await until(() => closing.rig.events.some(({ type }) => type === "start"));
    const closed = closing.listener.close();
    expect((await reply).headers.connection).toBe("close");
    await closed;
    await expect(closing.ask("/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});
