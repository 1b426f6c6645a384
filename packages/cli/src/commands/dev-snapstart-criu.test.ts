import { criuHost } from "@anylambda/sandbox";
import { afterAll, describe, expect, it } from "vitest";
import { freePort } from "../ports.ts";
import { start, stopAll } from "../testing/command.ts";

const { ok } = await criuHost();

afterAll(stopAll);

describe.skipIf(!ok)("anylambda dev --snapstart criu", () => {
  it("restores the memory of app and adapter, says nothing of a replay, and ends with all of it", async () => {
    const args = ["dev", "-p", "0", "--no-dashboard", "--snapstart", "criu", "--", "node", "app.mjs"];
    const dev = start(args);
    const [url = ""] = await dev.saying(/http:\/\/127\.0\.0\.1:\d+\//);
    expect((await fetch(url)).status).toBe(200);
    await dev.saying(/INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: success\n/);
    await dev.saying(/RESTORE_REPORT Restore Duration: [\d.]+ ms\n/);
    await dev.saying(/REPORT RequestId: .*\tRestore Duration: [\d.]+ ms\tBilled Restore Duration: \d+ ms\n/);
    dev.signal("SIGINT");
    const { code, stderr } = await dev.result;
    expect(code).toBe(0);
    expect(stderr).not.toContain("replay");
  });

  it("has as many copies at once as wanted of an app whose port is fixed: each has a network of its own", async () => {
    const port = String(await freePort());
    const options = [
      "-p",
      "0",
      "--no-dashboard",
      "--snapstart",
      "criu",
      "--app-port",
      port,
      "--concurrency",
      "2",
    ];
    const dev = start(["dev", ...options, "--", "node", "app.mjs"]);
    const [url = ""] = await dev.saying(/http:\/\/127\.0\.0\.1:\d+\//);
    const hanging = fetch(new URL("hang", url));
    await dev.saying(/app got GET \/hang/);
    expect((await fetch(url)).status).toBe(200);
    dev.signal("SIGINT");
    const { stderr } = await dev.result;
    await hanging;
    expect(stderr).not.toContain("port is fixed");
  });
});
