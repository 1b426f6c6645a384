import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { lineOf, runAdapter } from "../testing/adapter.ts";
import type { Machine } from "../testing/adapter.ts";
import {
  albEvent,
  functionUrlEvent,
  httpApiEvent,
  latticeEvent,
  restEvent,
  sqsEvent,
} from "../testing/events.ts";
import { answer, startFunction, stopFunctionsAfterEach } from "../testing/function.ts";
import type { TestFunction } from "../testing/function.ts";
import { OK, startRawApp } from "../testing/raw-app.ts";
import type { RawApp } from "../testing/raw-app.ts";
import { polls, startRuntimeApi } from "../testing/runtime-api.ts";
import type { RuntimeApi } from "../testing/runtime-api.ts";
import { eventually, gate, turns } from "../testing/wait.ts";
import type { Gate } from "../testing/wait.ts";
import { readConfig } from "./config.ts";
import { isHookPath } from "./restore.ts";

stopFunctionsAfterEach();

const closing: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const BEFORE = "/hooks/before";
const AFTER = "/hooks/after";
const hooks = {
  AWS_LWA_SNAPSTART_BEFORE_CHECKPOINT_PATH: BEFORE,
  AWS_LWA_SNAPSTART_AFTER_RESTORE_PATH: AFTER,
};

interface Life {
  readonly api: RuntimeApi;
  readonly app: RawApp;
  readonly adapter: Machine;
  /** What the Runtime API and the app saw, in one order; the app's with the number of the connection. */
  readonly seen: string[];
  /** Where restore/next waits: opening it is the restore. */
  readonly restored: Gate;
}

interface Script {
  readonly env?: Record<string, string>;
  /** The app's answer to a path: text to write, `undefined` to hang up. */
  readonly serve?: (target: string) => string | undefined;
  /** The Runtime API's status for restore/next. */
  readonly restoreStatus?: number;
  readonly instead?: Parameters<typeof runAdapter>[1];
}

/** A function with SnapStart, up to the first thing the test waits for. */
async function live({
  env = hooks,
  serve = () => OK,
  restoreStatus = 200,
  instead,
}: Script = {}): Promise<Life> {
  const seen: string[] = [];
  const restored = gate();
  const api = await startRuntimeApi();
  closing.push(() => api.close());
  api.intercept = ({ method, path }, response) => {
    const [, name = ""] = /\/(?:runtime|extension)\/(.+)$/.exec(path) ?? [];
    if (!/^(register|event\/next)$/.test(name)) seen.push(`api ${method} ${name}`);
    if (name === "restore/error") {
      response.writeHead(202).end("{}");
      return true;
    }
    if (name !== "restore/next") return false;
    void restored.opened.then(() => response.writeHead(restoreStatus).end());
    return true;
  };
  const app = await startRawApp(async ({ number, readRequest, socket }) => {
    for (;;) {
      const request = await readRequest();
      if (request === undefined) return;
      const [line = ""] = request.head.split("\r\n");
      seen.push(`app#${number} ${line.replace(" HTTP/1.1", "")}`);
      const bytes = serve(line.split(" ")[1] ?? "");
      if (bytes === undefined) socket.destroy();
      else socket.write(bytes);
    }
  });
  closing.push(() => app.close());
  const adapter = runAdapter(
    {
      AWS_LAMBDA_RUNTIME_API: api.authority,
      AWS_LWA_PORT: String(app.port),
      AWS_LAMBDA_INITIALIZATION_TYPE: "snap-start",
      AWS_LWA_READINESS_CHECK_PATH: "/ready",
      ...env,
    },
    instead,
  );
  closing.push(() => adapter.stop());
  return { api, app, adapter, seen, restored };
}

const asked = ({ seen }: Life): Promise<unknown> => eventually(() => seen.includes("api GET restore/next"));

describe("a SnapStart life", () => {
  it("has the order of spec adapter.md 7.2, and no connection of before the snapshot serves after it", async () => {
    const life = await live();
    await asked(life);
    const early = ["app#0 GET /ready", `app#1 POST ${BEFORE}`, "api GET restore/next"];
    await turns(5);
    expect(life.seen).toEqual(early);
    life.restored.open();
    await polls(life.api, 1);
    const late = [`app#2 POST ${AFTER}`, "app#3 GET /ready", "api GET invocation/next"];
    expect(life.seen).toEqual([...early, ...late]);
    await eventually(() => [0, 1].every((at) => life.app.connections[at]?.socket.destroyed));
    // From here on connections are kept.
    for (let i = 0; i < 2; i++) await life.api.invoke(functionUrlEvent());
    expect(life.seen.filter((one) => one.endsWith(" GET /"))).toEqual(["app#3 GET /", "app#3 GET /"]);
  });

  it("sends the hooks a POST with nothing in it", async () => {
    const life = await live();
    life.restored.open();
    await polls(life.api, 1);
    const posts = life.app.requests.filter(({ head }) => head.startsWith("POST"));
    expect(posts.map(({ head, body }) => [head, String(body)])).toEqual(
      [BEFORE, AFTER].map((path) => [
        `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${life.app.port}\r\ncontent-length: 0`,
        "",
      ]),
    );
  });

  it.each([
    ["the one before", { AWS_LWA_SNAPSTART_BEFORE_CHECKPOINT_PATH: BEFORE }, [`POST ${BEFORE}`]],
    ["the one after", { AWS_LWA_SNAPSTART_AFTER_RESTORE_PATH: AFTER }, [`POST ${AFTER}`]],
    ["none", {}, []],
  ])("with %s of the hooks still checks readiness again", async (_, env, posts) => {
    const life = await live({ env });
    life.restored.open();
    await polls(life.api, 1);
    const requests = life.app.requests.map(({ head }) => head.split(" HTTP/1.1")[0]);
    expect(requests.filter((line) => line?.startsWith("POST"))).toEqual(posts);
    expect(requests.filter((line) => line === "GET /ready")).toHaveLength(2);
    expect(requests.at(-1)).toBe("GET /ready");
  });

  it("waits for an app that takes its time to be ready again", async () => {
    let checks = 0;
    const life = await live({
      serve: (target) => (target === "/ready" && ++checks > 1 && checks < 4 ? answer(503) : OK),
    });
    life.restored.open();
    await polls(life.api, 1);
    expect(checks).toBe(4);
  });

  it("goes on when the Runtime API knows no snapshots, and does not speak of a restore", async () => {
    const life = await live({ restoreStatus: 404 });
    life.restored.open();
    await polls(life.api, 1);
    expect(life.seen).toContain(`app#2 POST ${AFTER}`);
    expect(await lineOf(life.adapter, /^WARN/)).toBe(
      "WARN The Runtime API takes no snapshots; going on without",
    );
    expect(life.adapter.lines.join("\n")).not.toContain("restored");
    expect((await life.api.invoke(functionUrlEvent())).kind).toBe("response");
  });

  it("tells how long the snapshot was by both clocks (spec adapter.md 7.3)", async () => {
    const life = await live();
    await asked(life);
    life.adapter.shift({ wall: 161_000, monotonic: 540 });
    life.restored.open();
    const line = await lineOf(life.adapter, /^INFO restored/);
    const [, wall, monotonic] = /wall_ms=(\d+) monotonic_ms=(\d+)$/.exec(line) ?? [];
    expect(Number(wall)).toBeGreaterThanOrEqual(161_000);
    expect(Number(monotonic)).toBeGreaterThanOrEqual(540);
    expect(Number(monotonic)).toBeLessThan(161_000);
    await polls(life.api, 1);
    expect((await life.api.invoke(functionUrlEvent())).kind).toBe("response");
  });

  it("asks again when the call was cut off with the snapshot", async () => {
    const life = await live();
    await asked(life);
    life.api.callsTo("/restore/next")[0]?.socket.resetAndDestroy();
    await eventually(() => life.api.callsTo("/restore/next").length === 2);
    life.restored.open();
    await polls(life.api, 1);
    expect((await life.api.invoke(functionUrlEvent())).kind).toBe("response");
  });

  it("warns of a hook that is about to lose the restore", async () => {
    let due: (() => void) | undefined;
    const life = await live({
      instead: {
        instead: {
          // The hook's is the only timer of 8 s.
          after: (ms, action) => {
            if (ms === 8000) due = action;
            const timer = ms === 8000 ? undefined : setTimeout(action, ms);
            return () => clearTimeout(timer);
          },
        },
      },
      env: { AWS_LWA_SNAPSTART_BEFORE_CHECKPOINT_PATH: BEFORE },
      serve: (target) => (target === BEFORE ? "" : OK),
    });
    await eventually(() => life.seen.some((one) => one.endsWith(BEFORE)));
    due?.();
    expect(await lineOf(life.adapter, /^WARN/)).toContain(`${BEFORE} has not answered for 8000 ms`);
    life.app.connections[1]?.socket.write(OK);
    await asked(life);
  });

  it("primes each path three times, before any hook, and tells what it gained", async () => {
    const life = await live({ env: { ...hooks, ANYLAMBDA_PRIME: "/health,/products/1" } });
    await asked(life);
    const requests = life.seen
      .filter((one) => one.startsWith("app#"))
      .map((one) => one.replace(/^app#\d+ /, ""));
    const primed = ["/health", "/products/1"].flatMap((path) =>
      Array.from({ length: 3 }, () => `GET ${path}`),
    );
    expect(requests).toEqual(["GET /ready", ...primed, `POST ${BEFORE}`]);
    expect(life.adapter.lines.filter((line) => line.includes("primed"))).toEqual([
      expect.stringMatching(/^INFO primed \/health first_ms=[\d.]+ last_ms=[\d.]+$/),
      expect.stringMatching(/^INFO primed \/products\/1 first_ms=[\d.]+ last_ms=[\d.]+$/),
    ]);
  });

  it("goes on when priming fails, and says so", async () => {
    const serve = (target: string): string => (target === "/broken" ? answer(500) : OK);
    const life = await live({ env: { ANYLAMBDA_PRIME: "/broken,/health" }, serve });
    await asked(life);
    expect(await lineOf(life.adapter, /^WARN/)).toBe(
      "WARN Priming /broken failed: it answered with status 500",
    );
    expect(life.seen.filter((one) => one.endsWith("GET /broken"))).toHaveLength(1);
    expect(life.seen.filter((one) => one.endsWith("GET /health"))).toHaveLength(3);
  });

  it("runs programs as hooks, nearest to the snapshot", async () => {
    const ran: string[] = [];
    const run = async (command: readonly string[]): Promise<number> => {
      life.seen.push(`run ${command.join(" ")}`);
      ran.push(command.join(" "));
      return 0;
    };
    const env = {
      ...hooks,
      ANYLAMBDA_BEFORE_CHECKPOINT: "/opt/close --all",
      ANYLAMBDA_AFTER_RESTORE: '["/opt/open","a b"]',
    };
    const life = await live({ env, instead: { instead: { run } } });
    await asked(life);
    expect(life.seen.slice(-3)).toEqual([
      `app#1 POST ${BEFORE}`,
      "run /opt/close --all",
      "api GET restore/next",
    ]);
    life.restored.open();
    await polls(life.api, 1);
    expect(life.seen.slice(-4)).toEqual([
      "run /opt/open a b",
      `app#2 POST ${AFTER}`,
      "app#3 GET /ready",
      "api GET invocation/next",
    ]);
    expect(ran).toHaveLength(2);
  });

  it("without SnapStart calls no hook and asks for no restore", async () => {
    const life = await live({ env: { ...hooks, AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand" } });
    await polls(life.api, 1);
    expect(life.seen).toEqual(["app#0 GET /ready", "api GET invocation/next"]);
  });
});

describe("a hook that fails", () => {
  const wayOf = [
    ["a status of 500", answer(500), "it answered with status 500"],
    ["a status of 404", answer(404), "it answered with status 404"],
    ["a redirect", answer(302), "it answered with status 302"],
    ["hanging up", undefined, "did not finish its response"],
    ["a body cut off", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\n", "did not finish"],
    ["what is no HTTP", "hello\r\n\r\n", "sent invalid HTTP"],
  ] as const;
  const sides = [
    [BEFORE, "init/error", "Runtime.BeforeSnapshotError"],
    [AFTER, "restore/error", "Runtime.AfterRestoreError"],
  ] as const;

  it.each(wayOf.flatMap((way) => sides.map((side) => [...way, ...side] as const)))(
    "with %s is reported, and the process exits (%#)",
    async (_, bytes, why, path, report, errorType) => {
      const life = await live({ serve: (target) => (target === path ? bytes : OK) });
      life.restored.open();
      if (bytes?.includes("connection: close") === true) {
        await eventually(() => life.seen.some((one) => one.endsWith(path)));
        for (const { socket } of life.app.connections) socket.end();
      }
      const { code, lines } = await life.adapter.exited;
      expect(code).toBe(1);
      const [call] = life.api.callsTo(report);
      expect(call?.headers).toContainEqual(["lambda-runtime-function-error-type", errorType]);
      const document = JSON.parse(String(call?.body)) as { errorType: string; errorMessage: string };
      expect(document.errorType).toBe(errorType);
      expect(document.errorMessage).toMatch(new RegExp(`^The hook ${path} failed: .*${why}`));
      expect(lines.at(-1)).toBe(`ERROR ${document.errorMessage}`);
      expect(life.seen).not.toContain("api GET invocation/next");
      expect(life.seen.includes("api GET restore/next")).toBe(path === AFTER);
    },
  );

  it.each([
    ["ANYLAMBDA_BEFORE_CHECKPOINT", "init/error", "Runtime.BeforeSnapshotError"],
    ["ANYLAMBDA_AFTER_RESTORE", "restore/error", "Runtime.AfterRestoreError"],
  ])(
    "as a program in %s is reported with its status, and the process exits",
    async (name, report, errorType) => {
      for (const [command, why] of [
        ['["sh","-c","exit 3"]', "The hook sh failed: it ended with status 3"],
        ["/no/such/hook", "The hook /no/such/hook failed: spawn /no/such/hook ENOENT"],
      ] as const) {
        const life = await live({ env: { [name]: command } });
        life.restored.open();
        expect((await life.adapter.exited).code).toBe(1);
        const [call] = life.api.callsTo(report);
        expect(JSON.parse(String(call?.body))).toEqual({ errorType, errorMessage: why });
      }
    },
  );

  it("because nothing listens any more after the restore is reported so too", async () => {
    const life = await live();
    await asked(life);
    await life.app.close();
    life.restored.open();
    expect((await life.adapter.exited).code).toBe(1);
    const [call] = life.api.callsTo("/restore/error");
    expect(JSON.parse(String(call?.body))).toMatchObject({ errorType: "Runtime.AfterRestoreError" });
  });

  it("is not waited for when the report is refused", async () => {
    const life = await live({ serve: (target) => (target === BEFORE ? answer(500) : OK) });
    const { intercept } = life.api;
    life.api.intercept = (call, response) => {
      if (!call.path.endsWith("/init/error")) return intercept?.(call, response) ?? false;
      response.writeHead(403).end();
      return true;
    };
    expect((await life.adapter.exited).code).toBe(1);
  });
});

describe("a restore that fails", () => {
  it("because the app is not ready in time is reported, and the process exits", async () => {
    let checks = 0;
    const life = await live({
      env: { ...hooks, AWS_LWA_READINESS_CHECK_TIMEOUT_SECONDS: "0.2" },
      serve: (target) => (target === "/ready" && ++checks > 1 ? answer(503) : OK),
    });
    life.restored.open();
    expect((await life.adapter.exited).code).toBe(1);
    const [call] = life.api.callsTo("/restore/error");
    expect(JSON.parse(String(call?.body))).toEqual({
      errorType: "Runtime.AfterRestoreError",
      errorMessage: "The app was not ready within 200 ms: answered with status 503",
    });
  });

  it("because the Runtime API refuses it is reported as a failed init", async () => {
    const life = await live({ restoreStatus: 403 });
    life.restored.open();
    expect((await life.adapter.exited).code).toBe(1);
    const [call] = life.api.callsTo("/init/error");
    expect(JSON.parse(String(call?.body))).toMatchObject({ errorType: "Runtime.BeforeSnapshotError" });
    expect(life.seen).not.toContain(`app#2 POST ${AFTER}`);
  });
});

describe("a request from outside for a hook", () => {
  const hooked = (fn: TestFunction): string[] =>
    fn.requests().flatMap(({ head }) => (/^\S+ \S*(hooks|after)/i.test(head) ? head : []));
  const spellings = [
    "/hooks/after",
    "/hooks/after/",
    "//hooks//after",
    "/HOOKS/After",
    "/hooks/%61fter",
    "/hooks%2Fafter",
    "/hooks/x/../after",
    "/hooks/x/%2e%2E/after",
    "/./hooks/./after/.",
    "/hooks;v=1/after;jsessionid=2",
    "/hooks\\after",
    "/hooks%5cafter",
    "/../hooks/after",
    "/hooks/before",
  ];

  it.each(spellings)("spelt %s gets 403, and the app does not hear of it", async (path) => {
    const fn = await startFunction(OK, hooks);
    const { kind, text } = await fn.api.invoke(functionUrlEvent({ method: "POST", path, query: "x=1" }));
    expect(kind).toBe("response");
    expect(JSON.parse(text)).toMatchObject({ statusCode: 403, body: '{"message":"Forbidden"}' });
    expect(hooked(fn)).toEqual([]);
    expect(fn.adapter.lines).toHaveLength(1);
    expect(fn.adapter.lines[0]).toMatch(/^WARN A request from outside for a SnapStart hook was refused/);
    expect((await fn.api.invoke(functionUrlEvent({ path: "/hooks" }))).kind).toBe("response");
    expect(hooked(fn)).toHaveLength(1);
  });

  it.each([
    ["a Function URL", functionUrlEvent({ path: AFTER }), { statusCode: 403, cookies: [] }],
    ["an HTTP API", httpApiEvent({ path: AFTER }), { statusCode: 403, cookies: [] }],
    [
      "a REST API",
      restEvent({ path: AFTER }),
      { statusCode: 403, multiValueHeaders: { "content-type": ["application/json"] } },
    ],
    ["a load balancer", albEvent({ path: AFTER }), { statusCode: 403, statusDescription: "403 Forbidden" }],
    [
      "Lattice",
      latticeEvent({ path: AFTER }),
      { statusCode: 403, headers: { "content-type": "application/json" } },
    ],
  ])("through %s is refused in its shape", async (_, event, expected) => {
    const fn = await startFunction(OK, hooks);
    const { text } = await fn.api.invoke(event);
    expect(JSON.parse(text)).toMatchObject({ ...expected, body: '{"message":"Forbidden"}' });
    expect(hooked(fn)).toEqual([]);
  });

  it("is refused with a prelude when answers are streamed", async () => {
    const fn = await startFunction(OK, { ...hooks, AWS_LWA_INVOKE_MODE: "response_stream" });
    const { text } = await fn.api.invoke(functionUrlEvent({ path: AFTER }));
    const [prelude = "", body] = text.split("\0".repeat(8));
    expect(JSON.parse(prelude)).toMatchObject({ statusCode: 403 });
    expect(body).toBe('{"message":"Forbidden"}');
    expect(hooked(fn)).toEqual([]);
  });

  it("is one also behind the base path", async () => {
    const fn = await startFunction(OK, { ...hooks, AWS_LWA_REMOVE_BASE_PATH: "/prod" });
    const { text } = await fn.api.invoke(functionUrlEvent({ path: `/prod${AFTER}` }));
    expect(JSON.parse(text)).toMatchObject({ statusCode: 403 });
  });

  it("is none that an event makes which is not HTTP: the path is the configuration's", async () => {
    const fn = await startFunction(answer(200, "{}"), { ...hooks, AWS_LWA_PASS_THROUGH_PATH: AFTER });
    expect((await fn.api.invoke({ event: sqsEvent })).kind).toBe("response");
    expect(fn.requests()).toHaveLength(1);
  });
});

describe("isHookPath", () => {
  const { config } = readConfig({ AWS_LAMBDA_RUNTIME_API: "x:1", ...hooks });
  const { config: plain } = readConfig({ AWS_LAMBDA_RUNTIME_API: "x:1" });
  const { config: queried } = readConfig({
    AWS_LAMBDA_RUNTIME_API: "x:1",
    AWS_LWA_SNAPSTART_AFTER_RESTORE_PATH: "/after?key=1",
  });

  it.each([
    "/",
    "/hooks",
    "/hooks/after/all",
    "/hooks/aftermath",
    "/x?/hooks/after",
    "/after",
    "/hooks/%2561fter",
  ])("lets %s pass", (target) => {
    expect(isHookPath(config, { target })).toBe(false);
  });

  it("knows no hooks where none are configured", () => {
    fc.assert(fc.property(fc.webPath(), (path) => !isHookPath(plain, { target: path })));
    expect(isHookPath(plain, { target: "/" })).toBe(false);
  });

  it("leaves the query out, the hook's own and the request's", () => {
    expect(isHookPath(queried, { target: "/after" })).toBe(true);
    expect(isHookPath(queried, { target: "/after?key=2" })).toBe(true);
  });

  it("knows a hook whichever of its characters are encoded", () => {
    const encoded = fc
      .array(fc.boolean(), { minLength: AFTER.length, maxLength: AFTER.length })
      .map((which) =>
        [...AFTER]
          .map((char, at) =>
            at > 0 && which[at] === true ? `%${char.charCodeAt(0).toString(16).padStart(2, "0")}` : char,
          )
          .join(""),
      );
    fc.assert(
      fc.property(encoded, (target) => {
        expect(isHookPath(config, { target })).toBe(true);
      }),
    );
  });

  it("takes any target", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (target) => {
        expect(typeof isHookPath(config, { target })).toBe("boolean");
      }),
    );
  });
});
