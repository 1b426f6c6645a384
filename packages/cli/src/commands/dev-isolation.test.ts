import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { bubblewrapFault, outboundFault } from "@anylambda/sandbox";
import { afterAll, describe, expect, it } from "vitest";
import { run, start, stopAll } from "../testing/command.ts";

afterAll(stopAll);

const app = ["--", "node", "app.mjs"];
const fault = bubblewrapFault();

describe.skipIf(fault !== undefined)("--isolation bubblewrap", () => {
  it("runs the app in an environment of its own, on the usual port, several at once", async () => {
    const options = ["--isolation", "bubblewrap", "-p", "0", "--concurrency", "2", "--app-port", "8080"];
    const dev = start(["dev", ...options, ...app], { traced: true });
    const [url] = await dev.saying(/http:\/\/127\.0\.0\.1:\d+/);
    const hanging = fetch(`${url}/hang`);
    await dev.saying(/app got GET \/hang/);
    const seen = (await (await fetch(`${url}/variables`)).json()) as Record<string, string>;
    expect(seen).toMatchObject({ PORT: "8080", LAMBDA_TASK_ROOT: "/var/task" });
    expect(seen["AWS_LAMBDA_RUNTIME_API"]).toBe("127.0.0.1:9001");
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
    expect((await hanging).status).toBe(502);
    expect(dev.offspring()).toEqual([]);
  });
});

describe.skipIf(fault !== undefined || outboundFault() !== undefined)("--outbound", () => {
  it("reaches this machine at 10.0.2.2, and leaves nothing when the command is killed", async () => {
    const server = createServer((_, response) => void response.end("outside"));
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as AddressInfo;
    const options = [
      "--isolation",
      "bubblewrap",
      "--outbound",
      // What it asks for while it starts may come after its init.
      "--no-freeze",
      "-p",
      "0",
      "-e",
      `ASK=http://10.0.2.2:${port}/`,
    ];
    const code = "fetch(process.env.ASK).then((got) => got.text()).then((text) => console.log('got', text));";
    const listen = "require('http').createServer((_, res) => res.end()).listen(process.env.PORT);";
    const others = slirps();
    const dev = start(["dev", ...options, "--", "node", "-e", code + listen], { traced: true });
    await dev.saying(/app {5}│ got outside/);
    await dev.saying(/Ctrl-C ends it/);
    const own = slirps().filter((pid) => !others.includes(pid));
    expect(own.length).toBeGreaterThan(0);
    dev.signal("SIGKILL");
    await dev.result;
    await expect.poll(() => slirps().filter((pid) => own.includes(pid)), { timeout: 20_000 }).toEqual([]);
    server.close();
  });
});

/** Ids of all on this machine. */
function slirps(): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/comm`, "utf8") === "slirp4netns\n";
    } catch {
      return false;
    }
  });
}

describe("--isolation bubblewrap where it cannot be", () => {
  it("says so and goes on as processes", async () => {
    const { code, stdout, stderr } = await run(
      ["invoke", "--isolation", "bubblewrap", "--sample", "sqs", "--", process.execPath, "app.mjs"],
      // Where there is no bwrap.
      { variables: { PATH: "/nowhere" } },
    );
    expect(stderr).toContain(
      "warning: No bubblewrap: the program bwrap is not there: install the package bubblewrap",
    );
    expect({ code, records: stdout.includes("Records") }).toEqual({ code: 0, records: true });
  });
});
