import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SubscriptionApi, toSubscription } from "./subscription-request.ts";

const rules = { reservedPorts: [9001, 4444], newestSchemaOnly: false };
const destination = { protocol: "HTTP", URI: "http://sandbox.localdomain:8080" };
const whole = { schemaVersion: "2022-12-13", types: ["platform"], destination };
const read = (body: unknown, api: SubscriptionApi = "telemetry") =>
  toSubscription(api, JSON.stringify(body), rules);

describe("toSubscription", () => {
  it("fills in the defaults of environment.md 3.1", () => {
    expect(read(whole)).toEqual({
      api: "telemetry",
      schema: "2022-12-13",
      types: ["platform"],
      target: { protocol: "HTTP", host: "sandbox.localdomain:8080", port: 8080, path: "/" },
      buffering: { maxItems: 10_000, maxBytes: 262_144, timeoutMs: 1000 },
    });
  });

  it("takes every schema version, type and limit there is", () => {
    for (const schemaVersion of ["2022-07-01", "2022-12-13", "2025-01-29"])
      expect(read({ ...whole, schemaVersion })).toMatchObject({ schema: schemaVersion });
    for (const schemaVersion of ["2020-08-15", "2021-03-18"])
      expect(read({ ...whole, schemaVersion }, "logs")).toMatchObject({ api: "logs", schema: schemaVersion });
    expect(read({ types: ["function"], destination }, "logs")).toMatchObject({ schema: "2020-08-15" });
    const types = ["platform", "function", "extension", "platform"];
    expect(read({ ...whole, types })).toMatchObject({ types: ["platform", "function", "extension"] });
    for (const buffering of [
      { maxItems: 1000, maxBytes: 262_144, timeoutMs: 25 },
      { maxItems: 10_000, maxBytes: 1_048_576, timeoutMs: 30_000 },
    ])
      expect(read({ ...whole, buffering })).toMatchObject({ buffering });
  });

  it.each([
    ["http://sandbox.localdomain:8080/lambda_logs?a=1", 8080, "/lambda_logs?a=1"],
    ["http://sandbox:80", 80, "/"],
    ["HTTP://SANDBOX.LOCALDOMAIN:1234/x%20y", 1234, "/x%20y"],
  ])("keeps the way of %s", (URI, port, path) => {
    expect(read({ ...whole, destination: { protocol: "HTTP", URI } })).toMatchObject({
      target: { port, path },
    });
  });

  it("takes a TCP port", () => {
    expect(read({ ...whole, destination: { protocol: "TCP", port: 8080 } })).toMatchObject({
      target: { protocol: "TCP", port: 8080 },
    });
  });

  it.each([
    [
      { ...whole, destination: { protocol: "HTTP", URI: "http://sandbox.localdomain" }, types: [] },
      "URI port is not provided; types should not be empty",
    ],
    [{ ...whole, schemaVersion: undefined }, "schemaVersion is not provided"],
    [
      { ...whole, schemaVersion: "2020-08-15" },
      "schemaVersion should be one of 2022-07-01, 2022-12-13, 2025-01-29",
    ],
    [{ ...whole, types: undefined }, "types are not provided"],
    [{ ...whole, types: ["logs"] }, "types should be platform, function or extension"],
    [{ ...whole, destination: undefined }, "destination is not provided"],
    [{ ...whole, destination: { protocol: "UDP" } }, "protocol should be HTTP or TCP"],
    [{ ...whole, destination: { protocol: "HTTP" } }, "URI is not provided"],
    [
      { ...whole, destination: { protocol: "HTTP", URI: "sandbox.localdomain:80" } },
      "URI should look like http://sandbox.localdomain:PORT",
    ],
    [
      { ...whole, destination: { protocol: "HTTP", URI: "http://example.com:80" } },
      "URI host should be sandbox.localdomain",
    ],
    [
      { ...whole, destination: { protocol: "HTTP", URI: "http://127.0.0.1:80" } },
      "URI host should be sandbox.localdomain",
    ],
    [
      { ...whole, destination: { protocol: "HTTP", URI: "http://sandbox@evil:80" } },
      "URI should look like http://sandbox.localdomain:PORT",
    ],
    [{ ...whole, destination: { protocol: "HTTP", URI: "http://sandbox:9001" } }, "port 9001 is reserved"],
    [{ ...whole, destination: { protocol: "TCP", port: 4444 } }, "port 4444 is reserved"],
    [{ ...whole, destination: { protocol: "TCP" } }, "port is not provided"],
    [{ ...whole, destination: { protocol: "TCP", port: 70_000 } }, "port should be between 1 and 65535"],
    [{ ...whole, destination: { protocol: "TCP", port: "80" } }, "port should be between 1 and 65535"],
    [
      { ...whole, buffering: { maxItems: 999, timeoutMs: 24 } },
      "maxItems should be between 1000 and 10000; timeoutMs should be between 25 and 30000",
    ],
    [{ ...whole, buffering: { maxBytes: 2_000_000 } }, "maxBytes should be between 262144 and 1048576"],
    [{ ...whole, buffering: [] }, "buffering should be a JSON object"],
    [[], "request body should be a JSON object"],
  ])("says of %j what is wrong", (body, problem) => {
    expect(read(body)).toBe(problem);
  });

  it("says what is wrong with what is no JSON", () => {
    expect(toSubscription("telemetry", "{x", rules)).toMatch(/^failed to parse JSON: /);
  });

  it("takes the newest version only where AWS does", () => {
    const strict = { ...rules, newestSchemaOnly: true };
    expect(toSubscription("telemetry", JSON.stringify(whole), strict)).toBe(
      "schemaVersion should be one of 2025-01-29",
    );
  });

  it("bears any JSON", () => {
    const members = fc.record(
      {
        schemaVersion: fc.jsonValue(),
        types: fc.jsonValue(),
        destination: fc.jsonValue(),
        buffering: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(members, fc.jsonValue()), (body) => {
        const made = read(body);
        if (typeof made === "string") expect(made).not.toBe("");
        else expect(made.buffering.maxItems).toBeGreaterThanOrEqual(1000);
      }),
    );
  });
});
