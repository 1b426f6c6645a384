/** Variables: names, precedence, values that are wrong, log lines. */
import type { Env, Scenario, Topic, Verdict } from "../harness/scenario.ts";
import { alb, functionUrl, invoke } from "./events.ts";

const text = ["content-type", "text/plain"] as const;
const polled = { until: /^api GET .*\/invocation\/next/ } as const;
const served = { request: { line: "GET /" }, answer: { has: { statusCode: 200 } } };

/** The app's port comes from elsewhere than `AWS_LWA_PORT`. */
const names: readonly Scenario[] = [
  {
    name: "PORT is read when AWS_LWA_PORT is not set, without a warning",
    pins: [4],
    env: { AWS_LWA_PORT: null, PORT: "{port}" },
    steps: [{ invoke: invoke(functionUrl()) }, { answered: true }],
    expect: { ...served, never: /^log .*deprecated/ },
  },
  {
    name: "AWS_LWA_PORT wins over PORT",
    pins: [24],
    env: { AWS_LWA_PORT: "{port}", PORT: "{closed}", AWS_LWA_HOST: "localhost", HOST: "192.0.2.1" },
    steps: [{ invoke: invoke(functionUrl()) }, { answered: true }],
    expect: { ...served, never: /^log .*deprecated/ },
  },
  {
    name: "all deprecated names are read, each with a warning",
    pins: [23],
    env: {
      AWS_LWA_PORT: null,
      PORT: "{port}",
      HOST: "127.0.0.1",
      READINESS_CHECK_PORT: "{port2}",
      READINESS_CHECK_PATH: "/ready",
      READINESS_CHECK_PROTOCOL: "HTTP",
      REMOVE_BASE_PATH: "/stage",
      ASYNC_INIT: "true",
    },
    app: [{ to: "GET /ready" }, { headers: [text], body: "ok" }],
    steps: [polled, { invoke: invoke(alb({ path: "/stage/x" })) }, { answered: true }],
    expect: {
      request: [
        { line: "GET /ready", port: "port2" },
        { line: "GET /x", port: "port" },
      ],
      journal: [/^log .*WARN.*HOST.*deprecated/],
    },
  },
  {
    name: "all settings of LWA together",
    pins: [1],
    env: {
      AWS_LWA_HOST: "localhost",
      AWS_LWA_READINESS_CHECK_PORT: "{port2}",
      AWS_LWA_READINESS_CHECK_PROTOCOL: "TCP",
      AWS_LWA_READINESS_CHECK_PATH: "/healthcheck",
      AWS_LWA_REMOVE_BASE_PATH: "/prod",
      AWS_LWA_ASYNC_INIT: "true",
      AWS_LWA_ENABLE_COMPRESSION: "true",
      AWS_LWA_INVOKE_MODE: "buffered",
      AWS_LWA_AUTHORIZATION_SOURCE: "auth-token",
    },
    app: { headers: [text], body: "x".repeat(100) },
    steps: [
      polled,
      {
        invoke: invoke(
          alb({
            path: "/prod/a",
            headers: [
              ["auth-token", "t"],
              ["accept-encoding", "gzip"],
            ],
          }),
        ),
      },
      { answered: true },
    ],
    expect: {
      request: [{ line: "GET /a", headers: { authorization: "t", host: "shop.example.com" }, port: "port" }],
      answer: { has: { headers: { "content-encoding": "gzip" } }, inflated: "x".repeat(100) },
    },
  },
  {
    name: "AWS_LWA_HOST=[::1] is served",
    appHost: "::1",
    env: { AWS_LWA_HOST: "[::1]" },
    steps: [{ invoke: invoke(functionUrl()) }, { answered: true }],
    expect: served,
  },
  {
    name: "AWS_LWA_HOST=::1 without brackets is served",
    faults: ["B34"],
    appHost: "::1",
    env: { AWS_LWA_HOST: "::1" },
    steps: [{ invoke: invoke(functionUrl()) }, { answered: true }],
    expect: served,
    lwa: { is: "fault", why: "The process ends", sees: { ended: 1 } },
  },
];

/** Values with which neither adapter starts. */
const fatal: readonly Scenario[] = (
  [
    [{ AWS_LWA_PORT: "http" }, [42]],
    [{ AWS_LWA_PORT: "70000" }, []],
    [{ AWS_LWA_HOST: "invalid host with spaces" }, [41]],
    [{ AWS_LWA_READINESS_CHECK_PORT: "http" }, []],
    [{ AWS_LWA_READINESS_CHECK_PATH: "ready" }, []],
  ] as const
).map(([env, pins]): Scenario => {
  const [[name, value] = ["", ""]] = Object.entries(env);
  return {
    name: `${name}=${value} ends the process with 1`,
    ...(pins.length > 0 && { pins }),
    env,
    steps: [{ until: /^ended/ }],
    expect: { ended: 1, never: /\/invocation\/next/ },
  };
});

const silently = (why: string, sees: Verdict["sees"]): Verdict => ({ is: "fault", why, sees });

const wrong: readonly Scenario[] = [
  {
    name: "Lambda is told which variables are wrong, all of them at once",
    faults: ["B34"],
    env: { AWS_LWA_PORT: "http", AWS_LWA_READINESS_CHECK_PATH: "ready" },
    steps: [{ until: /^ended/ }],
    expect: {
      ended: 1,
      journal: [
        /^api told init\/error .*Adapter\.InvalidConfiguration.*AWS_LWA_PORT is \\"http\\", expected.*AWS_LWA_READINESS_CHECK_PATH/,
      ],
    },
    lwa: silently("A line on stderr, with the first of them", { ended: 1, never: /init\/error/ }),
  },
  {
    name: 'AWS_LWA_PORT="" ends the process with a reason',
    faults: ["B34"],
    env: { AWS_LWA_PORT: "" },
    steps: [{ until: /^ended/ }],
    expect: { ended: 1, journal: [/^api told init\/error .*AWS_LWA_PORT/] },
    lwa: silently("It is port 80: it waits for ever", { hangs: true }),
  },
  ...(
    [
      ["AWS_LWA_READINESS_CHECK_PROTOCOL", "udp", [39]],
      ["AWS_LWA_INVOKE_MODE", "stream", [40]],
    ] as const
  ).map(([name, value, pins]): Scenario => ({
    name: `${name}=${value} ends the process with a reason`,
    faults: ["B34"],
    pins,
    env: { [name]: value },
    steps: [{ until: /^(ended|api GET .*\/invocation\/next)/ }],
    expect: { ended: 1, journal: [new RegExp(`^api told init/error .*${name} is .*${value}`)] },
    lwa: silently("The default is used without a word", {
      journal: [/^api GET .*\/invocation\/next/],
      never: new RegExp(`^log .*${name}`),
    }),
  })),
  {
    name: "AWS_LWA_ENABLE_COMPRESSION=maybe is false, with a warning",
    faults: ["B34"],
    env: { AWS_LWA_ENABLE_COMPRESSION: "maybe" },
    steps: [polled],
    expect: {
      journal: [
        /^log WARN AWS_LWA_ENABLE_COMPRESSION is "maybe", expected true or false; using the default, false/,
      ],
    },
    lwa: silently("It is false without a word", { never: /^log .*COMPRESSION/ }),
  },
  {
    name: "AWS_LWA_AUTHORIZATION_SOURCE that is no name is told about once",
    env: { AWS_LWA_AUTHORIZATION_SOURCE: "bad name" },
    steps: [polled, { invoke: invoke(functionUrl()) }, { answered: true }],
    expect: {
      ...served,
      journal: [/^log WARN AWS_LWA_AUTHORIZATION_SOURCE is "bad name"/],
      never: /not found in request/,
    },
    lwa: {
      is: "different",
      named: "wrong values are told",
      why: "Each request is told that it lacks the header",
      sees: { ...served, journal: [/^log .*WARN.*not found in request headers/] },
    },
  },
  {
    name: "an item of AWS_LWA_ERROR_STATUS_CODES that is none is told about",
    pins: [33],
    env: { AWS_LWA_ERROR_STATUS_CODES: "500,5xx" },
    steps: [polled],
    expect: { journal: [/^log .*WARN.*5xx/] },
  },
  ...["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"].map(
    (name): Scenario => ({
      name: `without ${name} the app is served`,
      faults: ["B9"],
      env: { [name]: null },
      steps: [{ invoke: invoke(functionUrl()) }, { answered: true }],
      expect: served,
      lwa: {
        is: "fault",
        why: "The process dies when the app is ready",
        sees: [{ ended: "SIGABRT" }, { ended: 101 }],
      },
    }),
  ),
];

const secret: Env = { AWS_LAMBDA_LOG_LEVEL: "DEBUG" };

const logs: readonly Scenario[] = [
  {
    name: "AWS_LAMBDA_LOG_LEVEL wins over RUST_LOG",
    faults: ["B33"],
    env: { AWS_LAMBDA_LOG_LEVEL: "ERROR", RUST_LOG: "debug" },
    steps: [polled, { invoke: invoke(functionUrl()) }, { answered: true }],
    expect: { ...served, never: /^log .*(DEBUG|INFO)/ },
    lwa: { is: "fault", why: "RUST_LOG wins", sees: { ...served, journal: [/^log .*DEBUG/] } },
  },
  {
    name: "RUST_LOG is read when AWS_LAMBDA_LOG_LEVEL is not set",
    env: { RUST_LOG: "debug" },
    steps: [polled],
    expect: { journal: [/^log .*DEBUG.*app is ready/] },
  },
  {
    name: "credentials are in no line of the log at DEBUG",
    faults: ["B33"],
    env: secret,
    steps: [
      polled,
      {
        invoke: invoke(
          functionUrl({
            headers: [
              ["authorization", "Bearer s3cr3t"],
              ["cookie", "session=s3cr3t"],
            ],
            query: "token=s3cr3t",
          }),
        ),
      },
      { answered: true },
    ],
    expect: { ...served, request: { line: "GET /?token=s3cr3t" }, never: /^log .*s3cr3t/ },
    lwa: {
      is: "fault",
      why: "Every header of every request is logged",
      sees: { journal: [/^log .*Bearer s3cr3t/] },
    },
  },
  {
    name: "credentials are in no line of the log when an invocation fails",
    env: secret,
    steps: [
      polled,
      {
        invoke: invoke(functionUrl({ headers: [["authorization", "Bearer s3cr3t"]], query: "token=s3cr3t" })),
      },
      { answered: true },
    ],
    app: { raw: "", ending: "close" },
    expect: { error: { message: /^(?!.*s3cr3t)/ }, never: /^log .*s3cr3t/, journal: [/^log ERROR/] },
    lwa: {
      is: "fault",
      why: "Every header of every request is logged",
      sees: { journal: [/^log .*s3cr3t/], error: { message: /SendRequest/ } },
    },
    faults: ["B33"],
  },
  {
    name: "AWS_LAMBDA_LOG_FORMAT=JSON makes each line an object with its time",
    faults: ["B33"],
    env: { AWS_LAMBDA_LOG_FORMAT: "JSON", AWS_LWA_ERROR_STATUS_CODES: "5xx" },
    steps: [polled],
    expect: { journal: [/^log \{"timestamp":"\d{4}-\d\d-\d\dT[^"]+Z","level":"WARN","message":".*5xx/] },
    lwa: {
      is: "fault",
      why: "The lines have no time",
      sees: { journal: [/^log \{"level":"WARN","fields":\{"message":".*5xx/] },
    },
  },
  {
    name: "a failure is one line, with method and path but no query",
    faults: ["B33"],
    env: {},
    steps: [polled, { invoke: invoke(functionUrl({ path: "/pay", query: "card=1" })) }, { answered: true }],
    app: { raw: "", ending: "close" },
    expect: {
      journal: [/^log ERROR Invocation failed with Adapter\.AppClosedConnection: .* method=GET path=\/pay$/],
    },
    lwa: { is: "fault", why: "Nothing is logged of a request that fails", sees: { never: /^log .*\/pay/ } },
  },
  {
    name: "ANYLAMBDA_ACCESS_LOG writes a line for each request, without its query",
    faults: ["B33"],
    env: { ANYLAMBDA_ACCESS_LOG: "true" },
    steps: [polled, { invoke: invoke(functionUrl({ path: "/pay", query: "card=1" })) }, { answered: true }],
    expect: { journal: [/^log INFO access .*method=GET path=\/pay status=200/], never: /^log .*card/ },
    lwa: { is: "fault", why: "There is no access log", sees: { never: /^log .*\/pay/ } },
  },
];

export const settingsTopic: Topic = { title: "Variables", scenarios: [...names, ...fatal, ...wrong] };
export const logsTopic: Topic = { title: "Log lines", scenarios: logs };
