/**
 * The quick ways of the native engine (`wire/src/quick.ts`) against the long way: the adapter on Node has no quick way, so
 * whatever event and whatever response both get, the app and the Runtime API must get the same bytes from both.
 */
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { behindOwnDomain, event, rounds, script, scriptOf, told, usual } from "./testing/quick-events.ts";
import { missing, outcomeOf, startRigs, stopRigs } from "./testing/rigs.ts";
import type { Rig, Script } from "./testing/rigs.ts";

it.for(missing === undefined ? [] : [missing])("%s", (reason, { skip }) => {
  skip(reason);
});

describe.skipIf(missing !== undefined).for([
  ["plain", {}],
  [
    "a base path, an authorization source, errors for statuses",
    {
      AWS_LWA_REMOVE_BASE_PATH: "/a",
      AWS_LWA_AUTHORIZATION_SOURCE: "x-a",
      AWS_LWA_ERROR_STATUS_CODES: "500-599",
    },
  ],
  ["a base path", { AWS_LWA_REMOVE_BASE_PATH: "/a" }],
  ["compression", { AWS_LWA_ENABLE_COMPRESSION: "true" }],
] as const)("both engines, with settings: %s", ([, env]) => {
  let rigs: readonly [Rig, Rig];
  let count = 0;

  beforeAll(async () => {
    rigs = await startRigs(env);
  });
  afterAll(() => stopRigs(rigs));

  async function compare(
    text: string,
    answer: Script,
    head: Readonly<Record<string, string>>,
  ): Promise<void> {
    count += 1;
    const id = count % 9 === 0 ? `id(${count})` : `id-${count}`;
    const headers = { ...head, "Lambda-Runtime-Aws-Request-Id": id };
    const [native, node] = await Promise.all(rigs.map((rig) => outcomeOf(rig, text, answer, headers)));
    expect(native).toEqual(node);
  }

  it("do not take what a client's header told of one event for true of the next", async () => {
    const tlsHeader = { "x-amzn-tls-version": "TLSv1.3" };
    const all = [{ headers: tlsHeader }, { headers: tlsHeader }, {}, { path: "/100%" }, { path: "/a%20b" }];
    const answer = scriptOf({ status: 200, reason: "OK", headers: [], body: Buffer.from("x") }, "length");
    for (const given of all)
      await compare(JSON.stringify(behindOwnDomain({ path: "/a", ...given })), answer, usual);
  });

  // First what a worker is taught, for it is taught only so long as that is of use.
  it("give the app and the Runtime API the same bytes for all of a kind, as the first had it or not", async () => {
    const property = fc.asyncProperty(rounds, async (all) => {
      for (const one of all) await compare(one.text, one.script, one.head);
    });
    await fc.assert(property, { numRuns: 200 });
  });

  it("give the app and the Runtime API the same bytes, whatever the event and the response", async () => {
    const answers = fc.array(fc.tuple(script, told), { minLength: 1, maxLength: 4 });
    const property = fc.asyncProperty(event, answers, async (text, all) => {
      for (const [answer, head] of all) await compare(text, answer, head);
    });
    await fc.assert(property, { numRuns: 300 });
  });
});
