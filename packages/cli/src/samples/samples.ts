/** One sample event of each source, for `anylambda invoke --sample NAME`. */
import { userFailure } from "../user-failure.ts";
import type { Fresh } from "./fresh.ts";
import { cloudwatchLogs, cognito, eventbridge, s3, scheduled } from "./notices.ts";
import { kafka, sns, sqs } from "./queues.ts";
import { functionUrlRequest, httpApi, loadBalancer, restApi } from "./requests.ts";
import { dynamodb, firehose, kinesis } from "./streams.ts";

export interface Sample {
  readonly name: string;
  readonly about: string;
  readonly make: (fresh: Fresh) => unknown;
}

export const samples: readonly Sample[] = [
  { name: "alb", about: "an HTTP request through an Application Load Balancer", make: loadBalancer },
  { name: "cloudwatch-logs", about: "a line of a log, through a subscription filter", make: cloudwatchLogs },
  { name: "cognito", about: "somebody signs up to a user pool", make: cognito },
  { name: "dynamodb", about: "a changed item, through a DynamoDB stream", make: dynamodb },
  { name: "eventbridge", about: "an event of your own on an EventBridge bus", make: eventbridge },
  { name: "firehose", about: "a record to transform for Data Firehose", make: firehose },
  { name: "function-url", about: "an HTTP request through a Lambda Function URL", make: functionUrlRequest },
  { name: "http-api", about: "an HTTP request through an API Gateway HTTP API", make: httpApi },
  { name: "kafka", about: "a record of a Kafka topic (MSK)", make: kafka },
  { name: "kinesis", about: "a record of a Kinesis data stream", make: kinesis },
  { name: "rest-api", about: "an HTTP request through an API Gateway REST API", make: restApi },
  { name: "s3", about: "a new object in an S3 bucket", make: s3 },
  { name: "scheduled", about: "an EventBridge rule whose time has come", make: scheduled },
  { name: "sns", about: "a notification of an SNS topic", make: sns },
  { name: "sqs", about: "a message of an SQS queue", make: sqs },
];

export function sampleOf(name: string, fresh: Fresh): unknown {
  const sample = samples.find((candidate) => candidate.name === name);
  if (sample === undefined) {
    throw userFailure(
      `There is no sample "${name}"`,
      `There are: ${samples.map(({ name }) => name).join(", ")}`,
    );
  }
  return sample.make(fresh);
}

export function sampleList(): string {
  return samples.map(({ name, about }) => `${name.padEnd(16)}${about}\n`).join("");
}
