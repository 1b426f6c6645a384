import { describe, expect, it } from "vitest";
import { availabilityZoneIdOf } from "./metadata-endpoint.ts";
import { call, rig } from "./testing/harness.ts";

describe("availabilityZoneIdOf", () => {
  it.each([
    ["us-east-1", "use1-az1"],
    ["eu-west-1", "euw1-az1"],
    ["eu-central-1", "euc1-az1"],
    ["ap-southeast-2", "apse2-az1"],
    ["ap-northeast-1", "apne1-az1"],
    ["us-gov-west-1", "usgw1-az1"],
    ["cn-northwest-1", "cnnw1-az1"],
    ["me-south-1", "mes1-az1"],
  ])("makes %s %s", (region, zone) => {
    expect(availabilityZoneIdOf(region)).toBe(zone);
  });
});

describe("the metadata endpoint (environment.md 4.10)", () => {
  it("answers who has the token, which the function has", async () => {
    await using r = await rig();
    const variables = JSON.parse((await r.invoke({ do: "env" })).text) as Record<string, string>;
    const { AWS_LAMBDA_METADATA_API: api = "", AWS_LAMBDA_METADATA_TOKEN: token = "" } = variables;
    expect(api).toBe(variables["AWS_LAMBDA_RUNTIME_API"]);
    const path = "/2026-01-15/metadata/execution-environment";
    const headers = { Authorization: `Bearer ${token}` };
    expect(await call(api, { path, headers })).toMatchObject({
      status: 200,
      body: `{"AvailabilityZoneID":"euw1-az1"}\n`,
      headers: {
        "content-type": "application/json",
        "cache-control": "private, max-age=43200, immutable",
      },
    });
    for (const wrong of [{}, { Authorization: token }, { Authorization: "Bearer x" }, { Authorization: "" }])
      expect((await call(api, { path, headers: wrong })).status).toBe(401);
    expect(await call(api, { path, headers, method: "POST" })).toMatchObject({
      status: 405,
      headers: { allow: "GET" },
    });
  });
});
