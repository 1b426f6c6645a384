import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { namedSources, sourceOf } from "./event-source.ts";
import { routes } from "./variable-values.ts";

/** One event of each row of spec event-formats.md 13, cut down to its marks and what could be mistaken for another's. */
const samples: readonly (readonly [row: string, source: string | undefined, event: unknown])[] = [
  ["13.1 SQS", "sqs", { Records: [{ messageId: "m", body: "{}", eventSource: "aws:sqs" }] }],
  ["13.2 SNS, with its capital E", "sns", { Records: [{ EventSource: "aws:sns", Sns: { Message: "m" } }] }],
  ["13.3 S3", "s3", { Records: [{ eventSource: "aws:s3", s3: { object: { key: "a+b" } } }] }],
  ["13.4 DynamoDB streams", "dynamodb", { Records: [{ eventSource: "aws:dynamodb", dynamodb: {} }] }],
  [
    "13.4 a tumbling window of a stream",
    "dynamodb",
    { Records: [{ eventSource: "aws:dynamodb" }], window: { start: "", end: "" }, state: {} },
  ],
  ["13.5 Kinesis", "kinesis", { Records: [{ eventSource: "aws:kinesis", kinesis: {} }] }],
  [
    "13.6 Firehose",
    "firehose",
    { invocationId: "i", deliveryStreamArn: "arn", records: [{ recordId: "r", data: "" }] },
  ],
  [
    "13.7 EventBridge",
    "eventbridge",
    { version: "0", id: "i", "detail-type": "Order placed", source: "shop", detail: { httpMethod: "GET" } },
  ],
  [
    "13.7 a schedule rule",
    "scheduled",
    { version: "0", "detail-type": "Scheduled Event", source: "aws.events", detail: {} },
  ],
  ["13.8 MSK", "kafka", { eventSource: "aws:kafka", eventSourceArn: "arn", records: { "t-0": [] } }],
  [
    "13.8 Kafka of one's own",
    "kafka",
    { eventSource: "SelfManagedKafka", bootstrapServers: "b", records: {} },
  ],
  ["13.9 a TOKEN authorizer", "authorizer", { type: "TOKEN", authorizationToken: "t", methodArn: "arn" }],
  [
    "13.9 a REQUEST authorizer of a REST API",
    "authorizer",
    { type: "REQUEST", methodArn: "arn", resource: "/", path: "/", httpMethod: "GET", requestContext: {} },
  ],
  [
    "13.9 a REQUEST authorizer of a WebSocket API",
    "authorizer",
    { type: "REQUEST", methodArn: "arn", requestContext: { connectionId: "c", eventType: "CONNECT" } },
  ],
  [
    "13.9 an authorizer of an HTTP API, 2.0",
    "authorizer",
    { version: "2.0", type: "REQUEST", routeArn: "arn", identitySource: ["t"], requestContext: { http: {} } },
  ],
  [
    "13.10 a Cognito trigger",
    "cognito",
    { version: "1", triggerSource: "PreSignUp_SignUp", userPoolId: "p", request: {}, response: {} },
  ],
  [
    "13.11 a Bedrock agent, with its httpMethod",
    "bedrock-agent",
    { messageVersion: "1.0", agent: { name: "a" }, actionGroup: "g", apiPath: "/x", httpMethod: "GET" },
  ],
  ["13.12 CodePipeline", "codepipeline", { "CodePipeline.job": { id: "i" } }],
  ["13.13 CloudWatch Logs", "logs", { awslogs: { data: "H4sI" } }],
  ["13.14 SES", "ses", { Records: [{ eventSource: "aws:ses", ses: {} }] }],
  ["13.14 CodeCommit", "codecommit", { Records: [{ eventSource: "aws:codecommit" }] }],
  ["13.14 ActiveMQ", "mq", { eventSource: "aws:mq", eventSourceArn: "arn", messages: [] }],
  ["13.14 RabbitMQ", "rmq", { eventSource: "aws:rmq", rmqMessagesByQueue: {} }],
  ["13.14 DocumentDB", "docdb", { eventSource: "aws:docdb", events: [] }],
  ["13.14 AppSync", "appsync", { arguments: {}, identity: null, info: { fieldName: "f" } }],
  ["13.14 AppSync BatchInvoke", undefined, [{ arguments: {}, info: {} }]],
  ["13.14 Lex V2", "lex", { messageVersion: "1.0", bot: { name: "b" }, sessionState: { intent: {} } }],
  ["13.14 Lex V1", "lex", { messageVersion: "1.0", bot: { name: "b" }, currentIntent: { name: "i" } }],
  ["13.14 Connect", "connect", { Name: "ContactFlowEvent", Details: {} }],
  ["13.14 Config", "config", { version: "1.0", invokingEvent: "{}", configRuleName: "r" }],
  [
    "13.14 Secrets Manager",
    "secrets-manager",
    { Step: "createSecret", SecretId: "s", ClientRequestToken: "t" },
  ],
  ["13.14 S3 Object Lambda", "s3-object-lambda", { xAmzRequestId: "i", getObjectContext: {} }],
  ["13.14 CloudFormation", "cloudformation", { RequestType: "Create", ResponseURL: "https://x" }],
  ["12 Lambda@Edge", "cloudfront", { Records: [{ cf: { config: {}, request: {} } }] }],
  [
    "10 a WebSocket event that is not mapped",
    "websocket",
    { requestContext: { connectionId: "c", eventType: "MESSAGE" }, body: "hi" },
  ],
  ["a direct invocation", undefined, { order: 1 }],
  ["IoT, any JSON", undefined, { temperature: 21.5 }],
  ["an empty batch", undefined, { Records: [] }],
];

describe("sourceOf", () => {
  it.each(samples)("%s is %j", (_, source, event) => {
    expect(sourceOf(event)).toBe(source);
  });

  it.each([
    "text",
    1,
    true,
    null,
    [],
    {},
    [null],
    { Records: [null] },
    { Records: "x" },
    { eventSource: "aws" },
  ])("knows no source of %j", (event) => {
    expect(sourceOf(event)).toBeUndefined();
  });

  it("gives a name or nothing for any JSON, also under the members it looks at", () => {
    const keys = samples.flatMap(([, , event]) => Object.keys(event as object));
    const member = fc.constantFrom(...keys, "cf", "connectionId");
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.array(fc.dictionary(member, fc.jsonValue({ maxDepth: 1 }))),
      fc.dictionary(member, fc.jsonValue({ maxDepth: 1 })),
    );
    const event = fc.oneof(fc.jsonValue(), fc.dictionary(member, value));
    fc.assert(
      fc.property(event, (one) => {
        expect(["string", "undefined"]).toContain(typeof sourceOf(one));
      }),
      { numRuns: 1000 },
    );
  });

  it("gives names that ANYLAMBDA_PASS_THROUGH_ROUTES takes", () => {
    const names = samples.flatMap(([, source]) => source ?? []);
    expect([...(routes(names.map((name) => `${name}=/x`).join(",")) ?? [])]).toEqual(
      [...new Set(names)].map((name) => [name, "/x"]),
    );
  });
});

describe("docs/events.md", () => {
  const page = readFileSync(new URL("../../../docs/events.md", import.meta.url), "utf8");
  const [, table = ""] = /<!-- event-source.ts -->\n([^]*?)<!-- end -->/.exec(page) ?? [];
  const cells = [...table.matchAll(/^\| (`.+?) \| (.+) \|$/gm)];
  const namesIn = (cell = ""): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
  const byPrefix = cells.filter(
    ([, names, about]) => /behind `aws:`/.test(about ?? "") || names?.includes("`mq`"),
  );

  it("has every name of event-source.ts, in its order, and no other", () => {
    const others = cells.filter((row) => !byPrefix.includes(row));
    expect(others.flatMap(([, names]) => namesIn(names))).toEqual(namedSources);
  });

  it("names sources that stand behind `aws:` as they come out", () => {
    const names = byPrefix.flatMap(([, cell]) => namesIn(cell));
    expect(names).toContain("sqs");
    for (const name of names) {
      expect(sourceOf({ Records: [{ eventSource: `aws:${name}` }] })).toBe(name);
      expect(sourceOf({ eventSource: `aws:${name}` })).toBe(name);
    }
  });

  it("is complete: every source of the samples has its row", () => {
    const known = new Set([...namedSources, ...byPrefix.flatMap(([, cell]) => namesIn(cell)), "codecommit"]);
    for (const [, source] of samples) if (source !== undefined) expect(known).toContain(source);
  });
});
