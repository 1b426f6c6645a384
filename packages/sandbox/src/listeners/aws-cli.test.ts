import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DestinationRecord } from "../destination-record.ts";
import { installAwsCli } from "../testing/aws-cli.ts";
import { type Rig, directory, rig, until } from "../testing/harness.ts";
import type { HttpListener } from "./http-listener.ts";
import { listenInvokeApi } from "./invoke-api.ts";

const aws = await installAwsCli();

describe.skipIf(aws === undefined)("the AWS CLI", () => {
  let r: Rig;
  let api: HttpListener;
  const records: DestinationRecord[] = [];
  const file = join(directory(), "answer");

  beforeAll(async () => {
    r = await rig();
    api = await listenInvokeApi(r.fleet, { clockFactor: 0.0001, record: (record) => records.push(record) });
  });
  afterAll(async () => {
    await api.close();
    await r[Symbol.asyncDispose]();
  });

  /** What it prints, and its status. */
  function cli(...args: string[]): Promise<{ status: number; out: string; err: string; answer: string }> {
    const all = ["lambda", "invoke", "--endpoint-url", api.url, "--region", "eu-west-1"];
    const env = {
      PATH: process.env["PATH"],
      AWS_ACCESS_KEY_ID: "a",
      AWS_SECRET_ACCESS_KEY: "b",
      AWS_MAX_ATTEMPTS: "1",
      AWS_CONFIG_FILE: "/nonexistent",
    };
    return new Promise((resolve) => {
      execFile(aws ?? "", [...all, "--function-name", ...args, file], { env }, (error, out, err) => {
        const status = error === null ? 0 : Number(error.code);
        resolve({ status, out, err, answer: status === 0 ? readFileSync(file, "utf8") : "" });
      });
    });
  }

  it("invokes, and gets answer and version", async () => {
    const { out, answer, err } = await cli("tested", "--payload", `{"a":1}`);
    expect(err).toBe("");
    expect(JSON.parse(out)).toEqual({ StatusCode: 200, ExecutedVersion: "$LATEST" });
    expect(answer).toBe(`{"a":1}`);
  });

  it("gets the log's tail, and a function's error beside status 200", async () => {
    const { out, answer } = await cli("tested", "--log-type", "Tail", "--payload", `{"do":"error"}`);
    const told = JSON.parse(out) as Record<string, string>;
    expect(told).toMatchObject({ StatusCode: 200, FunctionError: "Unhandled" });
    expect(Buffer.from(told["LogResult"] ?? "", "base64").toString()).toMatch(/^START [^]*REPORT /);
    expect(JSON.parse(answer)).toMatchObject({ errorType: "Oops" });
  });

  it("sends events nobody waits for, and dry runs", async () => {
    const event = await cli("tested", "--invocation-type", "Event", "--payload", `{"n":7}`);
    expect(JSON.parse(event.out)).toEqual({ StatusCode: 202 });
    await until(() => records.length === 1);
    expect(records[0]).toMatchObject({ requestPayload: { n: 7 }, requestContext: { condition: "Success" } });
    const dry = await cli("tested", "--invocation-type", "DryRun");
    expect(JSON.parse(dry.out)).toEqual({ StatusCode: 204 });
  });

  it("is told what is wrong in AWS's words", async () => {
    const { status, err } = await cli("nobody");
    expect(status).toBeGreaterThan(0);
    expect(err).toContain(
      "An error occurred (ResourceNotFoundException) when calling the Invoke operation: Function not found: " +
        "arn:aws:lambda:eu-west-1:123456789012:function:nobody:$LATEST",
    );
  });
});
