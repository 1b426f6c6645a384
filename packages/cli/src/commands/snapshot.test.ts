import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { criuHost } from "@anylambda/sandbox";
import { afterAll, describe, expect, it } from "vitest";
import { start, stopAll } from "../testing/command.ts";

const { ok } = await criuHost();
const cache = mkdtempSync(join(tmpdir(), "anylambda-store-"));

afterAll(async () => {
  await stopAll();
  rmSync(cache, { recursive: true, force: true });
});

const run = (...args: string[]) => start(args, { variables: { XDG_CACHE_HOME: cache } });

describe("anylambda snapshot", () => {
  it("says that there is none, and what takes one", async () => {
    const { code, stdout } = await run("snapshot", "list").result;
    expect([code, stdout]).toEqual([0, "There are no snapshots. anylambda snapshot create takes one.\n"]);
  });

  it.each([
    [["inspect", "nobody"], "There is no image in"],
    [["rm", "../etc"], "is no name of a snapshot"],
  ])("refuses %j", async (words, message) => {
    const { code, stderr } = await run("snapshot", ...words).result;
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });

  it("has a doctor: the machine can, or every obstacle has its mend", async () => {
    const text = await run("snapshot", "doctor").result;
    const json = await run("snapshot", "doctor", "--json").result;
    const told = JSON.parse(json.stdout) as {
      ok: boolean;
      findings: { what: string; ok: boolean; detail: string }[];
    };
    expect(told.ok).toBe(ok);
    expect([text.code, json.code]).toEqual(ok ? [0, 0] : [1, 1]);
    expect(told.ok).toBe(told.findings.every((finding) => finding.ok));
    for (const { what, ok: fine } of told.findings)
      expect(text.stdout).toContain(`${fine ? "ok  " : "no  "}${what}: `);
  });

  it.skipIf(!ok)(
    "has a doctor that leaves nothing, also one that is killed, once there is another",
    async () => {
      const place = mkdtempSync(join(tmpdir(), "anylambda-doctor-"));
      const doctor = () => start(["snapshot", "doctor"], { variables: { TMPDIR: place } });
      const shared = join(place, `anylambda-${process.getuid?.() ?? 0}`);
      const trials = () =>
        existsSync(shared) ? readdirSync(shared).flatMap((own) => readdirSync(join(shared, own))) : [];
      const killed = doctor();
      await expect.poll(trials).toHaveLength(1);
      killed.signal("SIGKILL");
      await killed.result;
      const [left] = trials();
      expect(left).toMatch(/^probe-/);
      const { code } = await doctor().result;
      expect(code).toBe(0);
      expect(readdirSync(place)).toEqual([]);
    },
  );

  it.skipIf(!ok)("is created, listed, inspected, served from, and removed", async () => {
    const created = await run(
      "snapshot",
      "create",
      "--name",
      "shop",
      "-e",
      "SECRET=hush",
      "--",
      "node",
      "app.mjs",
    ).result;
    expect(created.stderr).toBe("");
    expect(created.stdout).toMatch(/^shop +\d{4}-\d\d-\d\d [\d:]+ +[\d.]+ MB$/m);
    const again = await run("snapshot", "create", "--name", "shop", "--", "node", "app.mjs").result;
    expect(again.stderr).toContain("There is a snapshot shop already");
    expect((await run("snapshot", "list").result).stdout).toMatch(/^shop /);
    const inspected = await run("snapshot", "inspect", "shop", "--json").result;
    expect(JSON.parse(inspected.stdout)).toMatchObject({ name: "shop", damaged: [], restorable: "yes" });
    expect(inspected.stdout).not.toContain("hush");
    const dev = run("dev", "-p", "0", "--no-dashboard", "--snapshot", "shop");
    const [url = ""] = await dev.saying(/http:\/\/127\.0\.0\.1:\d+\//);
    expect((await fetch(url)).status).toBe(200);
    await dev.saying(/RESTORE_REPORT Restore Duration: [\d.]+ ms\n/);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
    expect((await run("snapshot", "rm", "shop").result).code).toBe(0);
    expect((await run("snapshot", "list").result).stdout).toContain("There are no snapshots");
  });
});
