import { mkdtemp, readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { type Running, run, start, stopAll } from "../testing/command.ts";

afterAll(stopAll);

async function up(...args: string[]): Promise<{ dev: Running; url: string; invokeUrl: string }> {
  const dev = start(["dev", "--port", "0", "--no-dashboard", "--json", ...args]);
  const [line] = await dev.saying(/\{"type":"listening".*\}/);
  const { url, invokeUrl } = JSON.parse(line) as { url: string; invokeUrl: string };
  return { dev, url, invokeUrl };
}

const native = fileURLToPath(new URL("../../../../dist/native/linux-x64/lambda-adapter", import.meta.url));
/** The native adapter only where it is built. */
const builtEngines = ["node", ...(existsSync(native) ? ["native"] : [])];

const invoke = (invokeUrl: string, name: string, headers: Record<string, string>, body = "{}") =>
  fetch(`${invokeUrl}/2015-03-31/functions/${name}/invocations`, { method: "POST", headers, body });

describe("anylambda dev --managed", () => {
  it.each(builtEngines)("has several requests at once in one app, with the %s adapter", async (engine) => {
    const { url } = await up(
      "--managed",
      "3",
      "--concurrency",
      "1",
      "--adapter",
      engine,
      "--",
      "node",
      "meets.mjs",
    );
    const all = [1, 2, 3].map(async () => (await fetch(new URL("meet?n=3", url))).text());
    expect(await Promise.all(all)).toEqual(["met 3", "met 3", "met 3"]);
  });
});

describe("anylambda dev --provisioned", () => {
  it("has its environments before anybody asks, and says when it has not", async () => {
    const { dev } = await up("--provisioned", "2", "--", "node", "app.mjs");
    await dev.saying(/"type":"initReport"[^]*"type":"initReport"/);
  });
});

describe("settings that exclude each other", () => {
  it("are refused with a sentence", async () => {
    const { code, stderr } = await run([
      "dev",
      "--port",
      "0",
      "--tenants",
      "--provisioned",
      "1",
      "--",
      "node",
      "app.mjs",
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain("Tenant isolation and provisioned concurrency exclude each other on Lambda");
  });
});

describe("anylambda dev --tenants --alias", () => {
  it("asks for the tenant, and knows the alias", async () => {
    const { invokeUrl, url } = await up(
      "--tenants",
      "--alias",
      "live",
      "--name",
      "shop",
      "--",
      "node",
      "app.mjs",
    );
    expect((await fetch(url)).status).not.toBe(200);
    const refused = await invoke(invokeUrl, "shop", {});
    expect([refused.status, await refused.text()]).toEqual([
      400,
      expect.stringContaining("Add a valid tenant ID"),
    ]);
    expect((await invoke(invokeUrl, "shop:live", { "X-Amz-Tenant-Id": "blue" })).status).toBe(200);
    expect((await invoke(invokeUrl, "shop:dead", { "X-Amz-Tenant-Id": "blue" })).status).toBe(404);
  });
});

describe("asynchronous events of anylambda dev", () => {
  it("are tried again on a fast clock, and end where they were told to", async () => {
    const folder = await mkdtemp(join(tmpdir(), "anylambda-events-"));
    const [failures, letters] = [join(folder, "failures"), join(folder, "letters")];
    const told = ["--on-failure", failures, "--dead-letters", letters, "--timeout", "1", "--name", "shop"];
    const { dev, invokeUrl } = await up(
      "--async-clock",
      "10000x",
      "--retry-attempts",
      "1",
      ...told,
      "--",
      "node",
      "never-answers.mjs",
    );
    expect((await invoke(invokeUrl, "shop", { "X-Amz-Invocation-Type": "Event" }, `{"n":1}`)).status).toBe(
      202,
    );
    await dev.saying(/("type":"report"[^]*){2}/);
    await expect.poll(async () => (await readFile(letters, "utf8")).length).toBeGreaterThan(0);
    expect(JSON.parse(await readFile(failures, "utf8"))).toMatchObject({
      requestContext: { condition: "RetriesExhausted", approximateInvokeCount: 2 },
    });
    expect(JSON.parse(await readFile(letters, "utf8"))).toMatchObject({
      Body: `{"n":1}`,
      MessageAttributes: { ErrorCode: { DataType: "Number", StringValue: "200" } },
    });
  });
});

describe("anylambda dev --chaos", () => {
  it("says its seed, does what it decides, and tells each thing", async () => {
    const { dev, url } = await up("--chaos=7", "--concurrency", "2", "--", "node", "app.mjs");
    await dev.saying(/--chaos=7 decides the same again/);
    const seen: string[] = [];
    void dev
      .saying(/"type":"chaos","time":"[^"]+".*"action":"(crash|freeze|spindown)"/)
      .then(([line]) => seen.push(line));
    const statuses = new Set<number>();
    while (seen.length === 0) statuses.add((await fetch(url)).status);
    expect([...statuses].every((status) => status === 200 || status === 502)).toBe(true);
  });
});
