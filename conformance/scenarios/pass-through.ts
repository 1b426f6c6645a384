/** Events that are not HTTP, and HTTP events that LWA does not know. */
import type { Scenario, Topic } from "../harness/scenario.ts";
import { invoke, lattice1, lattice2, webSocket } from "./events.ts";

const records = (record: string): string => `{"Records":[${record}]}`;

/** One event a source of the page of event formats, section 13; as text, because its bytes are what the app gets. */
const sources: readonly (readonly [name: string, event: string])[] = [
  [
    "SQS",
    records(
      '{"messageId":"m-1","receiptHandle":"r","body":"{\\"price\\": 1.50}","attributes":{"ApproximateReceiveCount":"1"},"messageAttributes":{},"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-central-1:123456789012:jobs","awsRegion":"eu-central-1"}',
    ),
  ],
  [
    "SNS",
    records(
      '{"EventSource":"aws:sns","EventVersion":"1.0","Sns":{"Type":"Notification","Message":"hi","Subject":null}}',
    ),
  ],
  [
    "S3",
    records(
      '{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"a+b","size":12345678901234567}}}',
    ),
  ],
  [
    "DynamoDB streams",
    records('{"eventSource":"aws:dynamodb","eventName":"INSERT","dynamodb":{"Keys":{"id":{"N":"1"}}}}'),
  ],
  [
    "Kinesis",
    records(
      '{"eventSource":"aws:kinesis","kinesis":{"data":"aGk=","approximateArrivalTimestamp":1545084650.987}}',
    ),
  ],
  [
    "Firehose",
    '{"invocationId":"i","deliveryStreamArn":"arn:aws:firehose:eu-central-1:123456789012:deliverystream/d","records":[{"recordId":"1","data":"aGk="}]}',
  ],
  [
    "EventBridge",
    '{"version":"0","id":"1","detail-type":"Order","source":"shop","account":"123456789012","detail":{"a":1.0}}',
  ],
  [
    "a schedule",
    '{"version":"0","id":"1","detail-type":"Scheduled Event","source":"aws.events","detail":{}}',
  ],
  [
    "MSK",
    '{"eventSource":"aws:kafka","records":{"t-0":[{"topic":"t","partition":0,"offset":15,"value":"aGk="}]}}',
  ],
  ["Kafka", '{"eventSource":"SelfManagedKafka","bootstrapServers":"b:9092","records":{"t-0":[]}}'],
  [
    "a TOKEN authorizer",
    '{"type":"TOKEN","authorizationToken":"t","methodArn":"arn:aws:execute-api:eu-central-1:123456789012:a/live/GET/"}',
  ],
  [
    "Cognito",
    '{"version":"1","triggerSource":"PreSignUp_SignUp","userPoolId":"p","userName":"u","request":{"userAttributes":{}},"response":{}}',
  ],
  [
    "a Bedrock agent",
    '{"messageVersion":"1.0","agent":{"name":"a"},"apiPath":"/claims","httpMethod":"GET","actionGroup":"g","inputText":"hi"}',
  ],
  ["CodePipeline", '{"CodePipeline.job":{"id":"1","accountId":"123456789012","data":{}}}'],
  ["CloudWatch Logs", '{"awslogs":{"data":"H4sIAAAAAAAAAA=="}}'],
  ["SES", records('{"eventSource":"aws:ses","ses":{"mail":{"messageId":"m"}}}')],
  ["ActiveMQ", '{"eventSource":"aws:mq","messages":[{"messageID":"m","data":"aGk="}]}'],
  ["RabbitMQ", '{"eventSource":"aws:rmq","rmqMessagesByQueue":{"q::/":[{"data":"aGk="}]}}'],
  ["AppSync", '{"info":{"fieldName":"shop"},"arguments":{"id":1}}'],
  ["CloudFormation", '{"RequestType":"Create","ResponseURL":"https://example.com/","LogicalResourceId":"l"}'],
  ["Secrets Manager", '{"Step":"createSecret","SecretId":"s","ClientRequestToken":"c"}'],
  [
    "Lambda@Edge",
    records(
      '{"cf":{"config":{"eventType":"viewer-request"},"request":{"method":"GET","uri":"/","headers":{}}}}',
    ),
  ],
  ["a direct invocation", '{"hello": "world",  "n": 1.50}'],
  ["text", '"hello"'],
  ["a number", "17"],
  ["null", "null"],
  ["a list", '[1, {"a": 2}]'],
];

const ofSources = sources.map(([name, event]): Scenario => ({
  name: `${name}: the event is posted to /events byte for byte, and the app's JSON is the answer`,
  invoke: invoke(event),
  app: { headers: [["content-type", "application/json"]], body: '{"a":1,"b":[true,null]}' },
  expect: {
    request: [
      {
        line: "POST /events",
        headers: {
          "content-type": "application/json",
          "content-length": String(Buffer.byteLength(event)),
          host: /^127\.0\.0\.1:\d+$/,
        },
        body: event,
      },
    ],
    answer: { bytes: '{"a":1,"b":[true,null]}' },
  },
}));

const sqs = sources[0]?.[1] ?? "";
const json = ["content-type", "application/json"] as const;

const more: readonly Scenario[] = [
  {
    name: "an event's white space at its ends is not part of it",
    invoke: invoke(` \n${sqs}\r\n\t`),
    expect: { request: { line: "POST /events", body: sqs } },
  },
  {
    name: "an event without request context says null in its header",
    invoke: invoke(sqs),
    expect: {
      request: {
        headers: {
          "x-amzn-request-context": "null",
          "x-amzn-lambda-context": /^\{"request_id":/,
          "x-amzn-trace-id": /^Root=/,
        },
      },
    },
  },
  {
    name: "an app's list of failed items is the answer, byte for byte",
    faults: ["B19"],
    invoke: invoke(sqs),
    app: { headers: [json], body: '{ "batchItemFailures": [ {"itemIdentifier": "m-1"} ], "price": 1.50 }' },
    expect: { answer: { bytes: '{ "batchItemFailures": [ {"itemIdentifier": "m-1"} ], "price": 1.50 }' } },
    lwa: {
      is: "fault",
      why: "Numbers and the order of keys are changed",
      sees: { answer: { bytes: '{"batchItemFailures":[{"itemIdentifier":"m-1"}],"price":1.5}' } },
    },
  },
  {
    name: "an app that answers 500 to a message fails the invocation, so that it is delivered again",
    faults: ["B19"],
    invoke: invoke(sqs),
    app: { status: 500, headers: [json], body: '{"error":"db"}' },
    expect: { error: { type: "Adapter.AppErrorStatus", message: /"statusCode":500/ } },
    lwa: {
      is: "fault",
      why: "The invocation succeeds: the message is deleted and its work was not done",
      sees: { answer: { bytes: '{"error":"db"}' } },
    },
  },
  {
    name: "an app's own error document fails the invocation with its type",
    faults: ["B35"],
    invoke: invoke(sqs),
    app: {
      status: 500,
      headers: [json],
      body: '{"errorType":"OutOfStock","errorMessage":"none left","more":1}',
    },
    expect: {
      error: {
        document: { errorType: "OutOfStock", errorMessage: "none left", more: 1 },
        header: "OutOfStock",
      },
    },
    lwa: {
      is: "fault",
      why: "The document is a successful result",
      sees: { answer: { has: { errorType: "OutOfStock" } } },
    },
  },
  {
    name: "an app that answers 404 to a message has done with it, but a warning says so",
    invoke: invoke(sqs),
    app: { status: 404, headers: [json], body: '{"error":"no such route"}' },
    expect: {
      answer: { bytes: '{"error":"no such route"}' },
      journal: [/^log WARN .*status 404/],
    },
    lwa: {
      is: "different",
      named: "pass-through",
      why: "Nobody is told that a route is missing",
      sees: { answer: { bytes: '{"error":"no such route"}' }, never: /^log WARN/ },
    },
  },
  ...(
    [
      ["an empty answer", "", "text/plain"],
      ["text that is no JSON", "done", "text/plain"],
    ] as const
  ).map(([what, body, type]): Scenario => ({
    name: `${what} to a message is null`,
    invoke: invoke(sqs),
    app: { headers: [["content-type", type]], body },
    expect: { answer: { bytes: "null" } },
  })),
  {
    name: "text that is no JSON in answer to a message is told about",
    faults: ["B19"],
    invoke: invoke(sqs),
    app: { headers: [["content-type", "text/plain"]], body: "done" },
    expect: { answer: { bytes: "null" }, journal: [/^log WARN .*not JSON/] },
    lwa: {
      is: "fault",
      why: "It becomes null without a word",
      sees: { answer: { bytes: "null" }, never: /^log WARN/ },
    },
  },
  {
    name: "JSON of another type is the answer to a message",
    invoke: invoke(sqs),
    app: { headers: [["content-type", "application/octet-stream"]], body: '{"a":1}' },
    expect: { answer: { bytes: '{"a":1}' } },
    lwa: {
      is: "different",
      named: "bytes decide",
      why: "What is not called JSON or text is null",
      sees: { answer: { bytes: "null" } },
    },
  },
  {
    name: "an event that is no JSON fails as an event",
    faults: ["B35"],
    invoke: invoke("{ not json"),
    expect: { request: [], error: { type: "Adapter.InvalidEvent", message: /not JSON/ } },
    lwa: {
      is: "fault",
      why: "The type is one of Rust's, and the message names a type of its own source",
      sees: {
        error: { type: "&lambda_runtime::deserializer::DeserializeError", message: /failed to deserialize/ },
      },
    },
  },
];

const paths: readonly Scenario[] = [
  ["/jobs", "/jobs"],
  ["jobs", "/jobs"],
  ["", "/"],
  ["/my jobs?a", "/my%20jobs%3Fa"],
].map(([value = "", target = ""]) => ({
  name: `AWS_LWA_PASS_THROUGH_PATH=${value === "" ? '""' : value} posts messages to ${target}`,
  env: { AWS_LWA_PASS_THROUGH_PATH: value },
  invoke: invoke(sqs),
  expect: { request: { line: `POST ${target}` } },
}));

const settings: readonly Scenario[] = [
  {
    name: "a base path does not change the path of messages",
    env: { AWS_LWA_PASS_THROUGH_PATH: "/api/events", AWS_LWA_REMOVE_BASE_PATH: "/api" },
    invoke: invoke(sqs),
    expect: { request: { line: "POST /api/events" } },
  },
  {
    name: "AWS_LWA_ERROR_STATUS_CODES decides alone which statuses fail a message",
    env: { AWS_LWA_ERROR_STATUS_CODES: "400-499" },
    invoke: [invoke(sqs), invoke(sqs)],
    app: [
      { status: 500, headers: [json], body: '{"a":1}' },
      { status: 404, headers: [json], body: '{"a":1}' },
    ],
    expect: { answer: { bytes: '{"a":1}' }, error: { message: /404/ } },
  },
  {
    name: "ANYLAMBDA_PASS_THROUGH_ROUTES gives sources a path of their own",
    env: { ANYLAMBDA_PASS_THROUGH_ROUTES: "sqs=/jobs,s3=/files" },
    invoke: [invoke(sqs), invoke(sources[2]?.[1] ?? ""), invoke(sources[6]?.[1] ?? "")],
    expect: { request: [{ line: "POST /jobs" }, { line: "POST /files" }, { line: "POST /events" }] },
    lwa: {
      is: "different",
      named: "pass-through",
      why: "One path for all",
      sees: { request: [{ line: "POST /events" }, { line: "POST /events" }, { line: "POST /events" }] },
    },
  },
];

export const passThroughTopic: Topic = {
  title: "Events that are not HTTP",
  scenarios: [...ofSources, ...more, ...paths, ...settings],
};

const passedOn = { request: { line: "POST /events" } };
const latticeWhy = "The event is posted to /events as a message, and the client gets a JSON null or an error";

const ofLattice: readonly Scenario[] = (
  [
    ["VPC Lattice, version 2", lattice2],
    ["VPC Lattice, version 1", lattice1],
  ] as const
).flatMap(([door, event]): Scenario[] => [
  {
    name: `${door}: path, query, headers and body reach the app`,
    faults: ["B27"],
    invoke: invoke(
      event({
        method: "POST",
        path: "/p%20q",
        query: "x=1&x=2",
        headers: [["x-a", "1"]],
        body: "aGVsbG8=",
        base64: true,
      }),
    ),
    expect: {
      request: {
        line: "POST /p%20q?x=1&x=2",
        headers: { "x-a": "1", host: "shop.example.com" },
        body: "hello",
      },
    },
    lwa: { is: "fault", why: latticeWhy, sees: passedOn },
  },
  {
    name: `${door}: the answer has the shape that the service reads`,
    faults: ["B27"],
    invoke: invoke(event()),
    app: {
      status: 404,
      headers: [
        ["content-type", "text/plain"],
        ["vary", "a"],
        ["vary", "b"],
      ],
      body: "no",
    },
    expect: {
      answer: {
        is: {
          statusCode: 404,
          statusDescription: "404 Not Found",
          headers: { "content-type": "text/plain", vary: "a, b" },
          body: "no",
          isBase64Encoded: false,
        },
      },
    },
    lwa: { is: "fault", why: latticeWhy, sees: passedOn },
  },
  {
    name: `${door}: HEAD and a picture`,
    faults: ["B27"],
    invoke: [invoke(event({ method: "HEAD" })), invoke(event())],
    app: { headers: [["content-type", "image/png"]], body: Uint8Array.from([0x89, 0xff]) },
    expect: {
      answer: [{ has: { statusCode: 200, body: "" } }, { has: { body: "if8=", isBase64Encoded: true } }],
    },
    lwa: { is: "fault", why: latticeWhy, sees: passedOn },
  },
]);

const mappedEnv = { ANYLAMBDA_WEBSOCKET_PATH: "/ws" };

const ofWebSocket: readonly Scenario[] = [
  {
    name: "WebSocket API: without a path of its own, an event is posted to /events with its connection's id",
    invoke: invoke(webSocket("MESSAGE", { body: '{"action":"join"}' })),
    expect: {
      request: {
        line: "POST /events",
        headers: {
          "x-anylambda-connection-id": "Qx7ExampleMAEXAMPLE=",
          "x-anylambda-connections-url":
            "https://abc123defg.execute-api.eu-central-1.amazonaws.com/live/@connections/Qx7ExampleMAEXAMPLE%3D",
        },
      },
    },
    lwa: {
      is: "different",
      named: "web socket",
      why: "The event alone",
      sees: { request: { line: "POST /events", headers: { "x-anylambda-connection-id": null } } },
    },
  },
  {
    name: "WebSocket API: $connect is a request whose status accepts or rejects",
    faults: ["B27"],
    env: mappedEnv,
    invoke: invoke(
      webSocket("CONNECT", {
        headers: { Host: "h.test", Cookie: "a=1" },
        multiValueHeaders: { Host: ["h.test"], Cookie: ["a=1"] },
        queryStringParameters: { token: "t" },
        multiValueQueryStringParameters: { token: ["t"] },
      }),
    ),
    app: { status: 401, body: "no" },
    expect: {
      request: { line: "POST /ws/connect?token=t", headers: { cookie: "a=1" }, body: "" },
      answer: { has: { statusCode: 401 } },
    },
    lwa: {
      is: "fault",
      why: "The app's status is not the handshake's: whatever is answered accepts or breaks it",
      sees: { request: { line: "POST /events" }, answer: { bytes: "null" } },
    },
  },
  {
    name: "WebSocket API: a message is a request with the message as its body",
    faults: ["B27"],
    env: mappedEnv,
    invoke: invoke(webSocket("MESSAGE", { body: '{"action":"join"}' })),
    app: { headers: [["content-type", "application/json"]], body: '{"joined":true}' },
    expect: {
      request: {
        line: "POST /ws/message",
        headers: { "content-type": "application/json" },
        body: '{"action":"join"}',
      },
      answer: { has: { statusCode: 200, body: '{"joined":true}' } },
    },
    lwa: {
      is: "fault",
      why: "The app gets the event and has to answer in its shape",
      sees: { request: { line: "POST /events" }, answer: { bytes: '{"joined":true}' } },
    },
  },
  {
    name: "WebSocket API: $disconnect is a request without a body",
    faults: ["B27"],
    env: mappedEnv,
    invoke: invoke(webSocket("DISCONNECT", { headers: { Host: "h.test", "x-api-key": "" } })),
    expect: { request: { line: "POST /ws/disconnect", body: "" }, answer: { has: { statusCode: 200 } } },
    lwa: { is: "fault", why: "The app gets the event", sees: { request: { line: "POST /events" } } },
  },
];

export const otherDoorsTopic: Topic = {
  title: "Front doors that LWA does not know",
  scenarios: [...ofLattice, ...ofWebSocket],
};
