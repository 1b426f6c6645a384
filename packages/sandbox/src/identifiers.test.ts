import { describe, expect, it } from "vitest";
import { completeTraceId, functionArnOf, logStreamOf, newEnvironmentId, urlIdOf } from "./identifiers.ts";
import { configured } from "./testing/harness.ts";

describe("identifiers", () => {
  it("have AWS's forms", () => {
    expect(functionArnOf(configured())).toBe("arn:aws:lambda:eu-west-1:123456789012:function:tested");
    expect(logStreamOf("3", newEnvironmentId(), new Date("2026-01-02T23:59:59Z"))).toMatch(
      /^2026\/01\/02\/\[3\][0-9a-f]{32}$/,
    );
    expect(urlIdOf(configured())).toMatch(/^[a-z0-9]{32}$/);
    expect(urlIdOf(configured())).toBe(urlIdOf(configured()));
  });

  it("make every trace complete, and keep what was sent", () => {
    const form = /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/;
    expect(completeTraceId(undefined)).toMatch(form);
    expect(completeTraceId("nonsense")).toMatch(form);
    const root = "Root=1-00000001-000000000000000000000002";
    expect(completeTraceId(root)).toMatch(new RegExp(`^${root};Parent=[0-9a-f]{16};Sampled=0$`));
    const whole = `${root};Parent=0000000000000003;Sampled=1;Lineage=1:2:3`;
    expect(completeTraceId(whole)).toBe(whole);
  });
});
