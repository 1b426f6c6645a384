/** An app that fails, an app that is slow, connections that go stale, answers that Lambda refuses. */
import type { Scenario, Topic } from "../harness/scenario.ts";
import { doors, functionUrl, httpApi2, invoke } from "./events.ts";

const boxed = "&alloc::boxed::Box<dyn core::error::Error + core::marker::Send + core::marker::Sync>";

const typed = (
  message: RegExp,
  why = "The type is one of Rust's, and the message does not say what happened",
) => ({
  is: "fault" as const,
  why,
  sees: { error: { type: boxed, message, header: "unhandled" } },
});

const responses: readonly (readonly [what: string, raw: string, type: string, message: RegExp])[] = [
  ["closes without a response", "", "Adapter.AppClosedConnection", /closed before a response/],
  [
    "closes within the head of its response",
    "HTTP/1.1 200 OK\r\ncontent-ty",
    "Adapter.AppClosedConnection",
    /middle of the head/,
  ],
  ["answers what is no HTTP", "SSH-2.0-OpenSSH\r\n\r\n", "Adapter.AppSentInvalidHttp", /SSH-2\.0/],
  ["answers with status 099", "HTTP/1.1 099 Odd\r\n\r\n", "Adapter.AppSentInvalidHttp", /099/],
  [
    "answers with a name that no header has",
    "HTTP/1.1 200 OK\r\nbad name: 1\r\n\r\n",
    "Adapter.AppSentInvalidHttp",
    /bad name/,
  ],
];

const broken = responses.map(([what, raw, type, message]): Scenario => ({
  name: `an app that ${what} fails the invocation with ${type}`,
  faults: ["B35"],
  invoke: [invoke(functionUrl({ method: "POST", path: "/pay" })), invoke(functionUrl())],
  app: [{ raw, ending: "close" }, { body: "ok" }],
  expect: { error: { type, message, header: type }, journal: [/^log ERROR .*POST/] },
  lwa: typed(/client error \(SendRequest\)/),
}));

const midBody = doors.flatMap((door): Scenario[] =>
  (
    [
      ["in the middle of its body", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", "close"],
      ["within a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n64\r\nhalf", "reset"],
    ] as const
  ).map(([what, raw, ending]) => ({
    name: `${door.name}: an app that breaks off ${what} fails this invocation, and the next one is served`,
    faults: ["B5"],
    invoke: [invoke(door.event()), invoke(door.event())],
    app: [
      { raw, ending },
      { headers: [["content-type", "text/plain"]], body: "ok" },
    ],
    expect: {
      error: { type: "Adapter.AppClosedConnection" },
      request: [{}, {}],
      journal: [/^posted response 1/],
    },
    lwa: {
      is: "fault",
      why: "It panics: releases of LWA end the process and with it the environment",
      sees: [{ ended: "SIGABRT" }, { error: { message: /^Lambda panicked/ } }],
    },
  })),
);

const unreachable: readonly Scenario[] = [
  {
    name: "an app that has crashed fails the invocation with the address that does not answer; back again, it is served",
    faults: ["B38"],
    invoke: invoke(functionUrl()),
    steps: [
      { invoke: invoke(functionUrl()) },
      { answered: true },
      { listen: false },
      { invoke: invoke(functionUrl()) },
      { answered: true },
      { listen: true },
      { invoke: invoke(functionUrl()) },
      { answered: true },
    ],
    expect: {
      error: { type: "Adapter.AppUnreachable", message: /127\.0\.0\.1:\d+: ECONNREFUSED/ },
      journal: [
        // The log's line comes by another pipe, before or after: it has no place in this order.
        /^posted response 0/,
        /^posted error 1/,
        /^posted response 2/,
      ],
    },
    lwa: {
      ...typed(
        /client error \(Connect\)/,
        "The failure says neither where nor why, and the log says nothing",
      ),
    },
  },
];

const asResponse = (
  [
    ["breaks off", { raw: "", ending: "close" as const }, 502, "Adapter.AppClosedConnection"],
    ["is no HTTP", { raw: "nonsense\r\n\r\n", ending: "close" as const }, 502, "Adapter.AppSentInvalidHttp"],
  ] as const
).flatMap(([what, app, status, errorType]) =>
  doors.map((door): Scenario => ({
    name: `${door.name}: with ANYLAMBDA_APP_FAILURE=response the client of an app that ${what} gets ${status}`,
    env: { ANYLAMBDA_APP_FAILURE: "response" },
    invoke: invoke(door.event()),
    app,
    expect: {
      answer: {
        has: door.answer(
          status,
          { "content-type": "application/json" },
          {
            body: JSON.stringify({ message: "Bad Gateway", errorType }),
          },
        ),
      },
    },
    lwa: {
      is: "different",
      named: "error types",
      why: "There is no such choice: the invocation fails",
      sees: { error: { message: /client error/ } },
    },
  })),
);

const deadlines: readonly Scenario[] = [
  {
    name: "an app that never answers fails the invocation before its deadline, and the next one is served",
    faults: ["B29"],
    invoke: [
      { event: functionUrl({ path: "/slow?secret=1" }), deadlineIn: 900 },
      invoke(functionUrl({ path: "/fast" })),
    ],
    app: [{ silent: true }, { body: "ok" }],
    expect: {
      error: { type: "Adapter.DeadlineExceeded", message: /GET \/slow/ },
      journal: [/^app GET \/slow/, /^posted error 0/, /^posted response 1/],
    },
    lwa: {
      is: "fault",
      why: "The adapter waits past the deadline, until Lambda ends the environment",
      sees: { hangs: true, request: { line: /^GET \/slow/ } },
    },
  },
  {
    name: "an app that stops in the middle of its body fails the invocation before its deadline",
    faults: ["B29"],
    invoke: { event: functionUrl(), deadlineIn: 900 },
    app: { chunks: ["first", "second"], holdRest: true },
    expect: { error: { type: "Adapter.DeadlineExceeded" } },
    lwa: { is: "fault", why: "The adapter waits past the deadline", sees: { hangs: true } },
  },
  {
    name: "with ANYLAMBDA_APP_FAILURE=response the client of an app that is too slow gets 504",
    faults: ["B29"],
    env: { ANYLAMBDA_APP_FAILURE: "response" },
    invoke: { event: httpApi2(), deadlineIn: 900 },
    app: { silent: true },
    expect: { answer: { has: { statusCode: 504 } } },
    lwa: { is: "fault", why: "The adapter waits past the deadline", sees: { hangs: true } },
  },
];

const slow = { body: "ok", headers: [["content-type", "text/plain"]] } as const;

const stale: readonly Scenario[] = [
  {
    name: "a connection is kept for the next request",
    fresh: true,
    env: { AWS_LWA_READINESS_CHECK_PROTOCOL: "tcp" },
    invoke: Array.from({ length: 4 }, () => invoke(functionUrl())),
    app: slow,
    expect: { request: [{}, {}, {}, {}], connections: { atLeast: 1, atMost: 3 } },
  },
  {
    name: "a connection that the app has closed is not used again",
    env: { AWS_LWA_READINESS_CHECK_PROTOCOL: "tcp" },
    invoke: invoke(functionUrl()),
    steps: [
      { invoke: invoke(functionUrl()) },
      { answered: true },
      { closeIdle: true },
      { invoke: invoke(functionUrl({ method: "POST" })) },
      { answered: true },
    ],
    app: slow,
    expect: {
      request: [{ connection: 0 }, { connection: 1 }],
      answer: [{ has: { body: "ok" } }, { has: { body: "ok" } }],
    },
  },
  {
    name: "a GET that meets a kept connection as the app closes it is sent again",
    faults: ["B37"],
    fresh: true,
    env: { AWS_LWA_READINESS_CHECK_PROTOCOL: "tcp" },
    invoke: [invoke(functionUrl()), invoke(functionUrl({ path: "/again" }))],
    app: [slow, { raw: "", ending: "reset" }, slow],
    expect: {
      request: [
        { connection: 0 },
        { line: "GET /again", connection: 0 },
        { line: "GET /again", connection: 1 },
      ],
      answer: [{ has: { body: "ok" } }, { has: { body: "ok" } }],
    },
    lwa: {
      is: "fault",
      why: "The client gets an error for a request that could be repeated",
      sees: { request: [{}, { line: "GET /again" }], error: { message: /SendRequest/ } },
    },
  },
  {
    name: "a POST that meets a kept connection as the app closes it is not sent twice",
    fresh: true,
    env: { AWS_LWA_READINESS_CHECK_PROTOCOL: "tcp" },
    invoke: [invoke(functionUrl()), invoke(functionUrl({ method: "POST", path: "/pay" }))],
    app: [slow, { raw: "", ending: "reset" }, slow],
    expect: { request: [{}, { line: "POST /pay" }], error: { message: /.+/ } },
  },
  {
    name: "an app that closes after each response is served over a new connection each time",
    fresh: true,
    env: { AWS_LWA_READINESS_CHECK_PROTOCOL: "tcp" },
    invoke: [invoke(functionUrl()), invoke(functionUrl())],
    app: { headers: [["connection", "close"]], body: "ok", ending: "close" },
    expect: { request: [{ connection: 0 }, { connection: 1 }] },
  },
  {
    name: "with AWS_LWA_POOL_IDLE_TIMEOUT_SECONDS=0 no connection is used twice",
    fresh: true,
    env: { AWS_LWA_READINESS_CHECK_PROTOCOL: "tcp", AWS_LWA_POOL_IDLE_TIMEOUT_SECONDS: "0" },
    invoke: Array.from({ length: 4 }, () => invoke(functionUrl())),
    app: slow,
    expect: { request: [{}, {}, {}, {}], connections: { atLeast: 4, atMost: 4 } },
    lwa: {
      is: "different",
      named: "snapshots",
      why: "The variable is not known",
      sees: { connections: { atLeast: 1, atMost: 3 } },
      since: "1.1 has it",
    },
  },
];

const runtimeApi: readonly Scenario[] = [
  ...[410, 500, 404].map((status): Scenario => ({
    name: `after an answer that Lambda refuses with ${status} the next invocation is served`,
    pins: [85],
    invoke: invoke(functionUrl()),
    api: [{ on: "response", answer: { status } }],
    steps: [
      { invoke: invoke(functionUrl()) },
      { until: /^api POST .*\/response/ },
      { until: /^api GET .*\/invocation\/next/ },
      { invoke: invoke(functionUrl()) },
      { until: /^posted response 1/ },
    ],
    expect: { journal: [/^api POST .*\/response/, /^posted response 1/] },
  })),
  {
    name: "an answer that Lambda refuses is told about",
    api: [{ on: "response", answer: { status: 413, body: "too large" } }],
    steps: [
      { invoke: invoke(functionUrl()) },
      { until: /^api POST .*\/response/ },
      { until: /^api GET .*\/invocation\/next/ },
    ],
    expect: { journal: [/^log ERROR .*413.*too large/] },
    lwa: {
      is: "different",
      named: "error types",
      why: "Nobody is told",
      sees: { never: /^log .*(ERROR|413)/ },
      since: "1.0.0 tells the status",
    },
  },
  ...[
    { status: 500, body: '{"errorMessage":"internal","errorType":"x"}' },
    { status: 200, body: "{}" },
  ].map((answer): Scenario => ({
    name: `a Runtime API that answers ${answer.status} without an invocation is asked again`,
    faults: ["B8"],
    api: [{ on: "invocation/next", answer }],
    steps: [{ invoke: invoke(functionUrl()) }, { until: /^posted response 0/ }],
    expect: {
      journal: [/^api GET .*\/invocation\/next/, /^api GET .*\/invocation\/next/, /^posted response 0/],
    },
    lwa: {
      is: "fault",
      why: "The process dies",
      sees: [{ ended: "SIGABRT" }, { ended: 101 }, { ended: 1 }],
    },
  })),
  {
    name: "a Runtime API that hangs up is asked again",
    faults: ["B8"],
    api: [{ on: "invocation/next", answer: "close" }],
    steps: [{ invoke: invoke(functionUrl()) }, { until: /^posted response 0/ }],
    expect: { journal: [/^api GET .*\/invocation\/next/, /^posted response 0/] },
    lwa: { is: "fault", why: "The process ends", sees: { ended: 1 } },
  },
  {
    name: "an answer that meets a hang-up is posted again",
    faults: ["B8"],
    api: [{ on: "response", answer: "close" }],
    steps: [{ invoke: invoke(functionUrl()) }, { until: /^posted response 0/ }],
    expect: { request: [{}], journal: [/^posted response 0/] },
    lwa: { is: "fault", why: "The process ends, and the invocation is never answered", sees: { ended: 1 } },
  },
];

export const failuresTopic: Topic = {
  title: "Apps that fail",
  scenarios: [...broken, ...midBody, ...unreachable, ...asResponse, ...deadlines],
};
export const connectionsTopic: Topic = {
  title: "Connections to the app and to Lambda",
  scenarios: [...stale, ...runtimeApi],
};
