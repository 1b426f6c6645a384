/**
 * What `anylambda snapstart check` finds: in each app that is broken on purpose its fault and no other, and nothing in its
 * sound twin. Memory is really restored here; where that cannot be done these tests are skipped by name.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { criuMissing } from "../testing/criu.ts";
import { start } from "../testing/programs.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "..", "..");
const anylambda = join(root, "packages", "cli", "dist", "bundle", "anylambda.mjs");
const lacks = criuMissing();
const missing = lacks === undefined ? "" : ` (${lacks})`;

interface Report {
  readonly engine: string;
  readonly language: string;
  readonly findings: readonly { kind: string; grade: string; where: string; what: string; mend: string }[];
}

let folder: string;
let keyFile: string;

beforeAll(() => {
  // Not in /tmp: an environment has one of its own (and the checkout may lie there).
  folder = mkdtempSync("/var/tmp/anylambda-key-");
  keyFile = join(folder, "key");
  // Made of two pieces, so that nobody's scanner takes this file for a leak.
  writeFileSync(keyFile, ["AKIA", "J5QLH7ZVSNAM2X4D"].join(""));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What stands for a database: answers each line, to whoever is connected. */
async function startDatabase(): Promise<{ readonly port: number; readonly close: () => void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
    socket.on("data", () => socket.write("42\n"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as AddressInfo).port, close };
}

async function check(
  side: "broken" | "sound",
  app: string,
  program: string,
  more: readonly string[] = [],
): Promise<{ code: number | null; report: Report }> {
  const options = ["--json", "--quiet", "--engine", "criu", "--after", "7", "--request", "/order"];
  const variables = ["-e", `KEY_FILE=${keyFile}`, ...more];
  const running = start({
    file: process.execPath,
    args: [anylambda, "snapstart", "check", ...options, ...variables, "--", program, app],
    cwd: join(here, side),
    env: { PATH: process.env["PATH"] ?? "" },
  });
  const { code } = await running.ended;
  if (running.stdout() === "") throw new Error(running.output());
  return { code, report: JSON.parse(running.stdout()) as Report };
}

const apps = [
  { app: "uuid.mjs", program: "node", kind: "repeated-sequence", mend: "/dev/urandom" },
  { app: "sequence.py", program: "python3", kind: "repeated-sequence", mend: "SystemRandom" },
  { app: "token.mjs", program: "node", kind: "answer-changed", mend: "fetch it again" },
  { app: "secret.mjs", program: "node", kind: "secret", mend: "from the secret store" },
] as const;

describe.skipIf(missing !== "")(`snapstart check${missing}`, () => {
  it.each(apps)(
    "finds the fault of broken/$app, and how to mend it",
    async ({ app, program, kind, mend }) => {
      const { code, report } = await check("broken", app, program);
      expect(report.engine).toBe("criu");
      expect(report.findings.map((finding) => [finding.kind, finding.grade])).toEqual([[kind, "fault"]]);
      expect(report.findings[0]?.mend).toContain(mend);
      expect(code).toBe(1);
    },
  );

  it.each(apps)("finds nothing in sound/$app", async ({ app, program }) => {
    const { code, report } = await check("sound", app, program);
    expect(report).toMatchObject({ engine: "criu", findings: [] });
    expect(code).toBe(0);
  });

  it("finds the connection that broken/connection.mjs keeps, and what its end does to the app", async () => {
    const database = await startDatabase();
    try {
      const reach = ["--reach", String(database.port), "-e", `DB_PORT=${database.port}`];
      const hook = ["-e", "AWS_LWA_SNAPSTART_BEFORE_CHECKPOINT_PATH=/hooks/before"];
      const broken = await check("broken", "connection.mjs", "node", reach);
      expect(
        broken.report.findings.map(({ kind, grade }) => [kind, grade]),
        JSON.stringify(broken.report.findings),
      ).toEqual([
        ["answer-changed", "fault"],
        ["connection", "fault"],
      ]);
      expect(broken.report.findings[1]?.what).toContain(`:${database.port} was open`);
      expect(broken.report.findings[1]?.mend).toContain("AWS_LWA_SNAPSTART_BEFORE_CHECKPOINT_PATH");
      const sound = await check("sound", "connection.mjs", "node", [...reach, ...hook]);
      expect(sound.report).toMatchObject({ engine: "criu", findings: [] });
    } finally {
      database.close();
    }
  });

  it("names the file that broken/file.mjs writes to outside /tmp, and why a copy after its change is none", async () => {
    const journal = join(folder, "journal");
    const variables = ["-e", `JOURNAL=${journal}`];
    const { code, report } = await check("broken", "file.mjs", "node", variables);
    // The first copy writes, so there is no second.
    const restore = report.findings.find(({ where }) => where === "the restore");
    expect(restore?.what).toMatch(/journal has bad size[^]*has changed since the snapshot/);
    const file = report.findings.find(({ kind }) => kind === "shared-file");
    expect(file).toMatchObject({ grade: "look", where: journal });
    expect(file?.mend).toContain("/tmp");
    expect(code).toBe(1);
    expect((await check("sound", "file.mjs", "node")).report).toMatchObject({ engine: "criu", findings: [] });
  });
});
