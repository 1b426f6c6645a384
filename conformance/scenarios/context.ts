/** What the app is told about the invocation, and what a client may not tell it. */
import { FUNCTION_ARN, TRACE_ID } from "../harness/runtime-api.ts";
import type { Scenario, Topic, Verdict } from "../harness/scenario.ts";
import { alb, albMulti, doors, functionUrl, httpApi2, invoke, rest } from "./events.ts";
import type { Event } from "./events.ts";

const spoofed = [
  ["x-amzn-request-context", '{"authorizer":"admin"}'],
  ["x-amzn-lambda-context", '{"tenant_id":"other"}'],
] as const;

const ofAllDoors = doors.flatMap((door): Scenario[] => [
  {
    name: `${door.name}: a client's copies of the context headers do not reach the app`,
    ...(door.name === "ALB" && { pins: [15, 19] }),
    invoke: invoke(door.event({ headers: spoofed })),
    expect: {
      request: {
        headers: {
          "x-amzn-request-context": /^(?!.*admin).*$/,
          "x-amzn-lambda-context":
            /^\{"request_id":"8476a536-[^"]*".*"tenant_id":null,"env_config":\{"function_name":"shop"/,
        },
      },
    },
  },
]);

/** The whole of what the app gets. */
function contextOf(
  event: Event,
  difference: Verdict | undefined,
  name: string,
  faults?: readonly string[],
): Scenario {
  return {
    name,
    ...(faults !== undefined && { faults }),
    invoke: invoke(event),
    expect: {
      request: { headers: { "x-amzn-request-context": JSON.stringify(event["requestContext"]) } },
    },
    ...(difference !== undefined && { lwa: difference }),
  };
}

const claims = { sub: "1234", email: "a@example.com" };

const requestContexts: readonly Scenario[] = [
  contextOf(
    rest({ context: { authorizer: { principalId: "admin" }, deploymentId: "d1" } }),
    {
      is: "fault",
      why: "Members that its types do not know are dropped, others are made up as null",
      sees: {
        request: {
          headers: {
            "x-amzn-request-context":
              /^(?!.*deploymentId)(?!.*extendedRequestId).*"authorizer":\{"principalId":"admin"\}/,
          },
        },
      },
    },
    "REST API: the request context reaches the app as it is",
    ["B21"],
  ),
  contextOf(
    httpApi2({ context: { authorizer: { lambda: { tier: "gold" }, custom: 1 } } }),
    {
      is: "fault",
      why: "An authorizer's own members are lost",
      sees: {
        request: {
          headers: { "x-amzn-request-context": /^(?!.*custom).*"authorizer":\{"lambda":\{"tier":"gold"\}\}/ },
        },
      },
    },
    "HTTP API 2.0: the request context reaches the app as it is",
    ["B21"],
  ),
  contextOf(
    functionUrl({ context: { authentication: null, own: "member" } }),
    {
      is: "fault",
      why: "Members that its types do not know are dropped",
      sees: { request: { headers: { "x-amzn-request-context": /^(?!.*own)\{"routeKey":/ } } },
    },
    "Function URL: the request context reaches the app as it is",
    ["B21"],
  ),
  {
    name: "Function URL: a long number of the request context keeps its digits",
    faults: ["B21"],
    invoke: invoke(
      JSON.stringify(functionUrl({ context: { own: "long" } })).replace('"long"', "12345678901234567890.50"),
    ),
    expect: { request: { headers: { "x-amzn-request-context": /"own":12345678901234567890\.50[,}]/ } } },
    lwa: {
      is: "fault",
      why: "Members that its types do not know are dropped",
      sees: { request: { headers: { "x-amzn-request-context": /^(?!.*own)\{"routeKey":/ } } },
    },
  },
  contextOf(alb(), undefined, "ALB: the request context reaches the app as it is"),
  {
    name: "REST API: the authorizer's principal can be read by the app",
    pins: [73],
    invoke: invoke(rest({ context: { authorizer: { principalId: "admin" } } })),
    expect: { request: { headers: { "x-amzn-request-context": /"principalId":"admin"/ } } },
  },
  {
    name: "HTTP API 2.0: claims beyond ASCII are escaped",
    faults: ["B39"],
    invoke: invoke(
      httpApi2({ context: { authorizer: { jwt: { claims: { ...claims, name: "Žlu🌍" }, scopes: null } } } }),
    ),
    expect: {
      request: {
        headers: { "x-amzn-request-context": /^[\x20-\x7e]*"name":"\\u017dlu\\ud83c\\udf0d"[\x20-\x7e]*$/ },
      },
    },
    lwa: {
      is: "fault",
      why: "Raw UTF-8 in a header, which many servers read as Latin-1 or refuse",
      sees: { request: { headers: { "x-amzn-request-context": /"name":"Žlu🌍"/ } } },
    },
  },
  {
    name: "Function URL: a DEL in the context is escaped",
    faults: ["B39"],
    invoke: invoke(
      functionUrl({
        context: {
          http: {
            method: "GET",
            path: "/",
            protocol: "HTTP/1.1",
            sourceIp: "203.0.113.7",
            userAgent: "a\u007fb",
          },
        },
      }),
    ),
    expect: { request: { headers: { "x-amzn-request-context": /"userAgent":"a\\u007fb"/ } } },
    lwa: {
      is: "fault",
      why: "The invocation fails",
      sees: { error: { message: /failed to parse header value/ } },
    },
  },
];

const manyClaims = Object.fromEntries(
  Array.from({ length: 400 }, (_, index) => [`group-${index}`, "x".repeat(40)]),
);

const bounded: readonly Scenario[] = [
  {
    name: "HTTP API 2.0: a context larger than servers take is bounded, and the log says what was left out",
    faults: ["B39"],
    invoke: invoke(httpApi2({ context: { authorizer: { jwt: { claims: manyClaims, scopes: null } } } })),
    expect: {
      request: { headers: { "x-amzn-request-context": /^(?!.*authorizer).{1,12288}$/ } },
      journal: [/^log WARN .*request context has \d+ bytes and its authorizer is left out/],
    },
    lwa: {
      is: "fault",
      why: "The app's server answers 431, or closes",
      sees: { request: { headers: { "x-amzn-request-context": /.{20000}/ } } },
    },
  },
];

const lambdaContext =
  /^\{"request_id":"8476a536-e9f4-11e8-9739-\d{12}","deadline":\d{13},"invoked_function_arn":"arn:aws:lambda:eu-central-1:123456789012:function:shop","xray_trace_id":"Root=1-67a3c5d2-[^"]*","client_context":null,"identity":null,"tenant_id":null,"env_config":\{"function_name":"shop","memory":512,"version":"\$LATEST","log_stream":"2026\/11\/24\/\[\$LATEST\]a1b2c3","log_group":"\/aws\/lambda\/shop"\}\}$/;

const clientContext = {
  client: {
    installation_id: "i",
    app_title: "t",
    app_version_name: "1",
    app_version_code: "2",
    app_package_name: "p",
  },
  custom: { k: "v" },
  environment: { locale: "de" },
};

const lambdaContexts: readonly Scenario[] = [
  {
    name: "Function URL: the Lambda context, key by key",
    invoke: invoke(functionUrl()),
    expect: { request: { headers: { "x-amzn-lambda-context": lambdaContext } } },
  },
  {
    name: "ALB: a tenant is told to the app",
    pins: [31, 49],
    invoke: invoke(alb({ headers: [["x-amz-tenant-id", "other"]] }), {
      "Lambda-Runtime-Aws-Tenant-Id": "tenant-abc-123",
    }),
    expect: {
      request: {
        headers: {
          "x-amz-tenant-id": "tenant-abc-123",
          "x-amzn-lambda-context": /"tenant_id":"tenant-abc-123"/,
        },
      },
    },
  },
  {
    name: "ALB: without a tenant there is no header of one",
    pins: [32, 50],
    invoke: invoke(alb()),
    expect: { request: { headers: { "x-amz-tenant-id": null } } },
  },
  {
    name: "ALB: a client cannot pretend to be a tenant",
    faults: ["B23"],
    invoke: invoke(alb({ headers: [["x-amz-tenant-id", "other"]] })),
    expect: { request: { headers: { "x-amz-tenant-id": null } } },
    lwa: {
      is: "fault",
      why: "The client's header reaches the app, which trusts it",
      sees: { request: { headers: { "x-amz-tenant-id": "other" } } },
    },
  },
  {
    name: "Function URL: Lambda's deadline and request id are headers of their own, which no client can give",
    invoke: invoke(
      functionUrl({
        headers: [
          ["lambda-runtime-deadline-ms", "1"],
          ["lambda-runtime-aws-request-id", "mine"],
        ],
      }),
    ),
    expect: {
      request: {
        headers: { "lambda-runtime-deadline-ms": /^\d{13}$/, "lambda-runtime-aws-request-id": /^8476a536-/ },
      },
    },
    lwa: {
      is: "different",
      named: "context",
      why: "They are not given, and the client's reach the app",
      sees: {
        request: { headers: { "lambda-runtime-deadline-ms": "1", "lambda-runtime-aws-request-id": "mine" } },
      },
    },
  },
  {
    name: "Function URL: the invocation's trace id is the trace header",
    invoke: invoke(functionUrl()),
    expect: { request: { headers: { "x-amzn-trace-id": TRACE_ID } } },
  },
  {
    name: "ALB: another trace of the front door is kept beside the invocation's",
    faults: ["B24"],
    invoke: invoke(alb({ headers: [["x-amzn-trace-id", "Root=1-65a1b2c3-0123456789abcdef01234567"]] })),
    expect: {
      request: {
        headers: {
          "x-amzn-trace-id": TRACE_ID,
          "x-anylambda-edge-trace-id": "Root=1-65a1b2c3-0123456789abcdef01234567",
        },
      },
    },
    lwa: {
      is: "fault",
      why: "It is lost: the load balancer's access log cannot be joined with the app's",
      sees: { request: { headers: { "x-amzn-trace-id": TRACE_ID, "x-anylambda-edge-trace-id": null } } },
    },
  },
  {
    name: "Function URL: without a trace id of Lambda's the client's stays",
    invoke: invoke(functionUrl({ headers: [["x-amzn-trace-id", "Root=1-client"]] }), {
      "Lambda-Runtime-Trace-Id": null,
    }),
    expect: { request: { headers: { "x-amzn-trace-id": "Root=1-client" } } },
  },
  {
    name: "Function URL: a client context of the SDK's shape",
    pins: [86],
    invoke: invoke(functionUrl(), { "Lambda-Runtime-Client-Context": JSON.stringify(clientContext) }),
    expect: {
      request: {
        headers: { "x-amzn-lambda-context": /"custom":\{"k":"v"\},"environment":\{"locale":"de"\}\}/ },
      },
    },
  },
  {
    name: "Function URL: an empty client context",
    pins: [86],
    invoke: invoke(functionUrl(), { "Lambda-Runtime-Client-Context": "{}" }),
    expect: {
      request: { headers: { "x-amzn-lambda-context": /"client_context":\{/ } },
      answer: { has: { statusCode: 200 } },
    },
  },
  ...[
    ["a client context that is no JSON", "Lambda-Runtime-Client-Context", "not json"],
    ["a client context with a value that is no text", "Lambda-Runtime-Client-Context", '{"custom":{"n":1}}'],
    ["an identity without members", "Lambda-Runtime-Cognito-Identity", "{}"],
  ].map(([what = "", header = "", value = ""]): Scenario => ({
    name: `Function URL: ${what} does not stop the invocation`,
    faults: ["B7"],
    pins: [86],
    invoke: invoke(functionUrl(), { [header]: value }),
    expect: { request: { line: "GET /" }, answer: { has: { statusCode: 200 } } },
    lwa: {
      is: "fault",
      why: "The process ends: whoever may invoke the function can end its environments",
      sees: { ended: 1, request: [] },
    },
  })),
  {
    name: "Function URL: without a function ARN the invocation is served",
    pins: [86],
    invoke: invoke(functionUrl(), { "Lambda-Runtime-Invoked-Function-Arn": null }),
    expect: { request: { line: "GET /" }, answer: { has: { statusCode: 200 } } },
  },
  {
    name: "Function URL: a deadline that is no number does not stop the invocation",
    faults: ["B7"],
    pins: [86],
    invoke: invoke(functionUrl(), { "Lambda-Runtime-Deadline-Ms": "soon" }),
    expect: { answer: { has: { statusCode: 200 } } },
    lwa: { is: "fault", why: "The process ends", sees: { ended: 1, request: [] } },
  },
  {
    name: "Function URL: without a deadline the invocation is served",
    faults: ["B8"],
    invoke: invoke(functionUrl(), { "Lambda-Runtime-Deadline-Ms": null }),
    expect: { answer: { has: { statusCode: 200 } } },
    lwa: { is: "fault", why: "The process dies", sees: [{ ended: "SIGABRT" }, { ended: 101 }, { ended: 1 }] },
  },
  {
    name: "Function URL: the Lambda context names the function that was invoked",
    invoke: invoke(functionUrl(), { "Lambda-Runtime-Invoked-Function-Arn": `${FUNCTION_ARN}:live` }),
    expect: {
      request: { headers: { "x-amzn-lambda-context": /"invoked_function_arn":"[^"]*:function:shop:live"/ } },
    },
  },
];

export const contextTopic: Topic = {
  title: "Context headers",
  scenarios: [...ofAllDoors, ...requestContexts, ...bounded, ...lambdaContexts],
};

const authorization: readonly Scenario[] = [
  {
    name: "the header of AWS_LWA_AUTHORIZATION_SOURCE becomes authorization",
    pins: [18],
    invoke: invoke(alb({ headers: [["auth-token", "Bearer token"]] })),
    expect: {
      request: { headers: { authorization: "Bearer token", "auth-token": null } },
      answer: { has: { statusCode: 200 } },
    },
  },
  {
    name: "the source replaces the authorization that the client sent",
    invoke: invoke(
      functionUrl({
        headers: [
          ["auth-token", "Bearer token"],
          ["authorization", "AWS4-HMAC"],
        ],
      }),
    ),
    expect: { request: { headers: { authorization: "Bearer token", "auth-token": null } } },
  },
  {
    name: "without the source there is no authorization, and a warning",
    pins: [25],
    invoke: invoke(alb()),
    expect: {
      request: { headers: { authorization: null } },
      answer: { has: { statusCode: 200 } },
      journal: [/^log .*"auth-token" header not found/i],
    },
  },
  {
    name: "without the source the client's own authorization does not reach the app",
    faults: ["B23"],
    invoke: invoke(alb({ headers: [["authorization", "Bearer mine"]] })),
    expect: { request: { headers: { authorization: null } } },
    lwa: {
      is: "fault",
      why: "The client's value passes for one that the authorizer has checked",
      sees: { request: { headers: { authorization: "Bearer mine" } } },
    },
  },
  {
    name: "of several values of the source the first is taken",
    invoke: invoke(
      albMulti({
        headers: [
          ["auth-token", "one"],
          ["auth-token", "two"],
        ],
      }),
    ),
    expect: { request: { headers: { authorization: "one", "auth-token": null } } },
  },
].map((scenario) => ({
  ...scenario,
  env: { AWS_LWA_AUTHORIZATION_SOURCE: "Auth-Token" },
})) as readonly Scenario[];

interface BasePath {
  readonly base: string;
  readonly path: string;
  readonly target: string;
  readonly pins?: readonly number[];
  readonly lwa?: string;
}

const basePaths: readonly BasePath[] = [
  { base: "/prod", path: "/prod/api/data", target: "/api/data", pins: [20] },
  { base: "/prod", path: "/other/path", target: "/other/path", pins: [21] },
  { base: "/prod", path: "/prod", target: "/", pins: [22] },
  { base: "/prod", path: "/production/x", target: "/production/x", lwa: "/uction/x" },
  { base: "/prod", path: "/prod/prod/x", target: "/prod/x", lwa: "/x" },
  { base: "/orders/", path: "/orders/1", target: "/1" },
  { base: "", path: "/orders/1", target: "/orders/1" },
];

const ofBasePaths = basePaths.map(({ base, path, target, pins, lwa }): Scenario => ({
  name: `AWS_LWA_REMOVE_BASE_PATH=${base} makes ${path} into ${target}`,
  ...(pins !== undefined && { pins }),
  ...(lwa !== undefined && { faults: ["B16"] }),
  env: { AWS_LWA_REMOVE_BASE_PATH: base },
  invoke: invoke(alb({ path, pairs: [["a", "1"]] })),
  expect: { request: { line: `GET ${target}?a=1` } },
  ...(lwa !== undefined && {
    lwa: {
      is: "fault" as const,
      why: "The prefix is cut off as often as it is there, also within a name",
      sees: { request: { line: `GET ${lwa}?a=1` } },
      since: "1.1 cuts once and at the end of a segment",
    },
  }),
}));

const errorStatuses: readonly Scenario[] = (
  [
    {
      name: "a status of AWS_LWA_ERROR_STATUS_CODES fails the invocation with status and body",
      pins: [17, 33],
      invoke: invoke(alb()),
      app: { status: 502, headers: [["content-type", "text/plain"]], body: 'Bad "Gateway"' },
      expect: {
        error: { message: '{"statusCode":502,"body":"Bad \\"Gateway\\""}', type: "Adapter.AppErrorStatus" },
      },
      lwa: {
        is: "fault",
        why: "The type is one of Rust's, and the message of this version has no body",
        sees: { error: { type: /^&alloc::boxed::Box<dyn core::error::Error/, message: /502/ } },
      },
      faults: ["B35"],
    },
    {
      name: "a status inside a range of AWS_LWA_ERROR_STATUS_CODES fails the invocation",
      pins: [33, 43],
      invoke: invoke(functionUrl()),
      app: { status: 503, body: "no" },
      expect: { error: { message: /503/ } },
    },
    {
      name: "a status outside of AWS_LWA_ERROR_STATUS_CODES is an answer",
      pins: [26],
      invoke: invoke(alb()),
      app: { status: 404, headers: [["content-type", "text/plain"]], body: "Not Found" },
      expect: { answer: { has: { statusCode: 404, body: "Not Found" } } },
    },
  ] as const
).map((scenario): Scenario => ({ ...scenario, env: { AWS_LWA_ERROR_STATUS_CODES: "500,502-504, 599" } }));

const emptyErrorStatuses: readonly Scenario[] = ["", "invalid", "200-300-400", "504-500"].map((value) => ({
  name: `AWS_LWA_ERROR_STATUS_CODES=${value === "" ? '""' : value} fails no invocation`,
  pins: [33, 45],
  env: { AWS_LWA_ERROR_STATUS_CODES: value },
  invoke: invoke(functionUrl()),
  app: { status: 502, headers: [["content-type", "text/plain"]], body: "no" },
  expect: { answer: { has: { statusCode: 502, body: "no" } } },
}));

export const editsTopic: Topic = {
  title: "Authorization source, base path, error statuses",
  scenarios: [...authorization, ...ofBasePaths, ...errorStatuses, ...emptyErrorStatuses],
};
