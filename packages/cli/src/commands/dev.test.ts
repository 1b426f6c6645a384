import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { freePort } from "../ports.ts";
import { type Circumstances, fixtures, type Running, run, start, stopAll } from "../testing/command.ts";

const onLinux = process.platform === "linux";

/** Up and listening; `ask` sends a request to its Function URL. */
async function up(args: readonly string[], given: Circumstances = {}): Promise<Running & { ask: Ask }> {
  const running = start(["dev", "--port", "0", ...args], { traced: true, ...given });
  const [, url] = await running.saying(/(http:\/\/127\.0\.0\.1:\d+\/)(?:"| {2}Ctrl-C)/);
  return { ...running, ask: (path) => fetch(new URL(path, url)) };
}

type Ask = (path: string) => Promise<Response>;

afterAll(stopAll);

const app = ["--", "node", "app.mjs"];

describe("anylambda dev", () => {
  it("serves the app, tells its logs from the platform's, and ends with 0 on Ctrl-C", async () => {
    const dev = await up(app);
    const response = await dev.ask("/some?where");
    expect([response.status, await response.text()]).toEqual([200, '{"hello":"world"}']);
    await dev.saying(/REPORT/);
    dev.signal("SIGINT");
    const { code, stdout, stderr } = await dev.result;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(shape(stdout)).toMatchInlineSnapshot(`
      "lambda  │ Starting node app.mjs (fixtures, 512 MB, 30 s, PORT=N, ADAPTER)
      app     │ app is up
      app     │ app got GET /

        http://127.0.0.1:N/  Ctrl-C ends it
        http://127.0.0.1:N/#TOKEN  (dashboard)
        aws lambda invoke --endpoint-url http://127.0.0.1:N --function-name fixtures answer.json

      lambda  │ START RequestId: ID Version: $LATEST
      app     │ app got GET /some?where
      lambda  │ END RequestId: ID
      lambda  │ REPORT RequestId: ID Duration: N ms Billed Duration: N ms Memory Size: 512 MB Max Memory Used: N MB Init Duration: N ms
      lambda  │ SIGINT: shutting down
      app     │ app says goodbye
      "
    `);
  });
  it("prints no platform lines with --quiet", async () => {
    const dev = await up(["--quiet", ...app]);
    await (await dev.ask("/quiet")).text();
    dev.signal("SIGTERM");
    const { code, stdout } = await dev.result;
    expect(code).toBe(0);
    expect(stdout).toContain("app got GET /quiet");
    expect(stdout).not.toMatch(/lambda|START|REPORT/);
  });
  it("runs what stands behind the program as its arguments, also without --", async () => {
    const dev = await up(["node", "app.mjs", "--port", "1"]);
    expect((await dev.ask("/")).status).toBe(200);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
  });
  it("runs bootstrap from --code when there is no command", async () => {
    const code = await mkdtemp(join(tmpdir(), "anylambda-code-"));
    const script = `#!/bin/sh\nexec node "${join(fixtures, "app.mjs")}"\n`;
    await writeFile(join(code, "bootstrap"), script, { mode: 0o755 });
    const dev = await up(["--code", code]);
    expect((await dev.ask("/")).status).toBe(200);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
    await rm(code, { recursive: true });
  });
  it("goes on after the app has crashed", async () => {
    const dev = await up(app);
    expect((await dev.ask("/crash")).status).toBe(502);
    // A crash that is noticed late is told to the one who comes next.
    const statuses = [(await dev.ask("/")).status, (await dev.ask("/")).status];
    expect(statuses.at(-1)).toBe(200);
    dev.signal("SIGINT");
    const { code, stdout } = await dev.result;
    expect(code).toBe(0);
    expect(stdout).toContain("about to crash");
  });
  it("runs another app when the first is busy, on a port of its own, and tells their lines apart", async () => {
    const dev = await up(["--concurrency", "2", ...app]);
    const hanging = dev.ask("/hang");
    await dev.saying(/app got GET \/hang/);
    expect((await dev.ask("/")).status).toBe(200);
    await dev.saying(/^app 2 {5}│ app got GET \/$/m);
    await dev.saying(/^lambda 2 {2}│ REPORT/m);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
    expect((await hanging).status).toBe(502);
    if (onLinux) expect(dev.offspring()).toEqual([]);
  });
  it("answers 429 when all are busy with --throttle", async () => {
    const dev = await up(["--concurrency", "1", "--throttle", ...app]);
    const hanging = dev.ask("/hang");
    await dev.saying(/app got GET \/hang/);
    const refused = await dev.ask("/");
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ message: "Rate Exceeded." });
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
    await hanging;
  });
  it("says that one environment is all there can be when the app's port is fixed", async () => {
    const dev = start(["dev", "--port", "0", "--app-port", String(await freePort()), ...app]);
    await dev.saying(/Ctrl-C/);
    dev.signal("SIGINT");
    expect((await dev.result).stderr).toMatch(/^warning: The app's port is fixed, so only one environment/);
  });
  it("does not wait for a request that hangs", async () => {
    const dev = await up(app);
    const hanging = dev.ask("/hang");
    await dev.saying(/app got GET \/hang/);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
    expect((await hanging).status).toBe(502);
  });
  it("ends when nobody reads its output any more", async () => {
    const dev = await up(app);
    dev.closeOutput();
    await dev.ask("/");
    expect((await dev.result).code).toBe(0);
    if (onLinux) expect(dev.offspring()).toEqual([]);
  });
});

describe("the Invoke API of anylambda dev", () => {
  it("takes what the AWS CLI would send, and writes what becomes of events nobody waits for", async () => {
    const destination = join(await mkdtemp(join(tmpdir(), "anylambda-destination-")), "records.jsonl");
    const dev = await up(["--destination", destination, "--name", "shop", ...app]);
    const [, url] = await dev.saying(/aws lambda invoke --endpoint-url (\S+) --function-name shop/);
    const send = (type: string): Promise<Response> =>
      fetch(`${url}/2015-03-31/functions/shop/invocations`, {
        method: "POST",
        headers: { "X-Amz-Invocation-Type": type },
        body: `{"any":"event"}`,
      });
    // The adapter posts what is no HTTP event to /events; the app answers everything.
    expect((await send("RequestResponse")).headers.get("x-amz-executed-version")).toBe("$LATEST");
    expect((await send("Event")).status).toBe(202);
    await dev.saying(/(app got POST \/events[^]*){2}REPORT/);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
    const record = JSON.parse(await readFile(destination, "utf8")) as object;
    expect(record).toMatchObject({ version: "1.0", requestPayload: { any: "event" } });
  });
  it("says which port it cannot have", async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await run(["dev", "--port", "0", "--invoke-port", String(port), ...app]);
    server.close();
    expect(code).toBe(1);
    expect(stderr).toContain("(--invoke-port 3001)");
  });
});

/** What is told between these depends on time, and on which of runtime and extension is the first. */
const passing: ReadonlySet<unknown> = new Set([
  "log",
  "extension",
  "initRuntimeDone",
  "runtimeDone",
  "frozen",
  "thawed",
]);

describe("anylambda dev --json", () => {
  it("prints one object a line, with Lambda's own lines as text", async () => {
    const dev = await up(["--json", ...app]);
    await (await dev.ask("/json")).text();
    await dev.saying(/"type":"report"/);
    dev.signal("SIGINT");
    const { code, stdout } = await dev.result;
    const told = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(code).toBe(0);
    const platform = told.map(({ type }) => type).filter((type) => !passing.has(type));
    expect(platform).toEqual([
      "starting",
      "initStart",
      "initReport",
      "listening",
      "start",
      "end",
      "report",
      "stopping",
      "shutdown",
      "stopped",
    ]);
    expect(told).toContainEqual(
      expect.objectContaining({
        type: "log",
        source: { kind: "function" },
        stream: "stdout",
        line: "app got GET /json",
      }),
    );
    const [starting, listening, report] = ["starting", "listening", "report"].map((type) =>
      told.find((notice) => notice["type"] === type),
    );
    expect(starting).toMatchObject({
      name: "fixtures",
      command: "node app.mjs",
      appPort: expect.any(Number),
    });
    expect(listening).toMatchObject({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/),
      invokeUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    });
    expect(report).toMatchObject({ status: "success", text: expect.stringMatching(/^REPORT RequestId: /) });
    for (const { time } of told) expect(new Date(String(time)).toISOString()).toBe(time);
  });
  it("prints failures as objects too", async () => {
    const { code, stdout, stderr } = await run(["dev", "--json", "--port", "0", "--", "node", "dies.mjs"]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({
      type: "failure",
      message: expect.stringContaining("exit status 3"),
      lines: ["cannot reach the database"],
    });
  });
});

describe("the app's environment", () => {
  it("has what was given and nothing of the developer's own", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "anylambda-env-")), ".env");
    await writeFile(file, "FROM_FILE='in the file'\nBOTH=file\n# no\nPASSED=file\n");
    const dev = await up(
      [
        "--env-file",
        file,
        "-e",
        "BOTH=typed",
        "-e",
        "EMPTY=",
        // What starts an app on AWS behind the adapter's layer: here that is done anyway.
        "-e",
        "AWS_LAMBDA_EXEC_WRAPPER=/opt/bootstrap",
        "--pass-env",
        "PASSED",
        "--region",
        "eu-west-3",
        ...app,
      ],
      {
        variables: {
          SECRET_OF_THE_DEVELOPER: "x",
          PASSED: "passed on",
          AWS_PROFILE: "production",
          HOME: "/root",
        },
      },
    );
    const variables = (await (await dev.ask("/variables")).json()) as Record<string, string>;
    dev.signal("SIGINT");
    await dev.result;
    expect(variables).toMatchObject({
      FROM_FILE: "in the file",
      BOTH: "typed",
      EMPTY: "",
      PASSED: "passed on",
      AWS_REGION: "eu-west-3",
      AWS_LAMBDA_FUNCTION_NAME: "fixtures",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
    });
    expect(variables["PORT"]).toBe(variables["AWS_LWA_PORT"]);
    for (const name of ["SECRET_OF_THE_DEVELOPER", "AWS_PROFILE", "HOME", "AWS_LAMBDA_EXEC_WRAPPER"])
      expect(variables).not.toHaveProperty(name);
  });
  it("says which variables it left out, and which were not there", async () => {
    const dev = await up(["-e", "AWS_REGION=x", "--pass-env", "NOT_THERE", ...app]);
    dev.signal("SIGINT");
    const { stderr } = await dev.result;
    expect(stderr).toBe(
      "warning: --pass-env NOT_THERE: there is no such variable in your shell\n" +
        "warning: The variable AWS_REGION is left out: Lambda sets it itself\n",
    );
  });
});

describe("a boot that fails ends with 1, a sentence and a hint", () => {
  async function failing(...args: string[]): Promise<string> {
    const { code, stderr } = await run(["dev", "--port", "0", ...args]);
    expect(code).toBe(1);
    return stderr;
  }

  it("command not found", async () => {
    expect(await failing("--", "nodde", "x")).toMatchInlineSnapshot(`
      "error: There is no program called "nodde"
      hint:  Check the spelling, and that it is installed and in your PATH.
      "
    `);
  });
  it("a directory in PATH that cannot be looked at is passed over", async () => {
    const loop = join(await mkdtemp(join(tmpdir(), "anylambda-path-")), "loop");
    await symlink(loop, loop);
    const variables = { PATH: `${loop}:${dirname(process.execPath)}:/usr/bin:/bin` };
    const { stderr } = await run(["dev", "--port", "0", "--", "nodde"], { variables });
    expect(stderr).toContain('There is no program called "nodde"');
  });
  it("file not found", async () => {
    expect(await failing("--", "./nope")).toContain(`There is no file ${join(fixtures, "nope")}`);
  });
  it("not executable", async () => {
    expect(await failing("--", "./app.mjs")).toContain("hint:  Make it so: chmod +x");
  });
  it("quoted command", async () => {
    expect(await failing("--", "node app.mjs")).toContain(
      "hint:  Leave out the quotes: anylambda dev -- node app.mjs",
    );
  });
  it("no command and no bootstrap", async () => {
    expect(await failing()).toContain("There is no command, and no bootstrap in");
  });
  it("no such directory", async () => {
    expect(await failing("--code", "nowhere", ...app)).toContain("--code takes a directory");
  });
  it("no such file of variables", async () => {
    expect(await failing("-E", "nowhere", ...app)).toContain("There is no file nowhere");
  });
  it("PORT that is no port", async () => {
    expect(await failing("-e", "PORT=80x", ...app)).toContain('The variable PORT is "80x"');
  });
  it("two ports", async () => {
    expect(await failing("-e", "PORT=8080", "--app-port", "8081", ...app)).toContain("Say it once");
  });
  it("app exits at once", async () => {
    const said = await failing("--", "node", "dies.mjs");
    expect(said).toMatch(/^error: The runtime \(\S+node dies\.mjs\) ended: exit status 3, 0\.\d\d s after/);
    expect(said).toContain("\n  cannot reach the database\n");
    expect(said).toMatch(/hint: {2}Try it alone: PORT=\d+ node dies\.mjs\n$/);
  });
  it("port taken", async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as AddressInfo;
    const { code, stdout, stderr } = await run(["dev", "--port", String(port), ...app]);
    server.close();
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr.replaceAll(String(port), "PORT")).toMatchInlineSnapshot(`
      "error: Port PORT is in use by another program
      hint:  End that program, choose another port (--port 3001), or let a free one be found (--port 0).
      "
    `);
  });
  it("address of another machine", async () => {
    expect(await failing("--host", "192.0.2.1", ...app)).toContain("This machine has no address 192.0.2.1");
  });
  // These two last as long as Lambda's own limit of 10 s.
  it.runIf(onLinux).concurrent("app listens on another port", async () => {
    const { code, stdout, stderr } = await run(["dev", "--port", "0", "--", "node", "wrong-port.mjs"]);
    const said = Number(/PORT=(\d+)/.exec(stdout)?.[1]);
    const real = Number(/up on (\d+)/.exec(stdout)?.[1]);
    expect(code).toBe(1);
    expect(stderr).toContain(`error: Your app listens on port ${real}, but PORT said ${said}\n`);
    expect(stderr).toContain(`hint:  Make it listen on the PORT variable, or pass --app-port ${real}.\n`);
    // Said long before the limit, too.
    expect(stderr).toMatch(
      new RegExp(`^warning: Your app listens on port ${real}, but PORT said ${said}\\. Make it listen`),
    );
  });
  it.concurrent("app never listens", async () => {
    const { code, stderr } = await run(["dev", "--port", "0", "--", "node", "never-listens.mjs"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: Your app did not listen on port \d+ within 10\.\d s\n {2}still thinking\n/,
    );
  });
});

describe.runIf(onLinux)("nothing is left behind", () => {
  it("by Ctrl-C, though the app and its child ignore SIGTERM", async () => {
    const dev = await up(["--", "node", "stubborn.mjs"]);
    expect(dev.offspring().length).toBeGreaterThanOrEqual(3);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
    expect(dev.offspring()).toEqual([]);
  });
  it("by a second Ctrl-C, which ends with 130", async () => {
    const dev = await up(["--", "node", "stubborn.mjs"]);
    dev.signal("SIGINT");
    await dev.saying(/not me/);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(130);
    expect(dev.offspring()).toEqual([]);
  });
  it("by Ctrl-C during the boot", async () => {
    const dev = start(["dev", "--port", "0", "--", "node", "never-listens.mjs"], { traced: true });
    await dev.saying(/still thinking/);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
    expect(dev.offspring()).toEqual([]);
  });
  it("by a boot that failed", async () => {
    const dev = start(["dev", "--port", "0", "--", "node", "dies.mjs"], { traced: true });
    expect((await dev.result).code).toBe(1);
    expect(dev.offspring()).toEqual([]);
  });
  it("by a bug, which shows its stack and ends with 70", async () => {
    const dev = await up(app, { nodeOptions: ["--import", join(fixtures, "crash-on-signal.mjs")] });
    dev.signal("SIGUSR2");
    const { code, stderr } = await dev.result;
    expect(code).toBe(70);
    expect(stderr).toMatch(
      /^This is a bug in anylambda [\d.]+ \(Node\.js v[\d.]+\):\nError: a bug on demand\n +at /,
    );
    expect(dev.offspring()).toEqual([]);
  });
});

/** Without what is different each time. */
function shape(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "ID")
    .replaceAll(/\d+\.\d\d ms|\d+ ms/g, "N ms")
    .replaceAll(/Used: \d+/g, "Used: N")
    .replaceAll(/(PORT=|127\.0\.0\.1:)\d+/g, "$1N")
    .replace(/native adapter|adapter on Node/, "ADAPTER")
    .replaceAll(/#[\w-]{22}/g, "#TOKEN")
    .replaceAll("\t", " ");
}
