/** Streamed answers. */
import { HTTP_INTEGRATION_RESPONSE } from "./events.ts";
import type { Scenario, Topic } from "../harness/scenario.ts";
import { alb, albMulti, functionUrl, httpApi1, httpApi2, invoke, latin1, lattice2, rest } from "./events.ts";

const env = { AWS_LWA_INVOKE_MODE: "response_stream" };
const text = ["content-type", "text/plain"] as const;

const streams: readonly Omit<Scenario, "env">[] = [
  {
    name: "the head of a streamed answer",
    invoke: invoke(functionUrl()),
    app: { headers: [text], chunks: ["hello"] },
    expect: {
      stream: {
        headers: {
          "transfer-encoding": "chunked",
          "lambda-runtime-function-response-mode": "streaming",
          "content-type": HTTP_INTEGRATION_RESPONSE,
          trailer: ["Lambda-Runtime-Function-Error-Type", "Lambda-Runtime-Function-Error-Body"],
        },
        prelude: { statusCode: 200, headers: { "content-type": "text/plain" }, cookies: [] },
        body: "hello",
        trailers: null,
      },
    },
  },
  {
    name: "status and cookies stand in the prelude",
    invoke: invoke(functionUrl()),
    app: { status: 404, headers: [text, ["set-cookie", "a=1"], ["set-cookie", "b=2"]], chunks: ["no"] },
    expect: {
      stream: {
        has: { statusCode: 404, headers: { "content-type": "text/plain" }, cookies: ["a=1", "b=2"] },
        body: "no",
        trailers: null,
      },
    },
  },
  {
    name: "bytes are streamed as they are, never as base64",
    invoke: invoke(functionUrl()),
    app: {
      headers: [["content-type", "image/png"]],
      chunks: [Uint8Array.from([0, 1, 0xff]), Uint8Array.from([0, 0xfe])],
    },
    expect: { stream: { body: Uint8Array.from([0, 1, 0xff, 0, 0xfe]), trailers: null } },
  },
  {
    name: "each piece leaves before the next one comes",
    invoke: invoke(functionUrl()),
    steps: [
      { invoke: invoke(functionUrl()) },
      { until: /^api head POST .*\/response/ },
      { release: true },
      { answered: true },
    ],
    app: { headers: [text], chunks: ["one", "two"], holdRest: true },
    expect: {
      stream: { body: "onetwo", chunks: 3, trailers: null },
      journal: [/^api head POST .*\/response/, /^api POST .*\/response/],
    },
  },
  {
    name: "a response of known length leaves no content-length in the prelude",
    invoke: invoke(functionUrl()),
    app: { headers: [text], body: "hello" },
    expect: {
      stream: {
        prelude: { statusCode: 200, headers: { "content-type": "text/plain" }, cookies: [] },
        body: "hello",
      },
    },
    lwa: {
      is: "different",
      named: "prelude",
      why: "The client gets it as x-amzn-Remapped-content-length",
      sees: { stream: { has: { headers: { "content-length": "5" } }, body: "hello" } },
    },
  },
  {
    name: "fields of the app's connection are not in the prelude",
    invoke: invoke(functionUrl()),
    app: { headers: [text, ["connection", "keep-alive"], ["keep-alive", "timeout=5"]], chunks: ["hello"] },
    expect: {
      stream: { prelude: { statusCode: 200, headers: { "content-type": "text/plain" }, cookies: [] } },
    },
    lwa: {
      is: "different",
      named: "prelude",
      why: "They are",
      sees: { stream: { has: { headers: { connection: "keep-alive", "keep-alive": "timeout=5" } } } },
    },
  },
  {
    name: "values of a repeated header are joined in the prelude",
    faults: ["B14"],
    invoke: invoke(functionUrl()),
    app: { headers: [text, ["vary", "accept"], ["vary", "cookie"]], chunks: ["hello"] },
    expect: { stream: { has: { headers: { vary: "accept, cookie" } } } },
    lwa: {
      is: "fault",
      why: "A list, where the front door expects text",
      sees: { stream: { has: { headers: { vary: ["accept", "cookie"] } } } },
    },
  },
  {
    name: "a value beyond ASCII stands in the prelude",
    faults: ["B14"],
    invoke: invoke(functionUrl()),
    app: { headers: [text, ["x-name", "Žluťoučký"]], chunks: ["hello"] },
    expect: { stream: { has: { headers: { "x-name": "Žluťoučký" } } } },
    lwa: {
      is: "fault",
      why: "It is an empty list",
      sees: { stream: { has: { headers: { "x-name": [] } } } },
    },
  },
  {
    name: "a value in Latin-1 stands in the prelude",
    faults: ["B14"],
    invoke: invoke(functionUrl()),
    app: { raw: latin1("HTTP/1.1 200 OK\r\nx-name: Grüße\r\ncontent-length: 0\r\n\r\n") },
    expect: { stream: { has: { headers: { "x-name": "Grüße" } } } },
    lwa: {
      is: "fault",
      why: "It is an empty list",
      sees: { stream: { has: { headers: { "x-name": [] } } } },
    },
  },
  {
    name: "a response of no type is octet-stream",
    invoke: invoke(functionUrl()),
    app: { chunks: ["hello"] },
    expect: { stream: { has: { headers: { "content-type": "application/octet-stream" } }, body: "hello" } },
  },
  ...([204, 304] as const).map((status): Omit<Scenario, "env"> => ({
    name: `status ${status} streams a prelude without a type, and no body`,
    invoke: invoke(functionUrl()),
    app: { status },
    expect: {
      stream: { prelude: { statusCode: status, headers: {}, cookies: [] }, body: "", trailers: null },
    },
    lwa: {
      is: "different",
      named: "prelude",
      why: "It has a type for a body that there is not",
      sees: {
        stream: {
          has: { statusCode: status, headers: { "content-type": "application/octet-stream" } },
          body: "",
        },
      },
    },
  })),
  {
    name: "an empty response streams its prelude and ends",
    invoke: invoke(functionUrl()),
    app: { headers: [text], body: "" },
    expect: { stream: { has: { statusCode: 200 }, body: "", trailers: null } },
  },
  {
    name: "an app that breaks off in mid-stream ends the answer with error trailers",
    faults: ["B13"],
    invoke: invoke(functionUrl()),
    app: {
      raw: "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
      ending: "close",
    },
    expect: {
      stream: {
        body: "hello",
        trailers: {
          type: "Adapter.AppClosedConnection",
          document: /"errorType":"Adapter\.AppClosedConnection"/,
        },
      },
    },
    lwa: {
      is: "fault",
      why: "The trailers are part of the body that the client gets, and Lambda sees a success",
      sees: {
        stream: {
          body: /^helloLambda-Runtime-Function-Error-Type: Runtime\.StreamError\r\nLambda-Runtime-Function-Error-Body: /,
          trailers: null,
        },
      },
    },
  },
  {
    name: "an app that stops in mid-stream ends the answer before the deadline",
    faults: ["B29"],
    invoke: { event: functionUrl(), deadlineIn: 900 },
    app: { headers: [text], chunks: ["hello", "more"], holdRest: true },
    expect: { stream: { body: "hello", trailers: { type: "Adapter.DeadlineExceeded", document: /GET \// } } },
    lwa: { is: "fault", why: "The adapter waits past the deadline", sees: { hangs: true } },
  },
  {
    name: "an app that breaks off before its head fails the invocation as without streaming",
    faults: ["B35"],
    invoke: invoke(functionUrl()),
    app: { raw: "", ending: "close" },
    expect: { error: { type: "Adapter.AppClosedConnection" } },
    lwa: {
      is: "fault",
      why: "The type is one of Rust's",
      sees: { error: { type: /^&alloc/, message: /SendRequest/ } },
    },
  },
  {
    name: "a client that goes in mid-stream ends nothing but its stream",
    pins: [83],
    invoke: invoke(functionUrl()),
    steps: [
      { invoke: invoke(functionUrl()) },
      { until: /^api head POST .*\/response/ },
      { hangUp: "response" },
      { release: true },
      { until: /^api GET .*\/invocation\/next/ },
      { invoke: invoke(functionUrl({ path: "/next" })) },
      { until: /^app GET \/next/ },
      { until: /^api head POST .*0002\/response/ },
      { release: true },
      { until: /^posted response 1/ },
    ],
    app: { headers: [text], chunks: ["one", "two", "three"], holdRest: true },
    expect: { journal: [/^posted response 1/], never: /^posted .* 0/ },
    faults: ["B8"],
    lwa: { is: "fault", why: "The process ends", sees: { ended: 1 } },
  },
  {
    name: "a REST API's prelude has lists",
    invoke: invoke(rest()),
    app: {
      headers: [text, ["vary", "a"], ["vary", "b"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]],
      chunks: ["hello"],
    },
    expect: {
      stream: {
        prelude: {
          statusCode: 200,
          multiValueHeaders: {
            "content-type": ["text/plain"],
            vary: ["a", "b"],
            "set-cookie": ["a=1", "b=2"],
          },
        },
        body: "hello",
      },
    },
    lwa: {
      is: "different",
      named: "prelude",
      why: "The same prelude for every front door",
      sees: { stream: { has: { headers: { vary: ["a", "b"] }, cookies: ["a=1", "b=2"] }, body: "hello" } },
    },
  },
  ...(
    [
      ["ALB", alb],
      ["ALB, multi-value headers", albMulti],
      ["HTTP API 1.0", httpApi1],
      ["HTTP API 2.0", httpApi2],
    ] as const
  ).map(([door, event]): Omit<Scenario, "env"> => ({
    name: `${door}: cannot stream and is answered in one piece`,
    faults: ["B15"],
    invoke: invoke(event()),
    app: { headers: [text], chunks: ["hello"] },
    expect: { answer: { has: { statusCode: 200, body: "hello", isBase64Encoded: false } } },
    lwa: {
      is: "fault",
      why: "It gets a prelude and NULs, which it does not understand",
      sees: { stream: { has: { statusCode: 200 }, body: "hello" } },
    },
  })),
  {
    name: "a message is answered in one piece",
    faults: ["B15"],
    invoke: invoke('{"Records":[{"eventSource":"aws:sqs","messageId":"m-1"}]}'),
    app: { headers: [["content-type", "application/json"]], body: '{"batchItemFailures":[]}' },
    expect: { answer: { bytes: '{"batchItemFailures":[]}' } },
    lwa: {
      is: "fault",
      why: "The queue gets a prelude and NULs before the JSON (LWA #476)",
      sees: { stream: { has: { statusCode: 200 }, body: '{"batchItemFailures":[]}' } },
    },
  },
  {
    name: "VPC Lattice is answered in one piece",
    faults: ["B15", "B27"],
    invoke: invoke(lattice2()),
    app: { headers: [text], body: "hello" },
    expect: { answer: { has: { statusCode: 200, body: "hello" } } },
    lwa: { is: "fault", why: "It gets a prelude and NULs", sees: { stream: { body: "hello" } } },
  },
];

const settings: readonly Scenario[] = [
  {
    name: "AWS_LWA_INVOKE_MODE=RESPONSE_STREAM in capitals streams too",
    pins: [40],
    env: { AWS_LWA_INVOKE_MODE: "RESPONSE_STREAM" },
    invoke: invoke(functionUrl()),
    app: { headers: [text], chunks: ["hello"] },
    expect: { stream: { has: { statusCode: 200 }, body: "hello" } },
  },
  {
    name: "AWS_LWA_INVOKE_MODE=BUFFERED in capitals does not stream",
    pins: [40],
    env: { AWS_LWA_INVOKE_MODE: "BUFFERED" },
    invoke: invoke(functionUrl()),
    app: { headers: [text], chunks: ["hello"] },
    expect: { answer: { has: { statusCode: 200, body: "hello" } } },
  },
  {
    name: "a status of AWS_LWA_ERROR_STATUS_CODES fails before any byte is streamed",
    env: { ...env, AWS_LWA_ERROR_STATUS_CODES: "500-599" },
    invoke: invoke(functionUrl()),
    app: { status: 503, headers: [text], chunks: ["no"] },
    expect: { error: { message: /503/ } },
  },
  {
    name: "with ANYLAMBDA_APP_FAILURE=response the client of an app that breaks off gets 502, as a stream",
    env: { ...env, ANYLAMBDA_APP_FAILURE: "response" },
    invoke: invoke(functionUrl()),
    app: { raw: "", ending: "close" },
    expect: { stream: { has: { statusCode: 502 }, body: /Bad Gateway/, trailers: null } },
    lwa: {
      is: "different",
      named: "error types",
      why: "There is no such choice: the invocation fails",
      sees: { error: { message: /client error/ } },
    },
  },
];

export const streamingTopic: Topic = {
  title: "Streaming",
  scenarios: [...streams.map((scenario): Scenario => ({ ...scenario, env })), ...settings],
};
