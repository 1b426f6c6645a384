import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { failuresOf, recordOf } from "./sqs-event.ts";

const ids = ["m-1", "m-2"];
const failures = (text: string) => failuresOf(Buffer.from(text), ids);

describe("recordOf", () => {
  it("has what an SQS record has (13.1)", () => {
    const message = { id: "m-1", name: "a.json", sentAt: 1, firstReceivedAt: 2, receiveCount: 3 };
    expect(recordOf(message, '{"ž":1}', "arn:aws:sqs:eu-west-1:123456789012:orders")).toEqual({
      messageId: "m-1",
      receiptHandle: expect.stringMatching(/^[\w+/]+=*$/),
      body: '{"ž":1}',
      attributes: {
        ApproximateReceiveCount: "3",
        SentTimestamp: "1",
        SenderId: expect.any(String),
        ApproximateFirstReceiveTimestamp: "2",
      },
      messageAttributes: {},
      md5OfBody: createHash("md5").update('{"ž":1}').digest("hex"),
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:eu-west-1:123456789012:orders",
      awsRegion: "eu-west-1",
    });
  });
});

describe("failuresOf (13.1)", () => {
  it.each(["", "null", "{}", '{"batchItemFailures":null}', '{"batchItemFailures":[]}', '"ok"'])(
    "takes %j for a success",
    (text) => expect(failures(text)).toEqual([]),
  );
  it("names those that are listed", () => {
    expect(failures('{"batchItemFailures":[{"itemIdentifier":"m-2"}]}')).toEqual(["m-2"]);
  });
  it.each([
    "no json",
    '{"batchItemFailures":"m-1"}',
    '{"batchItemFailures":[{"itemIdentifier":"other"}]}',
    '{"batchItemFailures":[{"itemIdentifier":""}]}',
    '{"batchItemFailures":[{"itemIdentifier":null}]}',
    '{"batchItemFailures":[{"id":"m-1"}]}',
    '{"batchItemFailures":[null]}',
  ])("takes %j for the failure of all", (text) => {
    expect(failures(text)).toEqual(ids);
  });
});
