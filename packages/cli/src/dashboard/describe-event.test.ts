import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { freshness } from "../samples/fresh.ts";
import { samples } from "../samples/samples.ts";
import { describeEvent, statusCodeOf } from "./describe-event.ts";

describe("describeEvent", () => {
  it("names every sample", () => {
    const named = samples.map(({ name, make }) => {
      const { title, kind } = describeEvent(JSON.parse(JSON.stringify(make(freshness()))));
      return `${name}: ${title} (${kind})`;
    });
    expect(named).toMatchInlineSnapshot(`
      [
        "alb: GET /products/7 (alb)",
        "cloudwatch-logs: logs (logs)",
        "cognito: PreSignUp_SignUp (cognito)",
        "dynamodb: dynamodb, 1 record (dynamodb)",
        "eventbridge: Order Placed (eventbridge)",
        "firehose: firehose (firehose)",
        "function-url: GET /products/7 (function-url)",
        "http-api: GET /products/7 (http-api-2.0)",
        "kafka: kafka (kafka)",
        "kinesis: kinesis, 1 record (kinesis)",
        "rest-api: GET /products/7 (rest)",
        "s3: s3, 1 record (s3)",
        "scheduled: Scheduled Event (eventbridge)",
        "sns: sns, 1 record (sns)",
        "sqs: sqs, 1 record (sqs)",
      ]
    `);
  });
  it("takes anything", () => {
    fc.assert(fc.property(fc.jsonValue(), (event) => typeof describeEvent(event).title === "string"));
  });
});

describe("statusCodeOf", () => {
  it("reads the status of an answer and of a stream's prelude", () => {
    expect(statusCodeOf(`{"statusCode":404,"body":""}`, false)).toBe(404);
    expect(statusCodeOf(`{"statusCode":200}${"\0".repeat(8)}body`, true)).toBe(200);
    for (const text of ["", "null", `"x"`, `{"statusCode":"200"}`])
      expect(statusCodeOf(text, false)).toBeUndefined();
  });
});
