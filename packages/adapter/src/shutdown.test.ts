import { afterEach, describe, expect, it } from "vitest";
import { lineOf, machine } from "../testing/adapter.ts";
import type { Machine } from "../testing/adapter.ts";
import { functionUrlEvent } from "../testing/events.ts";
import { isCheck, startFunctionOver, stopFunctionsAfterEach } from "../testing/function.ts";
import { OK } from "../testing/raw-app.ts";
import { eventually, gate, turns } from "../testing/wait.ts";
import { createLog } from "./log.ts";
import { drainOnTerminate } from "./shutdown.ts";
import type { Drain } from "./shutdown.ts";

stopFunctionsAfterEach();

const machines: Machine[] = [];

afterEach(() => {
  for (const one of machines.splice(0)) one.stop();
});

function draining(): { drain: Drain; on: Machine; exits: number[] } {
  const on = machine({}, { virtualTime: true });
  machines.push(on);
  const exits: number[] = [];
  void on.exited.then(({ code }) => exits.push(code));
  return {
    drain: drainOnTerminate(on.platform, createLog(on.platform, { level: "info", json: false })),
    on,
    exits,
  };
}

/** `exit` does not return, and in a test it throws instead. */
const quietly = (action: () => void): void => {
  try {
    action();
  } catch (error) {
    expect(String(error)).toMatch(/exit \d/);
  }
};

describe("drainOnTerminate", () => {
  it("exits 0 at once when nothing is under way", async () => {
    const { on } = draining();
    on.terminate();
    expect(await on.exited).toEqual({ code: 0, lines: [] });
  });

  it("exits 0 at once when all is done", async () => {
    const { drain, on } = draining();
    drain.begin();
    drain.end();
    on.terminate();
    expect((await on.exited).code).toBe(0);
  });

  it("waits for the last of what is under way", async () => {
    const { drain, on, exits } = draining();
    drain.begin();
    drain.begin();
    on.terminate();
    drain.end();
    await turns(5);
    expect(exits).toEqual([]);
    quietly(drain.end);
    const { code, lines } = await on.exited;
    expect(code).toBe(0);
    expect(lines).toEqual(["INFO SIGTERM: finishing what is under way invocations=2"]);
  });

  it("cuts off what takes longer than Lambda waits, and says so (spec environment.md 2.6)", async () => {
    const { drain, on, exits } = draining();
    drain.begin();
    on.terminate();
    await on.advance(1799);
    expect(exits).toEqual([]);
    await on.advance(1).catch((error: unknown) => expect(String(error)).toContain("exit 0"));
    const { code, lines } = await on.exited;
    expect(code).toBe(0);
    expect(lines.at(-1)).toBe("WARN SIGTERM: out of time, the rest is cut off invocations=1");
  });

  it("ends nothing without a signal", async () => {
    const { drain, exits } = draining();
    drain.begin();
    drain.end();
    await turns(5);
    expect(exits).toEqual([]);
  });
});

describe("SIGTERM", () => {
  it("lets a stream come to its end first", async () => {
    const go = gate();
    const fn = await startFunctionOver(
      async ({ readRequest, socket }) => {
        for (;;) {
          const request = await readRequest();
          if (request === undefined) return;
          if (isCheck(request)) {
            socket.write(OK);
            continue;
          }
          socket.write("HTTP/1.1 200 X\r\ncontent-length: 6\r\n\r\none");
          await go.opened;
          socket.write("two");
        }
      },
      { AWS_LWA_INVOKE_MODE: "response_stream" },
    );
    const outcome = fn.api.invoke(functionUrlEvent());
    await eventually(() => fn.requests().length === 1);
    fn.adapter.terminate();
    await lineOf(fn.adapter, /^INFO SIGTERM: finishing/);
    go.open();
    expect((await outcome).text).toMatch(/\0{8}onetwo$/);
    expect((await fn.adapter.exited).code).toBe(0);
  });

  it("lets all of several finish on Managed Instances", async () => {
    const go = gate();
    const fn = await startFunctionOver(
      async ({ readRequest, socket }) => {
        for (;;) {
          const request = await readRequest();
          if (request === undefined) return;
          if (!isCheck(request)) await go.opened;
          socket.write(OK);
        }
      },
      { AWS_LAMBDA_MAX_CONCURRENCY: "3" },
    );
    const outcomes = [fn.api.invoke(functionUrlEvent()), fn.api.invoke(functionUrlEvent())];
    await eventually(() => fn.requests().length === 2);
    fn.adapter.terminate();
    go.open();
    expect((await Promise.all(outcomes)).map(({ kind }) => kind)).toEqual(["response", "response"]);
    expect((await fn.adapter.exited).code).toBe(0);
  });
});
