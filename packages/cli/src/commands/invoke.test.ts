import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { samples } from "../samples/samples.ts";
import { run, start, stopAll } from "../testing/command.ts";

afterAll(stopAll);

const app = ["--", "node", "app.mjs"];
const runtime = ["--no-adapter", "--", "node", "runtime.mjs"];

async function eventFile(content: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), "anylambda-event-")), "event.json");
  await writeFile(file, content);
  return file;
}

describe("anylambda invoke", () => {
  it("prints the answer on stdout and everything else on stderr", async () => {
    const { code, stdout, stderr } = await run(["invoke", "--sample", "function-url", ...app]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ statusCode: 200, body: '{"hello":"world"}' });
    expect(stderr).toMatch(/app {5}│ app got GET \/products\/7\?color=red/);
    expect(stderr).toMatch(/lambda {2}│ REPORT RequestId: \S+\tDuration: /);
  });
  it("sends a file's event as it stands", async () => {
    const file = await eventFile(' {"b": 1,\n "a": [2.50, "ü"]} ');
    const { code, stdout } = await run(["invoke", "--event", file, ...app]);
    // The app echoes what it was sent.
    expect({ code, answer: JSON.parse(stdout) as unknown }).toEqual({
      code: 0,
      answer: { b: 1, a: [2.5, "ü"] },
    });
  });
  it("reads the event from standard input", async () => {
    const { code, stdout } = await run(["invoke", "--event", "-", "-q", ...runtime], { input: "[1,2]" });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{"got":[1,2]}\n' });
  });
  it("ends with 1 and prints the error document when the function fails", async () => {
    const { code, stdout, stderr } = await run(["invoke", "--event", "-", ...runtime], {
      input: '{"fail":"so be it"}',
    });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({ errorType: "Example.Failed", errorMessage: "so be it" });
    expect(stderr).toMatch(/REPORT .*Status: error/);
  });
  it("ends with 1 when the function takes too long", async () => {
    const event =
      '{"version":"2.0","rawPath":"/hang","requestContext":{"http":{"method":"GET","path":"/hang"}}}';
    const { code, stdout } = await run(["invoke", "--timeout", "1", "--event", "-", ...app], {
      input: event,
    });
    expect({ code, failed: /errorType/.test(stdout) }).toEqual({ code: 1, failed: true });
  });
  it("ends with 1 when the app does not boot, and prints no answer", async () => {
    const { code, stdout, stderr } = await run(["invoke", "--sample", "sqs", "--", "node", "dies.mjs"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("exit status 3");
  });
  it("ends with 130 on Ctrl-C before the answer", async () => {
    const event =
      '{"version":"2.0","rawPath":"/hang","requestContext":{"http":{"method":"GET","path":"/hang"}}}';
    const invoke = start(["invoke", "--json", "--event", "-", ...app], { input: event });
    await invoke.complaining(/app got GET \/hang/);
    invoke.signal("SIGINT");
    expect(await invoke.result).toMatchObject({ code: 130, stdout: "" });
  });
  it("lists the samples", async () => {
    const { code, stdout } = await run(["invoke", "--list-samples"]);
    expect(code).toBe(0);
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => line.split(" ")[0]),
    ).toEqual(samples.map(({ name }) => name));
  });
});

describe("an event that cannot be sent ends with 1, before anything is started", () => {
  async function refused(content: string): Promise<string> {
    const file = await eventFile(content);
    const { code, stdout, stderr } = await run(["invoke", "--event", file, ...app]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    return stderr.replaceAll(file, "FILE");
  }

  it("not JSON", async () => {
    expect(await refused('{\n  "a": 1,\n  "b": [1, 2,,\n}\n')).toMatchInlineSnapshot(`
      "error: FILE is not JSON: line 3, column 14: expected a value
          "b": [1, 2,,
                     ^
      hint:  Mend that place. For an event to begin with: --sample sqs
      "
    `);
  });
  it("empty", async () => {
    expect(await refused("\n")).toContain("error: FILE is empty");
  });
  it("not there", async () => {
    const { code, stderr } = await run(["invoke", "--event", "nowhere.json", ...app]);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("There is no file nowhere.json"),
    });
  });
  it("an unknown sample", async () => {
    const { code, stderr } = await run(["invoke", "--sample", "sqz", ...app]);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("There are: alb, ") });
  });
});
