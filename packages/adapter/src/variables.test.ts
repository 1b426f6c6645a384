import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runAdapter } from "../testing/adapter.ts";
import { startRuntimeApi } from "../testing/runtime-api.ts";
import { readConfig } from "./config.ts";
import type { Config } from "./config.ts";
import { failureCodes } from "./errors.ts";
import { includesStatus } from "./variable-values.ts";
import { variables } from "./variables.ts";
import type { Variable } from "./variable.ts";

type Key = keyof typeof variables;

const rows = Object.entries(variables) as [Key, Variable<unknown>][];
const api = { AWS_LAMBDA_RUNTIME_API: "127.0.0.1:9001" };

function read(env: Readonly<Record<string, string>>): { config: Config; messages: string[]; fatal: boolean } {
  const { config, problems } = readConfig({ ...api, ...env });
  return {
    config,
    messages: problems.map(({ message }) => message),
    fatal: problems.some(({ fatal }) => fatal),
  };
}

/** One accepted value of every row, and what it becomes; none is the default. */
const accepted: { readonly [K in Key]: readonly [text: string, value: unknown] } = {
  port: ["3000", 3000],
  appSocket: ["unix:/tmp/app.sock", "/tmp/app.sock"],
  host: ["localhost", "localhost"],
  readinessPort: ["8000", 8000],
  readinessPath: ["/healthcheck?deep=1", "/healthcheck?deep=1"],
  readinessProtocol: ["TCP", "tcp"],
  healthyStatus: [
    "200-399,401",
    [
      { from: 200, to: 399 },
      { from: 401, to: 401 },
    ],
  ],
  readinessTimeoutMs: ["2.5", 2500],
  asyncInit: ["true", true],
  removeBasePath: ["/prod", "/prod"],
  passThroughPath: ["/queue", "/queue"],
  passThroughRoutes: [
    "SQS=/jobs, s3=files",
    new Map([
      ["sqs", "/jobs"],
      ["s3", "/files"],
    ]),
  ],
  webSocketPath: ["/ws/", "/ws"],
  invokeMode: ["RESPONSE_STREAM", "response_stream"],
  compression: ["TRUE", true],
  authorizationSource: ["Auth-Token", "auth-token"],
  errorStatus: [
    "500,502-504",
    [
      { from: 500, to: 500 },
      { from: 502, to: 504 },
    ],
  ],
  poolIdleMs: ["0", 0],
  runtimeApiProxy: ["127.0.0.1:9002", "127.0.0.1:9002"],
  beforeCheckpointPath: ["/before", "/before"],
  afterRestorePath: ["/after?now", "/after?now"],
  beforeCheckpoint: [" /var/task/close  --all ", ["/var/task/close", "--all"]],
  afterRestore: ['["sh", "a b", ""]', ["sh", "a b", ""]],
  primePaths: ["/health, /products/1?full=1,", ["/health", "/products/1?full=1"]],
  deadlineMarginMs: ["50", 50],
  appFailure: ["RESPONSE", "response"],
  maxContextBytes: ["4096", 4096],
  accessLog: ["yes", true],
};

/** Values that are none, for every row. */
const refused: { readonly [K in Key]: readonly string[] } = {
  appSocket: [
    "",
    "app.sock",
    "/",
    "/tmp/",
    "http://127.0.0.1",
    "unix:app.sock",
    `/${"a".repeat(107)}`,
    "/tmp/é",
  ],
  port: ["", "http", "0", "65536", "-1", "80.5", "8080x"],
  host: ["", "invalid host with spaces", "http://localhost", "a/b", "[not:an:address!]"],
  readinessPort: ["", "70000"],
  readinessPath: ["health", "", "/a#b", "/é"],
  readinessProtocol: ["udp", ""],
  healthyStatus: ["", "healthy", "499-100", "200-300-400"],
  readinessTimeoutMs: ["", "soon", "Infinity", "1s"],
  asyncInit: ["maybe", "2"],
  removeBasePath: ["orders", "/a?b", "/a b"],
  passThroughPath: ["/é", "/a#b"],
  passThroughRoutes: ["sqs", "=/x", "s q s=/x", "sqs=/é"],
  webSocketPath: ["", "ws", "/a?b"],
  invokeMode: ["", "streaming"],
  compression: ["gzip"],
  authorizationSource: ["", "auth token", "x:y"],
  errorStatus: ["", "invalid", "500-invalid", "504-502"],
  poolIdleMs: ["", "-1", "four"],
  runtimeApiProxy: ["127.0.0.1", "", "https://127.0.0.1:9002", "127.0.0.1:0", "host:99999", "a b:1"],
  beforeCheckpointPath: ["", "before"],
  afterRestorePath: ["", "after"],
  beforeCheckpoint: ["", " ", "[]", '["sh", 1]', "[sh]"],
  afterRestore: ["", '[""]'],
  primePaths: ["health", "/a,b", "/é"],
  deadlineMarginMs: ["", "0.5", "-1", "1s"],
  appFailure: ["", "ignore"],
  maxContextBytes: ["", "8k"],
  accessLog: ["on", "all"],
};

describe("variables", () => {
  it.each(rows)("gives the default of %s when it is not set", (key, variable) => {
    const { config, messages } = read({});
    expect(config[key]).toEqual(variable.default);
    expect(messages).toEqual([]);
  });

  it.each(rows)("reads %s", (key, variable) => {
    const [text, value] = accepted[key];
    const { config, messages } = read({ [variable.name]: text });
    expect(config[key]).toEqual(value);
    expect(value).not.toEqual(variable.default);
    expect(messages).toEqual([]);
  });

  it.each(rows.flatMap(([key, variable]) => refused[key].map((text) => [variable.name, text, key] as const)))(
    "says of %s=%j what is expected",
    (name, text, key) => {
      const variable: Variable<unknown> = variables[key];
      const { config, messages, fatal } = read({ [name]: text });
      expect(messages).toHaveLength(1);
      expect(messages[0]).toContain(name);
      expect(messages[0]).toContain(JSON.stringify(text));
      expect(messages[0]).toContain(variable.expected);
      const expectFatal = variable.fatal && !(text === "" && variable.emptyIsDefault === true);
      expect(fatal).toBe(expectFatal);
      expect(config[key]).toEqual(variable.default);
      expect(/using the default, .+$/.test(messages[0] ?? "")).toBe(!expectFatal);
    },
  );

  it("goes on with the default when a protocol or a mode is empty", () => {
    const lenient = rows.filter(([, variable]) => variable.emptyIsDefault === true).map(([key]) => key);
    expect(lenient).toEqual(["readinessProtocol", "invokeMode", "appFailure"]);
  });

  it.each(rows.filter(([, { fallback }]) => fallback !== undefined))(
    "reads the older name of %s, and the newer wins without a word about the older",
    (key, variable) => {
      const [text, value] = accepted[key];
      const { name: older = "", deprecated = false } = variable.fallback ?? {};
      const alone = read({ [older]: text });
      expect(alone.config[key]).toEqual(value);
      expect(alone.messages).toEqual(
        deprecated ? [`${older} is deprecated and will go away: use ${variable.name}`] : [],
      );

      const both = read({ [older]: "not even looked at \u0000", [variable.name]: text });
      expect(both.config[key]).toEqual(value);
      expect(both.messages).toEqual([]);
    },
  );

  it("names the older variable when it is the one that holds the wrong value", () => {
    const { messages } = read({ PORT: "web" });
    expect(messages).toEqual(['PORT is "web", expected a port from 1 to 65535']);
  });

  it("has LWA's older names: LWA 11.1 (23) deprecated_env_var_fallback", () => {
    const { config } = read({
      PORT: "4000",
      HOST: "0.0.0.0",
      READINESS_CHECK_PORT: "4001",
      READINESS_CHECK_PATH: "/ready",
      READINESS_CHECK_PROTOCOL: "TCP",
      REMOVE_BASE_PATH: "/stage",
      ASYNC_INIT: "true",
    });
    expect(config).toMatchObject({
      port: 4000,
      host: "0.0.0.0",
      readinessPort: 4001,
      readinessPath: "/ready",
      readinessProtocol: "tcp",
      removeBasePath: "/stage",
      asyncInit: true,
    });
  });

  it("lets the newer name win: LWA 11.1 (24) namespaced_env_overrides_deprecated", () => {
    const { config } = read({
      PORT: "4000",
      AWS_LWA_PORT: "5000",
      HOST: "0.0.0.0",
      AWS_LWA_HOST: "localhost",
    });
    expect(config).toMatchObject({ port: 5000, host: "localhost" });
  });

  it("reads every option together: LWA 11.1 (1, 2) adapter_options_from_env", () => {
    const { config, messages } = read({
      AWS_LWA_PORT: "3000",
      AWS_LWA_HOST: "localhost",
      AWS_LWA_READINESS_CHECK_PORT: "8000",
      AWS_LWA_READINESS_CHECK_PROTOCOL: "TCP",
      AWS_LWA_READINESS_CHECK_PATH: "/healthcheck",
      AWS_LWA_READINESS_CHECK_HEALTHY_STATUS: "200-399",
      AWS_LWA_REMOVE_BASE_PATH: "/prod",
      AWS_LWA_ASYNC_INIT: "true",
      AWS_LWA_ENABLE_COMPRESSION: "true",
      AWS_LWA_INVOKE_MODE: "buffered",
      AWS_LWA_AUTHORIZATION_SOURCE: "auth-token",
    });
    expect(config).toMatchObject({
      port: 3000,
      host: "localhost",
      readinessPort: 8000,
      readinessProtocol: "tcp",
      readinessPath: "/healthcheck",
      removeBasePath: "/prod",
      asyncInit: true,
      compression: true,
      invokeMode: "buffered",
      authorizationSource: "auth-token",
    });
    expect([200, 399, 400].map((status) => includesStatus(config.healthyStatus, status))).toEqual([
      true,
      true,
      false,
    ]);
    expect(messages).toEqual([]);
  });
});

describe("values", () => {
  it.each([
    ["true", true],
    ["TRUE", true],
    [" True ", true],
    ["1", true],
    ["yes", true],
    ["false", false],
    ["FALSE", false],
    ["0", false],
    ["no", false],
    ["", false],
  ])("reads the boolean %j as %s", (text, value) => {
    expect(read({ AWS_LWA_ASYNC_INIT: text })).toMatchObject({ config: { asyncInit: value }, messages: [] });
  });

  it.each([
    ["500,502-504,422", [500, 502, 503, 504, 422], []],
    ["500, 502-504, 422", [500, 502, 503, 504, 422], []],
    ["500", [500], []],
    ["500-502", [500, 501, 502], []],
    ["200-204", [200, 201, 202, 203, 204], []],
    ["200, 301-303, 404", [200, 301, 302, 303, 404], []],
    ["500,,", [500], []],
    [
      "500,invalid,502 - 504",
      [500],
      ['AWS_LWA_ERROR_STATUS_CODES: "invalid", "502 - 504" is not understood and is left out'],
    ],
    [
      "200-300-400,500",
      [500],
      ['AWS_LWA_ERROR_STATUS_CODES: "200-300-400" is not understood and is left out'],
    ],
  ])("reads the status list %j: LWA 11.2 (33, 43, 44, 45)", (text, statuses, remarks) => {
    const { config, messages } = read({ AWS_LWA_ERROR_STATUS_CODES: text });
    const found = Array.from({ length: 1000 }, (_, status) => status).filter((status) =>
      includesStatus(config.errorStatus ?? [], status),
    );
    expect(found).toEqual([...statuses].sort((a, b) => a - b));
    expect(messages).toEqual(remarks);
  });

  it.each(["500-invalid", "invalid", "200-300-400", ""])(
    "takes %j for no list at all, and says so: LWA 11.2 (33, 45)",
    (text) => {
      const { config, messages } = read({ AWS_LWA_ERROR_STATUS_CODES: text });
      expect(config.errorStatus).toBeUndefined();
      expect(messages).toHaveLength(1);
    },
  );

  it("includes exactly the statuses of a list, however it is written", () => {
    const range = fc
      .tuple(fc.integer({ min: 100, max: 999 }), fc.integer({ min: 0, max: 50 }))
      .map(([from, more]) => [from, from + more] as const);
    fc.assert(
      fc.property(fc.array(range, { minLength: 1 }), fc.integer({ min: 90, max: 1050 }), (ranges, status) => {
        const text = ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
        const { config } = read({ AWS_LWA_READINESS_CHECK_HEALTHY_STATUS: text });
        expect(includesStatus(config.healthyStatus, status)).toBe(
          ranges.some(([from, to]) => from <= status && status <= to),
        );
      }),
    );
  });

  it.each([
    ["[::1]", "::1"],
    ["::1", "::1"],
    ["fe80::1:2", "fe80::1:2"],
    ["::ffff:127.0.0.1", "::ffff:127.0.0.1"],
    [" app.internal ", "app.internal"],
    ["my_app", "my_app"],
  ])("reads the host %j as %s (B34)", (text, value) => {
    expect(read({ AWS_LWA_HOST: text })).toMatchObject({ config: { host: value }, messages: [] });
  });

  it.each([
    ["127.0.0.1:9002", "127.0.0.1:9002"],
    ["http://127.0.0.1:9002", "127.0.0.1:9002"],
    ["http://127.0.0.1:9002/", "127.0.0.1:9002"],
    ["HTTP://localhost:9002", "localhost:9002"],
    ["[::1]:9002", "[::1]:9002"],
  ])("reads the proxy %j, the form of LWA's documents too (B32)", (text, value) => {
    expect(read({ AWS_LWA_LAMBDA_RUNTIME_API_PROXY: text })).toMatchObject({
      config: { runtimeApiProxy: value },
      messages: [],
    });
  });

  it.each([
    ["/api/", "/api"],
    ["/api//", "/api"],
    ["/", ""],
    ["", ""],
    ["/v1/api", "/v1/api"],
  ])("reads the base path %j as %j", (text, value) => {
    expect(read({ AWS_LWA_REMOVE_BASE_PATH: text })).toMatchObject({
      config: { removeBasePath: value },
      messages: [],
    });
  });

  it("reads LWA's modes in any case, and takes no other for buffered in silence: LWA 11.2 (40)", () => {
    for (const text of ["buffered", "BUFFERED", "response_stream", "Response_Stream"])
      expect(read({ AWS_LWA_INVOKE_MODE: text })).toMatchObject({
        config: { invokeMode: text.toLowerCase() },
        messages: [],
      });
    expect(read({ AWS_LWA_INVOKE_MODE: "stream" }).fatal).toBe(true);
  });

  it.each([
    ["events", "/events"],
    ["", "/"],
    ["/a?b", "/a%3Fb"],
    ["/a b", "/a%20b"],
  ])("reads the pass-through path %j as %s", (text, value) => {
    expect(read({ AWS_LWA_PASS_THROUGH_PATH: text })).toMatchObject({
      config: { passThroughPath: value },
      messages: [],
    });
  });

  it.each([
    ["0", Number.POSITIVE_INFINITY],
    ["-3", Number.POSITIVE_INFINITY],
    ["0.25", 250],
  ])("reads the readiness timeout %j as %s ms", (text, value) => {
    const { config, messages } = read({ AWS_LWA_READINESS_CHECK_TIMEOUT_SECONDS: text });
    expect(config.readinessTimeoutMs).toBe(value);
    expect(messages).toEqual([]);
  });
});

describe("readConfig", () => {
  it("reads any environment at all without throwing", () => {
    const names = rows.flatMap(([, { name, fallback }]) => [name, ...(fallback ? [fallback.name] : [])]);
    const value = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constantFrom("/", "[", "]:1", ","));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value), (env) => {
        const { config } = read(env);
        expect(config.port).toBeGreaterThan(0);
      }),
    );
  });

  it("needs the Runtime API", () => {
    expect(readConfig({}).problems).toEqual([
      { message: expect.stringContaining("AWS_LAMBDA_RUNTIME_API is not set") as string, fatal: true },
    ]);
  });

  it("reads what Lambda says about the function, and lives without it", () => {
    const { config } = read({
      AWS_LAMBDA_FUNCTION_NAME: "shop",
      AWS_LAMBDA_FUNCTION_VERSION: "7",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "1769",
      AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/shop",
      AWS_LAMBDA_LOG_STREAM_NAME: "stream",
      AWS_LAMBDA_INITIALIZATION_TYPE: "snap-start",
    });
    expect(config.initializationType).toBe("snap-start");
    expect(config.function).toEqual({
      name: "shop",
      version: "7",
      memory: 1769,
      logGroup: "/aws/lambda/shop",
      logStream: "stream",
    });
    expect(read({ AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "much" }).config.function).toEqual({
      name: "",
      version: "",
      memory: 0,
      logGroup: "",
      logStream: "",
    });
  });

  it.each([
    ["", 1],
    ["0", 1],
    ["1", 1],
    ["4", 4],
    ["-4", 1],
    ["many", 1],
  ])("takes AWS_LAMBDA_MAX_CONCURRENCY=%j for %i", (text, value) => {
    expect(read({ AWS_LAMBDA_MAX_CONCURRENCY: text }).config.maxConcurrency).toBe(value);
  });

  it("reports all problems together, and exits 1 when one of them is fatal", async () => {
    const runtimeApi = await startRuntimeApi();
    const machine = runAdapter({
      AWS_LAMBDA_RUNTIME_API: runtimeApi.authority,
      AWS_LWA_PORT: "web",
      AWS_LWA_HOST: "a b",
      AWS_LWA_POOL_IDLE_TIMEOUT_SECONDS: "four",
      READINESS_CHECK_PATH: "/ready",
    });
    const { code, lines } = await machine.exited;
    expect(code).toBe(1);
    expect(lines).toEqual([
      'ERROR AWS_LWA_PORT is "web", expected a port from 1 to 65535',
      'ERROR AWS_LWA_HOST is "a b", expected a host name or an IP address',
      "WARN READINESS_CHECK_PATH is deprecated and will go away: use AWS_LWA_READINESS_CHECK_PATH",
      'WARN AWS_LWA_POOL_IDLE_TIMEOUT_SECONDS is "four", expected a number of seconds; using the default, 4',
    ]);
    expect(JSON.parse(String(runtimeApi.callsTo("/init/error")[0]?.body))).toEqual({
      errorType: "Adapter.InvalidConfiguration",
      errorMessage:
        'AWS_LWA_PORT is "web", expected a port from 1 to 65535; ' +
        'AWS_LWA_HOST is "a b", expected a host name or an IP address',
    });
    machine.stop();
    await runtimeApi.close();
  });
});

const page = (name: string): string =>
  readFileSync(new URL(`../../../docs/${name}`, import.meta.url), "utf8");

/** What stands between the two marks of a generated part. */
function generated(text: string, part: string): string {
  const [, inside] = new RegExp(`<!-- ${part} -->\\n([^]*?)<!-- end -->`).exec(text) ?? [];
  return (inside ?? `no part "${part}"`).trim();
}

describe("docs/variables.md", () => {
  it("has the table of variables", () => {
    const line = ({ name, fallback, defaultText, about, expected }: Variable<unknown>): string => {
      const older =
        fallback === undefined ? "" : `\`${fallback.name}\`${fallback.deprecated ? ", deprecated" : ""}`;
      return `| \`${name}\` | ${older} | ${defaultText} | ${about} | ${expected} |`;
    };
    const table = [
      "| Variable | Older name | Default | What it does | Value |",
      "|---|---|---|---|---|",
      ...rows.map(([, variable]) => line(variable)),
    ].join("\n");
    expect(generated(page("variables.md"), "variables.ts")).toBe(table);
  });
});

describe("docs/errors.md", () => {
  it("has every code of errors.ts, in its order and with its sentence, and no other", () => {
    const headings = [...page("errors.md").matchAll(/^### `([^`]+)`\n\n(.+)\.$/gm)];
    expect(headings.map(([, code, about]) => [code, about])).toEqual(Object.entries(failureCodes));
  });

  it("says of every code what causes it and what to do", () => {
    const sections = page("errors.md").split(/^### /m).slice(1);
    for (const section of sections) {
      expect(section).toMatch(/^\*\*Cause\.\*\* /m);
      expect(section).toMatch(/^\*\*What to do\.\*\* /m);
    }
  });
});
