import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kindOf } from "./recognise.ts";
import type { EventKind } from "./recognise.ts";

const url = { domainName: "x.lambda-url.eu-north-1.on.aws", http: { method: "GET" } };
const api = { domainName: "x.execute-api.eu-north-1.amazonaws.com", http: { method: "GET" } };
const custom = { domainName: "shop.test", http: { method: "GET" } };
const rest = {
  resource: "/{proxy+}",
  path: "/a",
  httpMethod: "GET",
  headers: {},
  requestContext: { resourcePath: "/{proxy+}", stage: "dev", identity: {} },
};

function expectKinds(rows: readonly (readonly [what: string, kind: EventKind, event: unknown])[]): void {
  for (const [what, kind, event] of rows)
    it(`takes ${what} for ${kind}`, () => {
      expect(kindOf(event)).toBe(kind);
      expect(kindOf(JSON.parse(JSON.stringify(event)))).toBe(kind);
    });
}

describe("kindOf, the rows of section 2", () => {
  expectKinds([
    ["1, a string", "other", "hello"],
    ["1, a number", "other", 7],
    ["1, null", "other", null],
    ["1, an array", "other", [rest]],
    ["2, a TOKEN authorizer", "authorizer", { type: "TOKEN", authorizationToken: "t", methodArn: "arn:x" }],
    [
      "2, an authorizer of an HTTP API",
      "authorizer",
      { version: "2.0", type: "REQUEST", routeArn: "arn:x", requestContext: api },
    ],
    ["3, a batch", "records", { Records: [{ eventSource: "aws:sqs" }] }],
    ["3, Lambda@Edge", "records", { Records: [{ cf: { config: {}, request: {} } }] }],
    ["3, an empty batch", "records", { Records: [] }],
    [
      "4, a load balancer's",
      "alb",
      { requestContext: { elb: { targetGroupArn: "arn:x" } }, httpMethod: "GET", path: "/" },
    ],
    [
      "5, a WebSocket's CONNECT",
      "websocket",
      { requestContext: { eventType: "CONNECT", connectionId: "c" }, headers: {} },
    ],
    [
      "5, a WebSocket's MESSAGE without headers",
      "websocket",
      { requestContext: { eventType: "MESSAGE", connectionId: "c" } },
    ],
    [
      "5, a WebSocket's DISCONNECT",
      "websocket",
      { requestContext: { eventType: "DISCONNECT", connectionId: "c" } },
    ],
    ["6, a Function URL's", "function-url", { version: "2.0", requestContext: url }],
    ["6, an HTTP API's", "http-api-2.0", { version: "2.0", requestContext: api }],
    [
      "7, Lattice V2 by its service",
      "lattice-2",
      { version: "2.0", method: "GET", path: "/", requestContext: { serviceArn: "arn:x" } },
    ],
    [
      "7, Lattice V2 by its network",
      "lattice-2",
      { version: "2.0", method: "GET", requestContext: { serviceNetworkArn: "arn:x" } },
    ],
    [
      "7, Lattice V2 by its target group",
      "lattice-2",
      { version: "2.0", method: "GET", requestContext: { targetGroupArn: "arn:x" } },
    ],
    ["8, Lattice V1", "lattice-1", { raw_path: "/p?x=1", method: "GET", is_base64_encoded: false }],
    ["9, an HTTP API's of format 1.0", "http-api-1.0", { ...rest, version: "1.0" }],
    ["10, a REST API's", "rest", rest],
    ["10, a REST API's by resource alone", "rest", { httpMethod: "GET", resource: "/", requestContext: {} }],
    [
      "10, a REST API's by resourcePath alone",
      "rest",
      { httpMethod: "GET", requestContext: { resourcePath: "/" } },
    ],
    ["11, an object without marks", "other", { a: 1 }],
    ["11, an empty object", "other", {}],
  ]);
});

describe("kindOf, near misses", () => {
  expectKinds([
    ["a REST event with rawPath (A4)", "rest", { ...rest, rawPath: "/v3/pay" }],
    ["a REST event with a type of its own", "rest", { ...rest, type: "REQUEST" }],
    ["version 2.0 alone", "other", { version: "2.0", rawPath: "/" }],
    ["a WebSocket without connection", "other", { requestContext: { eventType: "MESSAGE" } }],
    [
      "a WebSocket with an unknown event",
      "other",
      { requestContext: { eventType: "PING", connectionId: "c" } },
    ],
    ["Lattice V2 without ARN", "other", { version: "2.0", method: "GET", requestContext: {} }],
    ["httpMethod alone", "other", { httpMethod: "GET", path: "/" }],
    ["httpMethod and context alone", "other", { httpMethod: "GET", requestContext: {} }],
  ]);
});

describe("kindOf, the two doors of format 2.0", () => {
  const of = (context: object, more: object = {}) => ({ version: "2.0", requestContext: context, ...more });
  expectKinds([
    ["a custom domain without other signs", "http-api-2.0", of(custom)],
    ["no domain at all", "http-api-2.0", of({ http: {} })],
    ["an anonymous caller", "function-url", of({ ...custom, accountId: "anonymous" })],
    ["TLS headers", "function-url", of(custom, { headers: { "x-amzn-tls-version": "TLSv1.3" } })],
    ["cookies given twice", "function-url", of(custom, { headers: { cookie: "a" }, cookies: ["a"] })],
    ["cookies in the list alone", "http-api-2.0", of(custom, { headers: {}, cookies: ["a"] })],
    [
      "an execute-api domain with a client's own TLS header",
      "http-api-2.0",
      of(api, { headers: { "x-amzn-tls-version": "x" } }),
    ],
    [
      "a Function URL's domain in China",
      "function-url",
      of({ ...custom, domainName: "x.lambda-url.cn-north-1.on.amazonwebservices.com.cn" }),
    ],
    [
      "serverless-offline's domain",
      "http-api-2.0",
      of({ ...custom, domainName: "offlineContext_domainName" }),
    ],
  ]);
});

describe("kindOf, the cases of 17.6", () => {
  expectKinds([
    ["P1, a REST authorizer's REQUEST", "authorizer", { ...rest, type: "REQUEST", methodArn: "arn:x" }],
    [
      "P2, a Bedrock agent's",
      "other",
      { messageVersion: "1.0", httpMethod: "GET", apiPath: "/a", agent: {}, actionGroup: "g" },
    ],
    ["P3, MSK", "other", { eventSource: "aws:kafka", records: { "t-0": [] } }],
    ["P4, SQS", "records", { Records: [{ messageId: "m-2", eventSource: "aws:sqs", body: "" }] }],
    ["P5, Cognito", "other", { version: "1", triggerSource: "PreSignUp_SignUp", request: {}, response: {} }],
    [
      "P6, Lattice V2",
      "lattice-2",
      {
        version: "2.0",
        path: "/",
        method: "GET",
        requestContext: { serviceArn: "a", serviceNetworkArn: "b" },
      },
    ],
  ]);
});

describe("kindOf, the events of section 13", () => {
  const source = (eventSource: string) => ({ Records: [{ eventSource }] });
  expectKinds([
    ["SQS", "records", source("aws:sqs")],
    ["SNS", "records", { Records: [{ EventSource: "aws:sns", Sns: {} }] }],
    ["S3", "records", source("aws:s3")],
    ["DynamoDB streams", "records", { ...source("aws:dynamodb"), window: {}, state: {} }],
    ["Kinesis", "records", source("aws:kinesis")],
    ["SES", "records", source("aws:ses")],
    ["CodeCommit", "records", source("aws:codecommit")],
    [
      "Firehose",
      "other",
      { invocationId: "i", deliveryStreamArn: "arn:x", records: [{ recordId: "1", data: "" }] },
    ],
    [
      "EventBridge",
      "other",
      { version: "0", id: "i", "detail-type": "Scheduled Event", source: "aws.events", detail: {} },
    ],
    ["self-managed Kafka", "other", { eventSource: "SelfManagedKafka", bootstrapServers: "b", records: {} }],
    [
      "an authorizer of format 1.0",
      "authorizer",
      { ...rest, version: "1.0", type: "REQUEST", methodArn: "arn:x", identitySource: "a" },
    ],
    ["a Bedrock agent's function", "other", { messageVersion: "1.0", function: "f", parameters: [] }],
    ["CodePipeline", "other", { "CodePipeline.job": { id: "1", data: {} } }],
    ["CloudWatch Logs", "other", { awslogs: { data: "H4sI" } }],
    ["ActiveMQ", "other", { eventSource: "aws:mq", messages: [] }],
    ["RabbitMQ", "other", { eventSource: "aws:rmq", rmqMessagesByQueue: {} }],
    ["DocumentDB", "other", { eventSource: "aws:docdb", events: [] }],
    ["AppSync", "other", { info: {}, arguments: {}, request: { headers: {} } }],
    ["AppSync BatchInvoke", "other", [{ info: {} }]],
    ["Secrets Manager", "other", { Step: "createSecret", SecretId: "arn:x", ClientRequestToken: "t" }],
    ["S3 Object Lambda", "other", { getObjectContext: {}, userRequest: { url: "/", headers: {} } }],
    ["CloudFormation", "other", { RequestType: "Create", ResponseURL: "https://x.test/" }],
    ["Lex", "other", { bot: {}, sessionState: {} }],
    ["AWS Config", "other", { configRuleId: "c", invokingEvent: "{}", version: "1.0" }],
    ["IoT", "other", { method: "GET", temperature: 7 }],
  ]);
});

describe("kindOf, any JSON", () => {
  const odd = fc.oneof(
    fc.constantFrom<unknown>(null, "x", 7, true, [], {}, [null]),
    fc.jsonValue({ maxDepth: 1 }),
  );

  it("is total", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (event) => {
        expect(typeof kindOf(event)).toBe("string");
      }),
    );
    const keys = [
      "type",
      "methodArn",
      "routeArn",
      "Records",
      "requestContext",
      "version",
      "httpMethod",
      "method",
      "raw_path",
      "resource",
      "headers",
    ];
    const inner = fc.dictionary(
      fc.constantFrom("elb", "eventType", "connectionId", "http", "domainName", "serviceArn"),
      odd,
    );
    const event = fc.dictionary(fc.constantFrom(...keys), fc.oneof(odd, inner));
    fc.assert(
      fc.property(event, (event) => {
        expect(typeof kindOf(event)).toBe("string");
      }),
    );
  });

  it("does not lose an HTTP event to an odd member that is no mark", () => {
    const members = [
      "headers",
      "multiValueHeaders",
      "body",
      "cookies",
      "path",
      "rawPath",
      "type",
      "queryStringParameters",
      "isBase64Encoded",
      "stageVariables",
    ];
    const more = fc.dictionary(fc.constantFrom(...members), odd);
    const noBatch = fc.constantFrom<unknown>(undefined, null, {}, "x");
    fc.assert(
      fc.property(more, noBatch, (more, Records) => {
        const context = { ...api, elb: null, eventType: null, connectionId: null, authorizer: null };
        expect(kindOf({ ...more, Records, version: "2.0", requestContext: context })).toBe("http-api-2.0");
        expect(kindOf({ ...rest, ...more, Records, version: null, methodArn: null })).toBe("rest");
        expect(kindOf({ ...more, Records, version: null, requestContext: { elb: {}, http: null } })).toBe(
          "alb",
        );
      }),
    );
  });
});
