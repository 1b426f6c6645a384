/**
 * The table of variables: one row each, in the order of `docs/variables.md`, which a test compares with it.
 * Names, fallbacks and defaults of `AWS_LWA_*` are LWA's (spec adapter.md 1.1); what LWA does not have is
 * `ANYLAMBDA_*`.
 */
import { snapStartVariables } from "./snapstart-variables.ts";
import { row } from "./variable.ts";
import type { Variable } from "./variable.ts";
import * as parse from "./variable-values.ts";

const deprecated = (name: string): { name: string; deprecated: true } => ({ name, deprecated: true });

export const variables: typeof snapStartVariables & {
  readonly port: Variable<number>;
  readonly host: Variable<string>;
  readonly readinessPort: Variable<number | undefined>;
  readonly readinessPath: Variable<string>;
  readonly readinessProtocol: Variable<"http" | "tcp">;
  readonly healthyStatus: Variable<readonly parse.StatusRange[]>;
  readonly readinessTimeoutMs: Variable<number>;
  readonly asyncInit: Variable<boolean>;
  readonly removeBasePath: Variable<string>;
  readonly passThroughPath: Variable<string>;
  readonly passThroughRoutes: Variable<ReadonlyMap<string, string>>;
  readonly webSocketPath: Variable<string | undefined>;
  readonly invokeMode: Variable<"buffered" | "response_stream">;
  readonly compression: Variable<boolean>;
  readonly authorizationSource: Variable<string | undefined>;
  readonly errorStatus: Variable<readonly parse.StatusRange[] | undefined>;
  readonly poolIdleMs: Variable<number>;
  readonly appSocket: Variable<string | undefined>;
  readonly runtimeApiProxy: Variable<string | undefined>;
  readonly deadlineMarginMs: Variable<number>;
  readonly appFailure: Variable<"error" | "response">;
  readonly maxContextBytes: Variable<number>;
  readonly accessLog: Variable<boolean>;
} = {
  port: row({
    name: "AWS_LWA_PORT",
    fallback: { name: "PORT", deprecated: false },
    default: 8080,
    defaultText: "`8080`",
    about: "Port on which the app listens",
    expected: "a port from 1 to 65535",
    parse: parse.port,
    fatal: true,
  }),
  host: row({
    name: "AWS_LWA_HOST",
    fallback: deprecated("HOST"),
    default: "127.0.0.1",
    defaultText: "`127.0.0.1`",
    about:
      "Host on which the app listens: a name, an IPv4 address, or an IPv6 address with or without brackets",
    expected: "a host name or an IP address",
    parse: parse.host,
    fatal: true,
  }),
  readinessPort: row<number | undefined>({
    name: "AWS_LWA_READINESS_CHECK_PORT",
    fallback: deprecated("READINESS_CHECK_PORT"),
    default: undefined,
    defaultText: "the app's port",
    about: "Port that is asked whether the app is ready",
    expected: "a port from 1 to 65535",
    parse: parse.port,
    fatal: true,
  }),
  readinessPath: row({
    name: "AWS_LWA_READINESS_CHECK_PATH",
    fallback: deprecated("READINESS_CHECK_PATH"),
    default: "/",
    defaultText: "`/`",
    about: "Path of the readiness check, with a query if wanted",
    expected: "a path that begins with /",
    parse: parse.targetPath,
    fatal: true,
  }),
  readinessProtocol: row({
    name: "AWS_LWA_READINESS_CHECK_PROTOCOL",
    fallback: deprecated("READINESS_CHECK_PROTOCOL"),
    default: "http",
    defaultText: "`http`",
    about: "`http` waits for a healthy status, `tcp` for an open port",
    expected: "http or tcp",
    parse: (text) => parse.oneOf(text, ["http", "tcp"] as const),
    fatal: true,
    emptyIsDefault: true,
  }),
  healthyStatus: row({
    name: "AWS_LWA_READINESS_CHECK_HEALTHY_STATUS",
    default: [{ from: 100, to: 499 }],
    defaultText: "`100-499`",
    about: "Statuses of the readiness check that mean ready, such as `200-399,401`",
    expected: "a list of statuses and ranges such as 200-399,401",
    parse: parse.statusList,
    overlooked: parse.overlookedStatuses,
    fatal: false,
  }),
  readinessTimeoutMs: row({
    name: "AWS_LWA_READINESS_CHECK_TIMEOUT_SECONDS",
    default: Number.POSITIVE_INFINITY,
    defaultText: "no limit",
    about: "How long the app may take to become ready before the init fails; `0` is no limit",
    expected: "a number of seconds",
    parse: parse.secondsOrNoLimit,
    fatal: false,
  }),
  asyncInit: row({
    name: "AWS_LWA_ASYNC_INIT",
    fallback: deprecated("ASYNC_INIT"),
    default: false,
    defaultText: "`false`",
    about: "After 9.8 s of init, let Lambda go on and wait for the app inside the first invocation",
    expected: "true or false",
    parse: parse.boolean,
    fatal: false,
  }),
  removeBasePath: row({
    name: "AWS_LWA_REMOVE_BASE_PATH",
    fallback: deprecated("REMOVE_BASE_PATH"),
    default: "",
    defaultText: "none",
    about: "Prefix taken off the path once, at a segment boundary: `/api` makes `/api/orders` into `/orders`",
    expected: "a path that begins with /",
    parse: parse.basePath,
    fatal: true,
  }),
  passThroughPath: row({
    name: "AWS_LWA_PASS_THROUGH_PATH",
    default: "/events",
    defaultText: "`/events`",
    about: "Path to which events that are not HTTP are posted",
    expected: "a path",
    parse: parse.passThroughPath,
    fatal: true,
  }),
  passThroughRoutes: row<ReadonlyMap<string, string>>({
    name: "ANYLAMBDA_PASS_THROUGH_ROUTES",
    default: new Map(),
    defaultText: "none",
    about:
      "Paths for events of some sources, such as `sqs=/jobs,s3=/files`; all others go to the pass-through path. " +
      "`docs/events.md` has the names of the sources",
    expected: "a list of source=/path",
    parse: parse.routes,
    fatal: true,
  }),
  webSocketPath: row<string | undefined>({
    name: "ANYLAMBDA_WEBSOCKET_PATH",
    default: undefined,
    defaultText: "none",
    about:
      "Posts the events of a WebSocket API to `connect`, `message` and `disconnect` below this path; without it they " +
      "are passed through",
    expected: "a path that begins with /",
    parse: (text) => (text === "" ? undefined : parse.basePath(text)),
    fatal: true,
  }),
  invokeMode: row({
    name: "AWS_LWA_INVOKE_MODE",
    default: "buffered",
    defaultText: "`buffered`",
    about:
      "`response_stream` streams answers to Function URLs and REST APIs; other events are answered in one piece all the same",
    expected: "buffered or response_stream",
    parse: (text) => parse.oneOf(text, ["buffered", "response_stream"] as const),
    fatal: true,
    emptyIsDefault: true,
  }),
  compression: row({
    name: "AWS_LWA_ENABLE_COMPRESSION",
    default: false,
    defaultText: "`false`",
    about: "Compresses answers with gzip or br when the client accepts it and the content gains by it",
    expected: "true or false",
    parse: parse.boolean,
    fatal: false,
  }),
  authorizationSource: row<string | undefined>({
    name: "AWS_LWA_AUTHORIZATION_SOURCE",
    default: undefined,
    defaultText: "none",
    about: "Header whose value becomes `authorization`, for front doors that use that header themselves",
    expected: "a header name",
    parse: parse.headerName,
    fatal: false,
  }),
  errorStatus: row<readonly parse.StatusRange[] | undefined>({
    name: "AWS_LWA_ERROR_STATUS_CODES",
    default: undefined,
    defaultText: "none for HTTP, `500-599` for other events",
    about: "Statuses of the app that make the invocation fail, such as `500,502-504`",
    expected: "a list of statuses and ranges such as 500,502-504",
    parse: parse.statusList,
    overlooked: parse.overlookedStatuses,
    fatal: false,
  }),
  poolIdleMs: row({
    name: "AWS_LWA_POOL_IDLE_TIMEOUT_SECONDS",
    default: 4000,
    defaultText: "`4`",
    about: "How long an idle connection to the app is kept; `0` uses each once",
    expected: "a number of seconds",
    parse: parse.seconds,
    fatal: false,
  }),
  appSocket: row<string | undefined>({
    name: "ANYLAMBDA_APP_SOCKET",
    default: undefined,
    defaultText: "none",
    about: "Unix socket on which the app listens instead of a port; on Lambda in `/tmp`",
    expected: "the absolute path of a socket, of at most 107 bytes",
    parse: parse.socketPath,
    fatal: true,
  }),
  runtimeApiProxy: row<string | undefined>({
    name: "AWS_LWA_LAMBDA_RUNTIME_API_PROXY",
    default: undefined,
    defaultText: "none",
    about: "Runtime API to poll instead of Lambda's own, as `host:port` or `http://host:port`",
    expected: "host:port",
    parse: parse.authority,
    fatal: true,
  }),
  ...snapStartVariables,
  deadlineMarginMs: row({
    name: "ANYLAMBDA_DEADLINE_MARGIN_MS",
    default: 500,
    defaultText: "`500`",
    about: "How long before the invocation's deadline an app that has not answered is given up, in ms",
    expected: "a number of milliseconds",
    parse: parse.wholeNumber,
    fatal: false,
  }),
  appFailure: row({
    name: "ANYLAMBDA_APP_FAILURE",
    default: "error",
    defaultText: "`error`",
    about:
      "What an HTTP event gets when the app cannot be reached, breaks off or is too slow: `error` fails the " +
      "invocation, `response` answers 502 or 504",
    expected: "error or response",
    parse: (text) => parse.oneOf(text, ["error", "response"] as const),
    fatal: true,
    emptyIsDefault: true,
  }),
  maxContextBytes: row({
    name: "ANYLAMBDA_MAX_CONTEXT_BYTES",
    default: 12_288,
    defaultText: "`12288`",
    about:
      "Largest `x-amzn-request-context` header; a larger context goes without its authorizer, or as `null`, and the " +
      "log says so. Node takes 16 KB of headers in all, gunicorn 8190 bytes a header",
    expected: "a number of bytes",
    parse: parse.wholeNumber,
    fatal: false,
  }),
  accessLog: row({
    name: "ANYLAMBDA_ACCESS_LOG",
    default: false,
    defaultText: "`false`",
    about:
      "A line of log for each HTTP event, at the level `INFO`: method, path without its query, status, bytes of the " +
      "app's body, and the time it took in ms",
    expected: "true or false",
    parse: parse.boolean,
    fatal: false,
  }),
};
