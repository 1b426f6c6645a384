import { bubblewrapFault } from "@anylambda/sandbox";
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
