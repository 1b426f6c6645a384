/** The life of the process: registration, readiness, async init, snapshots, concurrency, shutdown. */
import type { Scenario, Topic } from "../harness/scenario.ts";
import { functionUrl, invoke } from "./events.ts";

const polled = { until: /^api GET .*\/invocation\/next/ } as const;
const text = ["content-type", "text/plain"] as const;

const registration: readonly Scenario[] = [
  {
    name: "registers as lambda-adapter, asks for its events once, then for invocations",
    steps: [polled, { until: /^api GET .*\/extension\/event\/next/ }],
    expect: {
      journal: [
        /^api POST \/2020-01-01\/extension\/register$/,
        /^api GET \/2018-06-01\/runtime\/invocation\/next$/,
      ],
      calls: [
        {
          line: "POST /2020-01-01/extension/register",
          headers: {
            "lambda-extension-name": "lambda-adapter",
            "content-length": "16",
            "content-type": null,
          },
          body: '{ "events": [] }',
        },
        {
          line: "GET /2020-01-01/extension/event/next",
          headers: { "lambda-extension-identifier": "2f1e9c1a-ext" },
        },
      ],
      atMost: { lines: /^api GET .*\/extension\/event\/next/, count: 1 },
    },
  },
  {
    name: "a registration that is refused at first is tried again",
    faults: ["B30"],
    api: [{ on: "register", answer: "close" }],
    steps: [{ untilTimes: { lines: /^api POST .*\/register/, count: 2 } }, polled],
    expect: {
      journal: [/^api POST .*\/register/, /^api POST .*\/register/, /^api GET .*\/invocation\/next/],
    },
    lwa: { is: "fault", why: "One attempt, then the process ends", sees: { ended: 1 } },
  },
  {
    name: "a registration that Lambda refuses ends the process with a reason",
    api: [{ on: "register", answer: { status: 403, body: "no such extension" }, times: 99 }],
    steps: [{ until: /^ended/ }],
    expect: { ended: 1, journal: [/^log .*403/] },
  },
  {
    name: "the loss of the call that waits for events leaves a working app alone",
    faults: ["B30"],
    steps: [
      polled,
      { until: /^api GET .*\/extension\/event\/next/ },
      { hangUp: "event/next" },
      { untilTimes: { lines: /^api GET .*\/extension\/event\/next/, count: 2 } },
      { invoke: invoke(functionUrl()) },
      { answered: true },
    ],
    expect: { journal: [/^api GET .*\/extension\/event\/next/, /^posted response 0/] },
    lwa: { is: "fault", why: "The process ends, and the environment with it", sees: { ended: 1 } },
  },
  {
    name: "AWS_LWA_LAMBDA_RUNTIME_API_PROXY as host:port is where invocations come from",
    pins: [46],
    env: { AWS_LWA_LAMBDA_RUNTIME_API_PROXY: "{proxy}" },
    steps: [
      { until: /^proxy GET .*\/invocation\/next/ },
      { invoke: invoke(functionUrl()) },
      { until: /^posted response 0/ },
    ],
    expect: { journal: [/^proxy GET .*\/invocation\/next/, /^proxy POST .*\/response/] },
  },
  {
    name: "the extension is registered with Lambda itself, whatever the proxy",
    faults: ["B32"],
    env: { AWS_LWA_LAMBDA_RUNTIME_API_PROXY: "{proxy}" },
    steps: [{ until: /POST .*\/extension\/register/ }, { until: /^proxy GET .*\/invocation\/next/ }],
    expect: { journal: [/^api POST .*\/extension\/register/] },
    lwa: {
      is: "fault",
      why: "It is registered through the proxy, which may not know extensions",
      sees: { journal: [/^proxy POST .*\/extension\/register/] },
      since: "1.0.1 registers with Lambda",
    },
  },
  {
    name: "AWS_LWA_LAMBDA_RUNTIME_API_PROXY as a URL, the form of LWA's own documents, works too",
    faults: ["B32"],
    env: { AWS_LWA_LAMBDA_RUNTIME_API_PROXY: "http://{proxy}" },
    steps: [{ until: /^api POST .*\/extension\/register/ }, { until: /^proxy GET .*\/invocation\/next/ }],
    expect: { journal: [/^proxy GET .*\/invocation\/next/] },
    lwa: { is: "fault", why: "The process ends", sees: { ended: 1 } },
  },
];

const readyPath = { AWS_LWA_READINESS_CHECK_PATH: "/ready" };

/** Statuses of the check, in turn, and how often it is asked. */
function checked(
  name: string,
  statuses: readonly number[],
  env: NonNullable<Scenario["env"]>,
  more: Partial<Scenario> = {},
): Scenario {
  return {
    name,
    env: { ...readyPath, ...env },
    app: statuses.map((status) => ({ to: "GET /ready", status })),
    steps: [polled],
    expect: { request: statuses.map(() => ({ line: "GET /ready" })) },
    ...more,
  };
}

const readiness: readonly Scenario[] = [
  checked("a healthy status makes ready, and is asked for once", [200], {}, { pins: [5, 34] }),
  checked("status 500 is not ready", [500, 500, 200], {}, { pins: [35] }),
  checked("status 404 is ready", [404], {}),
  checked(
    "status 403 is not ready with 200-399",
    [403, 200],
    { AWS_LWA_READINESS_CHECK_HEALTHY_STATUS: "200-399" },
    { pins: [2, 36] },
  ),
  checked(
    "status 204 is ready with 200-204",
    [205, 204],
    { AWS_LWA_READINESS_CHECK_HEALTHY_STATUS: "200-204" },
    { pins: [43] },
  ),
  checked(
    "status 303 is ready with 200, 301-303, 404",
    [201, 303],
    { AWS_LWA_READINESS_CHECK_HEALTHY_STATUS: "200, 301-303, 404" },
    { pins: [44] },
  ),
  checked(
    "a list of healthy statuses that is none is told about, and the default is used",
    [200],
    { AWS_LWA_READINESS_CHECK_HEALTHY_STATUS: "" },
    {
      faults: ["B34"],
      expect: {
        request: [{ line: "GET /ready" }],
        journal: [/^log WARN .*AWS_LWA_READINESS_CHECK_HEALTHY_STATUS/],
      },
      lwa: { is: "fault", why: "No status is healthy: it waits for ever", sees: { hangs: true } },
    },
  ),
  {
    name: "the readiness check names the app's address as Host and nothing else",
    steps: [polled],
    app: { to: "GET / ", status: 200 },
    env: {},
    expect: { journal: [/^app GET \/$/, /^api GET .*\/invocation\/next/] },
  },
  {
    name: "a query in AWS_LWA_READINESS_CHECK_PATH is asked for",
    env: { AWS_LWA_READINESS_CHECK_PATH: "/ready?deep=1 2" },
    app: { to: "GET /ready", status: 200 },
    steps: [polled],
    expect: { request: [{ line: "GET /ready?deep=1%202", headers: { host: /^127\.0\.0\.1:\d+$/ } }] },
  },
  {
    name: "a redirect of the check is not followed",
    env: readyPath,
    app: { to: "GET /ready", status: 301, headers: [["location", "/elsewhere"]] },
    steps: [polled],
    expect: { request: [{ line: "GET /ready" }] },
  },
  {
    name: "a check that only begins to answer is ready",
    env: readyPath,
    app: { to: "GET /ready", chunks: ["one", "two"], holdRest: true },
    steps: [polled],
    expect: { journal: [/^app GET \/ready/, /^api GET .*\/invocation\/next/] },
  },
  {
    name: "AWS_LWA_READINESS_CHECK_PORT is asked in place of the app's port",
    env: { ...readyPath, AWS_LWA_READINESS_CHECK_PORT: "{port2}" },
    app: { to: "GET /ready", status: 200 },
    steps: [polled, { invoke: invoke(functionUrl()) }, { answered: true }],
    expect: {
      request: [
        { line: "GET /ready", port: "port2" },
        { line: "GET /", port: "port" },
      ],
    },
  },
  {
    name: "without AWS_LWA_READINESS_CHECK_PORT the app's port is asked",
    pins: [3],
    env: readyPath,
    app: { to: "GET /ready", status: 200 },
    steps: [polled],
    expect: { request: [{ line: "GET /ready", port: "port" }] },
  },
  {
    name: "AWS_LWA_READINESS_CHECK_PROTOCOL=tcp opens a connection and asks nothing",
    pins: [28, 37],
    env: { AWS_LWA_READINESS_CHECK_PROTOCOL: "tcp" },
    steps: [polled],
    expect: { journal: [/^app connection/, /^api GET .*\/invocation\/next/], never: /^app head/ },
  },
  {
    name: "AWS_LWA_READINESS_CHECK_PROTOCOL=TCP in capitals is the same",
    pins: [39],
    env: { AWS_LWA_READINESS_CHECK_PROTOCOL: "TCP" },
    steps: [polled],
    expect: { journal: [/^app connection/, /^api GET .*\/invocation\/next/], never: /^app head/ },
  },
  {
    name: "an app that listens late is waited for, by TCP",
    pins: [38],
    env: { AWS_LWA_READINESS_CHECK_PROTOCOL: "tcp" },
    appIsLate: true,
    // Not by the connection: the app may hear of it only after the request that it lets go.
    steps: [
      { until: /^log .*app is not ready after 2000 ?ms/ },
      { mark: "listens" },
      { listen: true },
      polled,
    ],
    expect: {
      journal: [/^log .*app is not ready after 2000 ?ms/, /^mark listens/, /^api GET .*\/invocation\/next/],
    },
  },
  {
    name: "an app that listens late is waited for, and its progress is told every two seconds",
    pins: [51],
    appIsLate: true,
    steps: [{ until: /^log .*app is not ready after 2000 ?ms/ }, { listen: true }, polled],
    expect: {
      journal: [
        /^log .*INFO.*app is not ready after 2000 ?ms/,
        /^app GET \//,
        /^api GET .*\/invocation\/next/,
      ],
    },
  },
  {
    name: "a check that is slow is asked less often after two seconds",
    faults: ["B36"],
    env: readyPath,
    app: { to: "GET /ready", status: 503 },
    steps: [
      { until: /^log .*not ready after 2000/ },
      { mark: "slow" },
      { until: /^log .*not ready after 4000/ },
    ],
    expect: { atMost: { lines: /^app GET \/ready/, after: /^mark slow/, count: 42 } },
    lwa: {
      is: "fault",
      why: "About 90 times a second for as long as it takes",
      sees: { journal: [/^log .*not ready after 4000/] },
    },
  },
  {
    name: "a check that is never answered is told about",
    faults: ["B29"],
    env: readyPath,
    app: { to: "GET /ready", silent: true },
    steps: [{ until: /^log .*not ready after 2000/ }],
    expect: { journal: [/^log .*not ready after 2000.*connected, no answer yet/] },
    lwa: {
      is: "fault",
      why: "Nothing is logged, however long it takes",
      sees: { hangs: true, never: /not ready/ },
    },
  },
  {
    name: "AWS_LWA_READINESS_CHECK_TIMEOUT_SECONDS ends an init that takes too long, and tells Lambda why",
    faults: ["B29"],
    env: { AWS_LWA_READINESS_CHECK_TIMEOUT_SECONDS: "0.3" },
    appIsLate: true,
    steps: [{ until: /^ended/ }],
    expect: {
      ended: 1,
      journal: [/^api POST .*\/init\/error/, /^api told init\/error .*Adapter\.AppNotReady.*nothing listens/],
    },
    lwa: {
      is: "fault",
      why: "It waits for ever",
      sees: { hangs: true, never: /init\/error/ },
      since: "1.1 has the variable",
    },
  },
];

const asyncEnv = { AWS_LWA_ASYNC_INIT: "true", ...readyPath };

const asyncInit: readonly Scenario[] = [
  {
    name: "AWS_LWA_ASYNC_INIT with an app that is ready: the check is asked once, not again in the request",
    pins: [27],
    env: asyncEnv,
    app: [
      { to: "GET /ready", status: 200 },
      { headers: [text], body: "Hello" },
    ],
    steps: [polled, { invoke: invoke(functionUrl()) }, { answered: true }],
    expect: { request: [{ line: "GET /ready" }, { line: "GET /" }], answer: { has: { body: "Hello" } } },
  },
  {
    name: "AWS_LWA_ASYNC_INIT: after 9.8 s of init the first invocation waits for the app",
    pins: [52],
    env: asyncEnv,
    appIsLate: true,
    app: [
      { to: "GET /ready", status: 200 },
      { headers: [text], body: "Hello" },
    ],
    limitMs: 15_000,
    steps: [
      polled,
      { invoke: invoke(functionUrl()) },
      { until: /^delivered 0/ },
      { listen: true },
      { answered: true },
    ],
    expect: {
      journal: [
        /not ready after 2000 ?ms/,
        /not ready after 4000 ?ms/,
        /not ready after 8000 ?ms/,
        /^api GET .*\/invocation\/next/,
        /^delivered 0/,
        /^app GET \/ready/,
        /^app GET \/$/,
        /^posted response 0/,
      ],
    },
  },
  {
    name: "AWS_LWA_ASYNC_INIT: an app that does not come in time fails the invocation before its deadline",
    faults: ["B29"],
    env: asyncEnv,
    appIsLate: true,
    limitMs: 15_000,
    steps: [polled, { invoke: { event: functionUrl(), deadlineIn: 1200 } }, { answered: true }],
    expect: { error: { type: /^Adapter\.AppNotReady$/ } },
    lwa: {
      is: "fault",
      why: "The adapter waits past the deadline",
      sees: { hangs: true, journal: [/^delivered 0/] },
    },
  },
  ...["TRUE", "1", "yes"].map((value): Scenario => ({
    name: `AWS_LWA_ENABLE_COMPRESSION=${value} means true`,
    faults: ["B34"],
    env: { AWS_LWA_ENABLE_COMPRESSION: value },
    invoke: invoke(functionUrl({ headers: [["accept-encoding", "gzip"]] })),
    app: { headers: [text], body: "x".repeat(200) },
    expect: { answer: { inflated: "x".repeat(200), has: { headers: { "content-encoding": "gzip" } } } },
    lwa: {
      is: "fault",
      why: "It means false, without a word",
      sees: { answer: { lacks: ["headers.content-encoding"] }, never: /^log .*COMPRESSION/ },
    },
  })),
];

const snapEnv = { AWS_LAMBDA_INITIALIZATION_TYPE: "snap-start", AWS_LWA_READINESS_CHECK_PATH: "/ready" };
const hooks = {
  ...snapEnv,
  AWS_LWA_SNAPSTART_BEFORE_CHECKPOINT_PATH: "/before",
  AWS_LWA_SNAPSTART_AFTER_RESTORE_PATH: "/after",
};
const noHooks = "It knows no hooks and takes no part in the snapshot";
const knownSince = "1.1 has the same";
const asked = { until: /^api GET .*\/restore\/next/ } as const;

const snapshots: readonly Scenario[] = [
  {
    name: "SnapStart: readiness, hook, snapshot, hook, readiness, invocations, in this order",
    env: hooks,
    app: [
      { to: "GET /ready" },
      { to: "POST /before" },
      { to: "POST /after" },
      { headers: [text], body: "ok" },
    ],
    steps: [asked, { restore: true }, polled, { invoke: invoke(functionUrl()) }, { answered: true }],
    expect: {
      journal: [
        /^app GET \/ready/,
        /^app POST \/before/,
        /^api GET \/2018-06-01\/runtime\/restore\/next/,
        /^app POST \/after/,
        /^app GET \/ready/,
        /^api GET .*\/invocation\/next/,
        /^posted response 0/,
      ],
    },
    lwa: {
      is: "different",
      named: "snapshots",
      why: noHooks,
      sees: { hangs: true, never: /restore\/next|\/before|\/after/ },
      since: knownSince,
    },
  },
  {
    name: "SnapStart: without hooks the restore is waited for all the same, and readiness is asked again",
    env: snapEnv,
    app: { to: "GET /ready" },
    steps: [asked, { restore: true }, polled],
    expect: {
      journal: [/^app GET \/ready/, /\/restore\/next/, /^app GET \/ready/, /^api GET .*\/invocation\/next/],
    },
    lwa: {
      is: "different",
      named: "snapshots",
      why: noHooks,
      sees: { hangs: true, never: /restore\/next/ },
      since: knownSince,
    },
  },
  {
    name: "SnapStart: no connection of before the snapshot is used after it",
    env: hooks,
    app: [{ to: "GET /ready" }, { to: "POST /" }],
    steps: [asked, { restore: true }, polled],
    expect: {
      request: [
        { line: "GET /ready", connection: 0 },
        { line: "POST /before", connection: 1 },
        { line: "POST /after", connection: 2 },
        { line: "GET /ready" },
      ],
    },
    lwa: {
      is: "different",
      named: "snapshots",
      why: noHooks,
      sees: { hangs: true, request: [{ line: "GET /ready" }] },
      since: knownSince,
    },
  },
  {
    name: "SnapStart: hooks are an empty POST",
    env: hooks,
    app: [{ to: "GET /ready" }, { to: "POST /" }],
    steps: [asked],
    expect: { request: [{}, { line: "POST /before", headers: { "content-length": "0" }, body: "" }] },
    lwa: { is: "different", named: "snapshots", why: noHooks, sees: { hangs: true }, since: knownSince },
  },
  {
    name: "SnapStart: a hook before the snapshot that fails ends the init, and Lambda is told why",
    env: hooks,
    app: [{ to: "GET /ready" }, { to: "POST /before", status: 500 }],
    steps: [{ until: /^ended/ }],
    expect: {
      ended: 1,
      journal: [/^api told init\/error .*Runtime\.BeforeSnapshotError.*\/before.*500/],
      never: /restore\/next/,
    },
    lwa: { is: "different", named: "snapshots", why: noHooks, sees: { hangs: true }, since: knownSince },
  },
  {
    name: "SnapStart: a hook after the restore that fails ends the restore, and Lambda is told why",
    env: hooks,
    app: [{ to: "GET /ready" }, { to: "POST /before" }, { to: "POST /after", raw: "", ending: "close" }],
    steps: [asked, { restore: true }, { until: /^ended/ }],
    expect: { ended: 1, journal: [/^api told restore\/error .*Runtime\.AfterRestoreError/] },
    lwa: { is: "different", named: "snapshots", why: noHooks, sees: { hangs: true }, since: knownSince },
  },
  {
    name: "SnapStart: a request from outside for a hook is refused with 403",
    env: hooks,
    app: [{ to: "GET /ready" }, { to: "POST /before" }, { to: "POST /after" }],
    steps: [
      asked,
      { restore: true },
      polled,
      { invoke: invoke(functionUrl({ method: "POST", path: "/before" })) },
      { answered: true },
      { invoke: invoke(functionUrl({ method: "POST", path: "//x/..//%61fter/", query: "a=1" })) },
      { answered: true },
    ],
    expect: {
      request: [{}, { line: "POST /before" }, { line: "POST /after" }, {}],
      answer: [{ has: { statusCode: 403 } }, { has: { statusCode: 403 } }],
    },
    lwa: { is: "different", named: "snapshots", why: noHooks, sees: { hangs: true }, since: knownSince },
  },
];

const four = Array.from({ length: 4 }, (_, index) =>
  invoke(functionUrl({ path: index % 2 === 0 ? "/a" : "/b" })),
);
const concurrent = { AWS_LAMBDA_MAX_CONCURRENCY: "4" };

const concurrency: readonly Scenario[] = [
  {
    name: "AWS_LAMBDA_MAX_CONCURRENCY=4 asks for four invocations at once",
    env: concurrent,
    steps: [{ untilTimes: { lines: /^api GET .*\/invocation\/next/, count: 4 } }],
    expect: { atMost: { lines: /^api GET .*\/invocation\/next/, count: 4 } },
  },
  {
    name: "four invocations are handled side by side, over four connections",
    pins: [29],
    env: concurrent,
    app: { gathers: 4, headers: [text], body: "ok" },
    steps: [...four.map((one) => ({ invoke: one })), { answered: true }],
    expect: {
      request: { line: /^GET \/[ab]$/ },
      answer: four.map(() => ({ has: { statusCode: 200, body: "ok" } })),
    },
  },
  {
    name: "bodies of invocations side by side are not mixed up",
    pins: [30],
    env: concurrent,
    app: { gathers: 4, echo: true },
    steps: [
      ...["one", "two", "one", "two"].map((body) => ({
        invoke: invoke(functionUrl({ method: "POST", body })),
      })),
      { answered: true },
    ],
    expect: { answer: ["one", "two", "one", "two"].map((body) => ({ has: { body } })) },
  },
  ...["0", "1", "junk"].map((value): Scenario => ({
    name: `AWS_LAMBDA_MAX_CONCURRENCY=${value} is one invocation at a time`,
    env: { AWS_LAMBDA_MAX_CONCURRENCY: value },
    steps: [
      { until: /^api GET .*\/invocation\/next/ },
      { invoke: invoke(functionUrl()) },
      { answered: true },
    ],
    expect: { atMost: { lines: /^api GET .*\/invocation\/next/, count: 2 } },
  })),
  {
    name: "an invocation that meets a fault side by side with others leaves them alone and is answered",
    faults: ["B31"],
    pins: [84],
    env: { AWS_LAMBDA_MAX_CONCURRENCY: "2" },
    steps: [
      { untilTimes: { lines: /^api GET .*\/invocation\/next/, count: 2 } },
      { invoke: invoke(functionUrl(), { "Lambda-Runtime-Client-Context": "not json" }) },
      { until: /^delivered 0/ },
      { invoke: invoke(functionUrl()) },
      { answered: true },
    ],
    expect: { journal: [/^posted response/, /^posted response/] },
    lwa: {
      is: "fault",
      why: "Its worker ends and is not replaced, and the invocation is never answered",
      sees: { hangs: true, journal: [/^posted response 1/], never: /^posted response 0/ },
    },
  },
  {
    name: "a Runtime API that hangs up on a worker is not asked in a tight loop",
    faults: ["B31"],
    env: { AWS_LAMBDA_MAX_CONCURRENCY: "2" },
    api: [{ on: "invocation/next", times: 4, answer: "close" }],
    steps: [
      { untilTimes: { lines: /^api GET .*\/invocation\/next/, count: 5 } },
      { invoke: invoke(functionUrl()) },
      { until: /^posted response 0/ },
    ],
    expect: { journal: [/^log WARN .*retry_in_ms=25/, /^log WARN .*retry_in_ms=50/, /^posted response 0/] },
    lwa: {
      is: "fault",
      why: "Without a pause, for as long as it lasts",
      sees: { journal: [/^posted response 0/], never: /retry_in_ms/ },
    },
  },
];

const shutdown: readonly Scenario[] = [
  {
    name: "SIGTERM ends a process that has nothing to do, with 0",
    steps: [polled, { signal: "SIGTERM" }, { until: /^ended/ }],
    expect: { ended: 0 },
    lwa: {
      is: "different",
      named: "shutdown",
      why: "The signal kills it",
      sees: { ended: "SIGTERM" },
    },
  },
  {
    name: "SIGTERM lets an invocation finish before the process ends",
    faults: ["B30"],
    app: { hold: true, headers: [text], body: "done" },
    steps: [
      { invoke: invoke(functionUrl({ path: "/work" })) },
      { until: /^app GET \/work/ },
      { signal: "SIGTERM" },
      { until: /^log .*SIGTERM/ },
      { release: true },
      { until: /^ended/ },
    ],
    expect: { ended: 0, answer: { has: { body: "done" } }, journal: [/^posted response 0/, /^ended 0/] },
    lwa: { is: "fault", why: "What is under way is cut off", sees: { ended: "SIGTERM", never: /^posted/ } },
  },
  {
    name: "SIGTERM lets a stream finish before the process ends",
    faults: ["B30"],
    env: { AWS_LWA_INVOKE_MODE: "response_stream" },
    app: { headers: [text], chunks: ["one", "two"], holdRest: true },
    steps: [
      { invoke: invoke(functionUrl()) },
      { until: /^api head POST .*\/response/ },
      { signal: "SIGTERM" },
      { until: /^log .*SIGTERM/ },
      { release: true },
      { until: /^ended/ },
    ],
    expect: { ended: 0, stream: { body: "onetwo", trailers: null } },
    lwa: { is: "fault", why: "The stream is cut off", sees: { ended: "SIGTERM", never: /^posted/ } },
  },
];

export const registrationTopic: Topic = {
  title: "Registration and the Runtime API's proxy",
  scenarios: registration,
};
export const readinessTopic: Topic = {
  title: "Readiness and async init",
  scenarios: [...readiness, ...asyncInit],
};
export const snapshotsTopic: Topic = { title: "SnapStart", scenarios: snapshots };
export const concurrencyTopic: Topic = { title: "Several invocations at a time", scenarios: concurrency };
export const shutdownTopic: Topic = { title: "Shutdown", scenarios: shutdown };
