/**
 * The hooks of AWS's own runtime clients, as apps register them with AWS's libraries: Python's `snapshot_restore_py`
 * and Java's CRaC (environment.md 6.2, 6.3). Under both ways in which a snapshot is restored here.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SnapStartException } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { criuMissing } from "../../examples/testing/criu.ts";
import { start } from "../../examples/testing/programs.ts";
import { type Started, javaWith, pythonWith } from "./clients.ts";
import { missing } from "./install.ts";
import { type Answer, type Running, anylambda, ask, because, name, run } from "./running.ts";

interface Hooked {
  readonly name: string;
  readonly missing: string | undefined;
  readonly install: () => Started;
  /** Type of a failure before the snapshot. */
  readonly beforeError: string;
  /** What the client says of a hook that threw before the snapshot. */
  readonly said: string;
  /** What still runs after a hook has thrown: every other one in Java, none in Python. */
  readonly afterThrow: { readonly before: readonly string[]; readonly after: readonly string[] };
}

const hooked: readonly Hooked[] = [
  {
    name: "snapshot_restore_py (PyPI)",
    missing: missing("python3"),
    install: () => pythonWith("app.handler", "python-hooks"),
    beforeError: "Runtime.BeforeSnapshotError",
    said: "thrown on purpose",
    afterThrow: { before: [], after: [] },
  },
  {
    name: "org.crac (Maven)",
    missing: missing("mvn", "javac"),
    // What AWS's runtime is started with, so that the public interface finds AWS's implementation.
    install: () => javaWith("java-hooks", ["-Dorg.crac.Core.Compat=com.amazonaws.services.lambda.crac"]),
    beforeError: "Runtime.BeforeCheckpointError",
    // The hook's own exception is one of those that it suppressed, and not posted.
    said: "CheckpointException",
    afterThrow: { before: ["before first"], after: ["after second"] },
  },
];

const noCriu = criuMissing();
const engines = [
  { engine: "replay", lacks: undefined },
  { engine: "criu", lacks: noCriu },
];

/** One line of `dev --json`. */
interface Told {
  readonly type: string;
  readonly line?: string;
  readonly status?: string;
  readonly errorType?: string;
  readonly message?: string;
}

/** What happened, in order: hooks by their names, everything else by its type. */
function storyOf(output: string): string[] {
  return toldIn(output).flatMap(({ type, line }) => {
    if (type !== "log") return [type];
    const hook = /^hook: (.+)$/.exec(line ?? "")?.[1];
    return hook === undefined ? [] : [hook];
  });
}

function toldIn(output: string): Told[] {
  return output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Told);
}

interface Seen {
  readonly steps: readonly string[];
  /** Ids that were made at init and by the first hook after the restore. */
  readonly made: { readonly init: string; readonly restore: string };
}

for (const client of hooked)
  for (const { engine, lacks } of engines) {
    const absent = client.missing ?? lacks;
    const options = ["--no-dashboard", "--adapter", "none", "--snapstart", engine, "--concurrency", "2"];

    describe.skipIf(absent !== undefined)(`${client.name}, ${engine}${because(absent)}`, () => {
      let started: Started;
      beforeAll(() => {
        started = client.install();
      }, 900_000);

      describe("hooks that succeed", () => {
        let running: Running;
        let seen: readonly Seen[];
        let folder: string;
        beforeAll(async () => {
          running = await run(started, options);
          // Not in /tmp, of which every copy has its own.
          folder = mkdtempSync("/var/tmp/anylambda-hooks-");
          const until = join(folder, "go");
          // One after the other: AWS's client for Java unpacks a library to one place in /tmp, over the one that another
          // process may be loading.
          const second = async (): Promise<Answer> => {
            await running.program.waitFor(/"type":"start"/, 50_000);
            return ask(running, { until });
          };
          const go = async (): Promise<void> => {
            await running.program.waitFor(/"type":"start"(.*\n)*.*"type":"start"/, 50_000);
            writeFileSync(until, "");
          };
          const [one, two] = await Promise.all([ask(running, { until }), second(), go()]);
          seen = [one, two].map(({ payload }) => JSON.parse(payload) as Seen);
          await running.program.waitFor(/"type":"report"(.*\n)*.*"type":"report"/, 10_000);
        }, 60_000);
        afterAll(async () => {
          await running?.stop();
          rmSync(folder, { recursive: true, force: true });
        });

        it("run once in each copy: backwards before the snapshot, forwards after the restore", () => {
          const steps = ["init", "before second", "before first", "after first", "after second"];
          expect(seen.map((one) => one.steps)).toEqual([steps, steps]);
        });

        it("run before the checkpoint, and between the restore and the first invocation", () => {
          const story = storyOf(running.program.stdout());
          const publication = story.slice(story.indexOf("initStart"), story.indexOf("checkpoint") + 1);
          const init = ["initStart", "before second", "before first"];
          expect(publication).toEqual([...init, "initRuntimeDone", "initReport", "checkpoint"]);
          const restore = (once: string): number => story.indexOf(once, story.indexOf("restoreStart"));
          const order = ["after first", "after second", "restoreRuntimeDone", "restoreReport", "start"];
          expect(order.map(restore)).toEqual(order.map(restore).toSorted((a, b) => a - b));
          expect(restore("after first")).toBeGreaterThan(story.indexOf("restoreStart"));
          // Copies of a memory do not run again what it remembers.
          const times = story.filter((step) => step === "before first").length;
          expect(times).toBe(engine === "criu" ? 1 : 3);
        });

        it("make new what the snapshot made equal", () => {
          const distinct = (of: "init" | "restore"): number => new Set(seen.map(({ made }) => made[of])).size;
          expect(distinct("restore")).toBe(2);
          expect(distinct("init")).toBe(engine === "criu" ? 1 : 2);
        });
      });

      it("that throw before the snapshot keep the version from being published", async () => {
        const words = [
          anylambda,
          "dev",
          "--json",
          "-p",
          "0",
          "--name",
          name,
          "--code",
          started.code,
          ...options,
        ];
        const program = start({
          file: process.execPath,
          args: [...words, "-e", "HOOKS=before second", "--", ...started.command],
          cwd: started.code,
          env: { PATH: process.env["PATH"] ?? "" },
        });
        expect((await program.ended).code).toBe(1);
        const told = toldIn(program.stdout());
        const report = told.find(({ type }) => type === "initReport");
        expect(report).toMatchObject({ status: "error", errorType: client.beforeError });
        const { before } = client.afterThrow;
        const hooks = storyOf(program.stdout()).filter((step) => /^(before|after) /.test(step));
        expect(hooks).toEqual(["before second", ...before]);
        expect(told.some(({ type }) => type === "checkpoint")).toBe(false);
        expect(told.find(({ type }) => type === "failure")?.message).toContain(client.said);
      }, 60_000);

      it("that throw after the restore turn the caller away, and so the next one, from a copy of its own", async () => {
        const running = await run(started, [...options, "-e", "HOOKS=after first"]);
        try {
          for (const time of [1, 2]) {
            const refused = await ask(running, {}).catch((error: unknown) => error);
            expect(refused).toBeInstanceOf(SnapStartException);
            expect(refused).toMatchObject({ $metadata: { httpStatusCode: 400 } });
            // The caller is answered first.
            await running.program.waitFor(new RegExp(`("type":"restoreReport"(.*\\n)*.*){${time}}`), 10_000);
            const told = toldIn(running.program.stdout());
            const reports = told.filter(({ type }) => type === "restoreReport");
            expect(reports).toHaveLength(time);
            expect(reports.at(-1)).toMatchObject({ status: "error", errorType: "Runtime.AfterRestoreError" });
            expect(told.some(({ type }) => type === "start")).toBe(false);
          }
          const hooks = storyOf(running.program.stdout()).filter((step) => step.startsWith("after"));
          const { after } = client.afterThrow;
          expect(hooks).toEqual(["after first", ...after, "after first", ...after]);
        } finally {
          await running.stop();
        }
      }, 60_000);
    });
  }
