/** Batches of SQS messages as Lambda's event source mapping sends them, and how it reads what comes back (13.1). Pure. */
import { createHash } from "node:crypto";
import { isObject } from "@anylambda/wire";
import type { FunctionConfiguration } from "../function.ts";
import type { Message } from "./queue.ts";

export function queueArnOf({ region, accountId }: FunctionConfiguration, queue: string): string {
  return `arn:aws:sqs:${region}:${accountId}:${queue}`;
}

/** One of the event's `Records`. */
export function recordOf(message: Message, body: string, queueArn: string): object {
  return {
    messageId: message.id,
    receiptHandle: Buffer.from(`${message.id} ${message.receiveCount}`).toString("base64"),
    body,
    attributes: {
      ApproximateReceiveCount: String(message.receiveCount),
      SentTimestamp: String(message.sentAt),
      SenderId: "AIDAEXAMPLE:local",
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    },
    messageAttributes: {},
    md5OfBody: createHash("md5").update(body).digest("hex"),
    eventSource: "aws:sqs",
    eventSourceARN: queueArn,
    awsRegion: queueArn.split(":")[3],
  };
}

/**
 * Ids of the messages that failed, of a mapping with ReportBatchItemFailures: none for an answer that is empty or `null`,
 * or whose list is; all when it is no JSON, or names no message or one that was not in the batch.
 */
export function failuresOf(payload: Uint8Array, ids: readonly string[]): readonly string[] {
  const text = Buffer.from(payload).toString();
  if (text.trim() === "") return [];
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return ids;
  }
  const listed = isObject(answer) ? answer["batchItemFailures"] : undefined;
  if (listed === undefined || listed === null) return [];
  if (!Array.isArray(listed)) return ids;
  const failed = (listed as unknown[]).map((one) => (isObject(one) ? one["itemIdentifier"] : undefined));
  return failed.every((id): id is string => typeof id === "string" && ids.includes(id)) ? failed : ids;
}
