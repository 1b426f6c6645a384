import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Running, start, stopAll } from "../testing/command.ts";

afterAll(stopAll);

describe("anylambda dev --snapstart replay", () => {
  let dev: Running;
  let url: string;

  beforeAll(async () => {
    const hooks = ["-e", "ANYLAMBDA_PRIME=/primed", "-e", 'ANYLAMBDA_AFTER_RESTORE=["echo","the hook ran"]'];
    dev = start([
      "dev",
      "-p",
      "0",
      "--no-dashboard",
      "--snapstart",
      "replay",
      ...hooks,
      "--",
      "node",
      "app.mjs",
    ]);
    [url = ""] = await dev.saying(/http:\/\/127\.0\.0\.1:\d+\//);
  });

  it("says before anything that memory is not restored, and again at each start", async () => {
    const [warning] = await dev.complaining(/^warning: .*$/m);
    expect(warning).toMatch(
      /^warning: SnapStart is replayed \(as you asked\): .*its memory is not restored$/,
    );
    expect((await fetch(url)).status).toBe(200);
    await dev.saying(/Replay: the app is started anew, its memory is not restored\n/);
  });

  it("has the log of a restored environment: publication primed, hook run, restore in the report", async () => {
    await dev.saying(/INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: success\n/);
    await dev.saying(/app got GET \/primed\n/);
    await dev.saying(/the hook ran\n/);
    await dev.saying(/RESTORE_REPORT Restore Duration: [\d.]+ ms\n/);
    await dev.saying(/REPORT RequestId: .*\tRestore Duration: [\d.]+ ms\tBilled Restore Duration: \d+ ms\n/);
  });

  it("gives the app the variables of a published version without keys", async () => {
    const variables = (await (await fetch(new URL("variables", url))).json()) as Record<string, string>;
    expect(variables["AWS_LAMBDA_INITIALIZATION_TYPE"]).toBe("snap-start");
    expect(variables["AWS_LAMBDA_FUNCTION_VERSION"]).toBe("1");
    expect(variables["AWS_ACCESS_KEY_ID"]).toBeUndefined();
    expect(variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//);
  });
});

describe("a version that cannot be published", () => {
  it("ends the command with the hook's words", async () => {
    const hook = ["-e", 'ANYLAMBDA_BEFORE_CHECKPOINT=["sh","-c","exit 3"]'];
    const dev = start(["dev", "-p", "0", "--snapstart", "replay", ...hook, "--", "node", "app.mjs"]);
    const { code, stderr } = await dev.result;
    expect(code).not.toBe(0);
    expect(stderr).toContain("The hook sh failed: it ended with status 3");
  });
});
