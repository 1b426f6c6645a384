/**
 * Both engines as processes, for what lasts: the benches of kills and of endurance, cut short. Their whole length is in
 * `SPECIFICATION.md`.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { functionUrlEvent } from "../packages/adapter/testing/events.ts";
import { answer } from "../packages/adapter/testing/function.ts";
import { answering, startRawApp } from "../packages/adapter/testing/raw-app.ts";
import { polls, startRuntimeApi } from "../packages/adapter/testing/runtime-api.ts";
import { turns } from "../packages/adapter/testing/wait.ts";

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const platform = `linux-${process.arch}`;
const binary = at(`dist/native/${platform}/lambda-adapter`);
const engines = [
  // V8 still grows in so short a run.
  { engine: "node", file: process.execPath, args: [at("dist/adapter.mjs")], growth: "2" },
  // The largest bodies come first; then it is flat.
  { engine: "native", file: binary, args: [], growth: "1.05" },
];

/** Ten seconds on a quiet machine. */
const longMs = 300_000;

const cleanUp: (() => unknown)[] = [];

afterEach(async () => {
  for (const clean of cleanUp.splice(0)) await clean();
});

/** A bench to its end; what it printed, and how it ended. */
function bench(
  name: string,
  ...args: string[]
): Promise<{ readonly code: number | null; readonly told: string }> {
  const child = spawn(process.execPath, [at(`bench/${name}.mjs`), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  cleanUp.push(() => child.kill("SIGKILL"));
  let told = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (told += text));
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ code, told }));
  });
}

describe.each(engines)("the adapter on the engine $engine", ({ engine, file, args, growth }) => {
  const missing = existsSync(file) ? undefined : `not built: npm run build:native -- ${platform}`;

  it.skipIf(missing !== undefined).each([
    ["streaming and compressing", []],
    ["with no settings", ["--plain"]],
  ])(
    "answers 2,000 invocations of mixed doors, its memory flat: %s",
    async (_, settings) => {
      const options = ["--engine", engine, "--invocations", "2000", "--growth", growth, ...settings];
      const { code, told } = await bench("adapter-soak", ...options);
      expect(told).toContain("2000 invocations of mixed doors and sizes");
      expect(told).toContain(", 0 wrong answers");
      expect(code, told).toBe(0);
    },
    longMs,
  );

  it.skipIf(missing !== undefined)(
    "outlives 40 kills of app, Runtime API and connections",
    async () => {
      const { code, told } = await bench("adapter-kills", "--engine", engine, "--kills", "40");
      expect(told).toMatch(
        /40 kills \(.*, seed \d+: \d+ invocations, each answered or failed \(.*, 0 wrong\./,
      );
      expect(code, told).toBe(0);
    },
    longMs,
  );

  it.skipIf(missing !== undefined)("goes on when nobody takes its log any more", async () => {
    const api = await startRuntimeApi();
    const app = await startRawApp(answering(() => answer(200, "well")));
    cleanUp.push(app.close, api.close);
    const child = spawn(file, args, {
      env: {
        AWS_LAMBDA_RUNTIME_API: api.authority,
        AWS_LWA_PORT: String(app.port),
        // A line of the log for each request without that header.
        AWS_LWA_AUTHORIZATION_SOURCE: "x-not-there",
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    cleanUp.push(() => child.kill("SIGKILL"));
    await polls(api, 1);
    child.stdout.destroy();
    for (let i = 0; i < 5; i++) {
      expect((await api.invoke(functionUrlEvent())).text).toContain("well");
      await turns(5);
    }
    expect(child.exitCode).toBeNull();
  });
});
