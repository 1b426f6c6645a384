import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configured, directory, of, processesOf, rig, textOf, until } from "./testing/harness.ts";

/** A runtime that answers with the text of a file it read when it started, after as long as the event says. */
const source = `
import { readFileSync } from "node:fs";
const code = readFileSync("code.txt", "utf8");
const api = "http://" + process.env.AWS_LAMBDA_RUNTIME_API + "/2018-06-01/runtime/invocation/";
for (;;) {
  const next = await fetch(api + "next");
  const event = await next.json();
  if (event.ms) await new Promise((resolve) => setTimeout(resolve, event.ms));
  const id = next.headers.get("lambda-runtime-aws-request-id");
  await fetch(api + id + "/response", { method: "POST", body: JSON.stringify([code, process.env.MODE, event.n]) });
}`;

function app(code: string) {
  const taskRoot = directory();
  writeFileSync(join(taskRoot, "main.mjs"), source);
  writeFileSync(join(taskRoot, "code.txt"), code);
  return {
    configuration: {
      taskRoot,
      command: { file: process.execPath, args: ["main.mjs"] },
      variables: { MODE: "a" },
    },
    change: (text: string) => writeFileSync(join(taskRoot, "code.txt"), text),
  };
}

describe("Fleet.reload", () => {
  it("serves the next invocation with the new code, from a new environment, and ends the old (9)", async () => {
    const { configuration, change } = app("one");
    await using r = await rig(configuration);
    expect((await r.invoke({})).text).toBe(`["one","a",null]`);
    change("two");
    const init = r.fleet.reload();
    expect((await r.invoke({})).text).toBe(`["two","a",null]`);
    expect(await init).toMatchObject({ status: "success" });
    const [first, second] = of(r.events, "initStart");
    expect(second?.environment).not.toBe(first?.environment);
    expect(second?.environmentNumber).toBe(1);
    expect(of(r.events, "shutdown")).toMatchObject([{ reason: "spindown", environment: first?.environment }]);
    expect(processesOf(first?.environment as string)).toEqual([]);
  });

  it("takes another configuration", async () => {
    const { configuration } = app("one");
    await using r = await rig(configuration);
    await r.invoke({});
    await r.fleet.reload(configured({ ...configuration, variables: { MODE: "b" } }));
    expect((await r.invoke({})).text).toBe(`["one","b",null]`);
    expect(r.fleet.configuration.variables).toEqual({ MODE: "b" });
  });

  it("lets an invocation come to its end on the old code, and who waits behind it gets the new (9)", async () => {
    const { configuration, change } = app("one");
    await using r = await rig(configuration);
    await r.fleet.initialized;
    const send = (event: unknown) => r.fleet.invoke({ payload: Buffer.from(JSON.stringify(event)) });
    const running = send({ ms: 300 });
    await until(() => of(r.events, "start").length === 1);
    const behind = send({});
    change("two");
    void r.fleet.reload();
    expect(textOf((await running.answer).payload)).toBe(`["one","a",null]`);
    expect(textOf((await behind.answer).payload)).toBe(`["two","a",null]`);
  });

  it("does not wait for a busy environment where another may be started (9)", async () => {
    const { configuration, change } = app("one");
    await using r = await rig(configuration, { maxConcurrency: 2 });
    await r.fleet.initialized;
    const running = r.fleet.invoke({ payload: Buffer.from(`{"ms":60000}`) });
    await until(() => of(r.events, "start").length === 1);
    change("two");
    expect(await r.fleet.reload()).toMatchObject({ status: "success" });
    expect((await r.invoke({})).text).toBe(`["two","a",null]`);
    await r.fleet.shutdown();
    await running.ended;
  });

  it("answers every request of a load through ten reloads, none with code older than its sending (3, 9)", async () => {
    const { configuration, change } = app("0");
    await using r = await rig(configuration, { maxConcurrency: 2 });
    await r.fleet.initialized;
    let current = 0;
    const load = { over: false };
    let answered = 0;
    const client = async (): Promise<void> => {
      while (!load.over) {
        const sentAt = current;
        const { text, answer } = await r.invoke({ n: answered, ms: 1 });
        expect(answer.refused ?? answer.errorType).toBeUndefined();
        expect(Number((JSON.parse(text) as [string])[0])).toBeGreaterThanOrEqual(sentAt);
        answered += 1;
      }
    };
    const clients = [client(), client(), client(), client()];
    for (let reload = 1; reload <= 10; reload += 1) {
      change(String(reload));
      const init = r.fleet.reload();
      current = reload;
      await init;
      const until10 = answered + 10;
      await until(() => answered >= until10);
    }
    load.over = true;
    await Promise.all(clients);
    expect((await r.invoke({})).text).toBe(`["10","a",null]`);
  });

  it("reports the init of code that does not start, and serves again when it does", async () => {
    const { configuration, change } = app("one");
    await using r = await rig(configuration);
    await r.invoke({});
    writeFileSync(join(configuration.taskRoot, "main.mjs"), "throw new Error('broken')");
    expect(await r.fleet.reload()).toMatchObject({ status: "error" });
    writeFileSync(join(configuration.taskRoot, "main.mjs"), source);
    change("mended");
    await r.fleet.reload();
    expect((await r.invoke({})).text).toBe(`["mended","a",null]`);
  });

  it("after shutdown does nothing (8)", async () => {
    const { configuration } = app("one");
    await using r = await rig(configuration);
    await r.fleet.initialized;
    const reloading = r.fleet.reload();
    await r.fleet.shutdown();
    expect(await reloading).toBeUndefined();
    expect(await r.fleet.reload()).toBeUndefined();
  });
});
