import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { probe } from "@anylambda/checkpoint";
import type { Tools } from "@anylambda/checkpoint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FleetOptions } from "../fleet.ts";
import { type Rig, configured, fixture, notesOf, of, rig, until } from "../testing/harness.ts";
import { criuEngine, openSnapshot } from "./criu-engine.ts";
import { Publication } from "./publication.ts";

// Subscribers of telemetry that are frozen with their function. Where the host cannot, skipped by name.
const { ok, tools } = await probe();

let directory: string;
/** Not in /tmp, of which every copy has its own. */
let shared: string;
beforeAll(() => {
  directory = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "snapstart-test-"));
  shared = mkdtempSync("/var/tmp/anylambda-notes-");
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
  rmSync(shared, { recursive: true, force: true });
});

async function published(
  plan: object,
  options: Partial<FleetOptions> = {},
): Promise<{ r: Rig; notes: string }> {
  const notes = join(shared, `notes-${readdirSync(shared).length}`);
  const extensions = [{ name: "tele", ...fixture("telemetry-extension.mjs", "tele", JSON.stringify(plan)) }];
  const snapStart = { engine: criuEngine({ tools: tools as Tools, directory }) };
  const command = fixture("frozen-runtime.mjs", "restore");
  const variables = { NOTES: notes };
  const r = await rig({ command, version: "1", extensions, variables }, { snapStart, ...options });
  expect(await r.fleet.initialized).toMatchObject({ status: "success" });
  return { r, notes };
}

const typesIn = (notes: string): string[] =>
  notesOf(notes)
    .filter((line) => line.startsWith("record "))
    .map((line) => (JSON.parse(line.slice("record ".length)) as { type: string }).type);
const platformIn = (notes: string): string[] =>
  typesIn(notes).flatMap((type) => (type.startsWith("platform.") ? [type.slice("platform.".length)] : []));
const timesOf = (type: string, notes: string): number =>
  platformIn(notes).filter((one) => one === type).length;

const before = ["initStart", "telemetrySubscription", "extension", "initRuntimeDone"];
const after = ["initReport", "restoreStart", "restoreRuntimeDone", "restoreReport"];
const invocation = ["start", "runtimeDone", "report"];

describe.skipIf(!ok)("a subscription to telemetry that was made before the snapshot", () => {
  it.each(["HTTP", "TCP"])("has every record once and in order, over the restore: %s", async (protocol) => {
    const { r, notes } = await published({ protocol });
    {
      await using it = r;
      // Before the snapshot it has all that was told until then.
      expect(platformIn(notes)).toEqual(before);
      expect(notesOf(notes).filter((line) => line.startsWith("answer "))).toEqual([
        `answer 200 application/json "OK"`,
      ]);
      await it.invoke({});
      await until(() => timesOf("report", notes) === 1);
      await it.invoke({});
    }
    expect(platformIn(notes)).toEqual([...before, ...after, ...invocation, ...invocation]);
    // Lines of the function stand between start and runtimeDone.
    const types = typesIn(notes);
    expect(types.indexOf("function", types.indexOf("platform.start"))).toBeLessThan(
      types.indexOf("platform.runtimeDone"),
    );
    expect(notesOf(notes).at(-1)).toMatch(/^(event SHUTDOWN|record .*)$/);
    expect(notesOf(notes)).toContain("event SHUTDOWN");
  });

  it("goes on in every copy, each with what was told since the snapshot", async () => {
    const { r, notes } = await published({}, { maxConcurrency: 2 });
    {
      await using it = r;
      const go = `${notes}-go`;
      const invoked = Promise.all([1, 2].map((name) => it.invoke({ name, until: go })));
      await until(() => of(it.events, "start").length === 2);
      writeFileSync(go, "");
      await invoked;
    }
    for (const type of before) expect([type, timesOf(type, notes)]).toEqual([type, 1]);
    for (const type of [...after, ...invocation]) expect([type, timesOf(type, notes)]).toEqual([type, 2]);
  });

  it("goes on after a crash and another restore", async () => {
    const { r, notes } = await published({});
    {
      await using it = r;
      await it.invoke({ exit: 5 });
      await it.invoke({});
    }
    expect(timesOf("initReport", notes)).toBe(1);
    expect(timesOf("restoreReport", notes)).toBe(2);
    expect(timesOf("report", notes)).toBe(2);
  });

  it("is kept with an image that outlives who published it", async () => {
    const notes = join(shared, `notes-${readdirSync(shared).length}`);
    const engine = criuEngine({ tools: tools as Tools, directory });
    const configuration = configured({
      command: fixture("frozen-runtime.mjs", "restore"),
      version: "1",
      extensions: [{ name: "tele", ...fixture("telemetry-extension.mjs", "tele", "{}") }],
      variables: { NOTES: notes },
    });
    const path = process.env["PATH"] ?? "";
    const { snapshot } = await new Publication(configuration, { engine, path, report: () => undefined }).done;
    const kept = await openSnapshot(snapshot?.directory ?? "");
    {
      await using it = await rig(configuration, { snapStart: { engine, snapshot: kept } });
      await it.invoke({});
    }
    // The report on its init too: it was told when nobody in the image could take it any more.
    expect(platformIn(notes)).toEqual([...before, ...after, ...invocation]);
    await engine.discard(kept);
  });

  it("is refused when nobody listens in there", async () => {
    const { r, notes } = await published({ body: { destination: { protocol: "TCP", port: 4 } } });
    await r[Symbol.asyncDispose]();
    const answer = notesOf(notes).find((line) => line.startsWith("answer "));
    expect(answer).toMatch(/^answer 400 .*Invalid destination: connect to 127\.0\.0\.1:4: .*refused/);
  });
});
