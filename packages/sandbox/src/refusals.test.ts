import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MAX_PAYLOAD_BYTES } from "@anylambda/wire";
import { describe, expect, it } from "vitest";
import { directory, of, rig } from "./testing/harness.ts";

describe("what a runtime does wrong", () => {
  it("is answered 400, 403 and 413 with AWS's own bodies, and the invocation ends as there", async () => {
    await using r = await rig();
    const file = join(directory(), "answers");
    const root = "/2018-06-01/runtime";
    const own = `${root}/invocation/ID/response`;
    const calls = [
      ["POST", `${root}/invocation/other/response`, {}, "{}"],
      ["POST", `${root}/invocation/other/error`, {}, "{}"],
      ["POST", `${root}/init/error`, {}, "{}"],
      ["GET", own],
      ["POST", own, {}, "x".repeat(MAX_PAYLOAD_BYTES + 1)],
      ["POST", own, {}, "{}"],
      ["GET", `${root}/nowhere`],
    ];
    const { text } = await r.invoke({ do: "calls", calls, file });
    const answers = JSON.parse(readFileSync(file, "utf8")) as { status: number; body: string }[];
    const invalidId = `{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}`;
    const forbidden = (from: string, to: string): string =>
      `{"errorMessage":"State transition from ${from} to ${to} failed for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}`;
    expect(answers.map(({ status, body }) => `${status} ${body.trim()}`)).toEqual([
      `400 ${invalidId}`,
      `400 ${invalidId}`,
      `403 ${forbidden("Running", "InitError")}`,
      "405 ",
      `413 {"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).","errorType":"RequestEntityTooLarge"}`,
      `403 ${forbidden("RuntimeResponseSentState", "InvocationResponse")}`,
      "404 404 page not found",
    ]);
    expect(text).toBe(
      `{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}`,
    );
    expect(of(r.events, "report").at(-1)).toMatchObject({
      status: "error",
      errorType: "Function.ResponseSizeTooLarge",
    });
    // It goes on: nothing of it ends the environment.
    expect((await r.invoke({ a: 1 })).text).toBe(`{"a":1}`);
  });
});
