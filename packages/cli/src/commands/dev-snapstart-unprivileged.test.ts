import { spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixtures } from "../testing/command.ts";

// `dev --snapstart` by somebody who is not root, as an installed command: a copy of the bundle that everybody may read,
// with nothing of the checkout around it. Root becomes nobody for it; whoever is not root is somebody else already.
const isRoot = process.getuid?.() === 0;
const become = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
const [asNobody, ...rest] = [...become, process.execPath];
const missing =
  process.platform !== "linux"
    ? " (Linux only)"
    : spawnSync(asNobody, [...rest, "--version"]).status === 0
      ? ""
      : " (needs setpriv, and a Node that everybody may run)";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const pod = join(root, "dist", "native", `linux-${process.arch}`, "anylambda-pod");
const criu = join(root, "target", "criu", "criu");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "anylambda-nobody-"));
  chmodSync(folder, 0o755);
  cpSync(fileURLToPath(new URL("../../dist/bundle", import.meta.url)), join(folder, "bundle"), {
    recursive: true,
  });
  copyFileSync(join(fixtures, "app.mjs"), join(folder, "app.mjs"));
  if (existsSync(pod)) copyFileSync(pod, join(folder, "anylambda-pod"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function command(words: readonly string[], variables: Readonly<Record<string, string>>) {
  const child = spawn(asNobody, [...rest, join(folder, "bundle", "anylambda.mjs"), ...words], {
    cwd: folder,
    env: {
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      HOME: folder,
      TMPDIR: tmpdir(),
      ...variables,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const told = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => (told[stream] += text));
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (status) => resolve({ status, ...told }));
  });
  return { child, told, ended };
}

/** What `dev --snapstart` said over two requests that need a copy each. */
async function served(variables: Readonly<Record<string, string>>): Promise<Ended> {
  const words = ["dev", "-p", "0", "--no-dashboard", "--snapstart", "--", process.execPath, "app.mjs"];
  const { child, told, ended } = command(words, variables);
  const url = await Promise.race([
    ended.then(({ stdout, stderr }) => Promise.reject(new Error(`It ended: ${stdout}${stderr}`))),
    until(() => /http:\/\/127\.0\.0\.1:\d+\//.exec(told.stdout)?.[0]),
  ]);
  const variablesSeen = (await (await fetch(new URL("variables", url))).json()) as Record<string, string>;
  expect(variablesSeen["AWS_LAMBDA_INITIALIZATION_TYPE"]).toBe("snap-start");
  await until(() => /^.*REPORT RequestId: .*Restore Duration/m.exec(told.stdout)?.[0]);
  child.kill("SIGINT");
  return ended;
}

async function until(look: () => string | undefined): Promise<string> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function expectReplay({ status, stdout, stderr }: Ended, why: RegExp): void {
  expect(status).toBe(0);
  // One line, before anything else, and one more each time that an app is started in the place of a restore.
  const warnings = stderr.split("\n").filter(Boolean);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/^warning: SnapStart is replayed \(.*\): .*its memory is not restored$/);
  expect(warnings[0]).toMatch(why);
  const times = (line: RegExp): number => stdout.split("\n").filter((one) => line.test(one)).length;
  expect(times(/Replay: the app is started anew, its memory is not restored$/)).toBe(
    times(/RESTORE_REPORT /),
  );
  expect(times(/RESTORE_REPORT /)).toBeGreaterThan(0);
}

describe.skipIf(missing !== "")(`dev --snapstart without root${missing}`, () => {
  it("replays where nothing of what it needs is there, and says so", async () => {
    const none = { ANYLAMBDA_CRIU: join(folder, "none"), XDG_CACHE_HOME: join(folder, "none") };
    expectReplay(
      await served(none),
      /anylambda-pod: .*is missing\. .*npm install @anylambda\/adapter-linux-/,
    );
  });

  it.skipIf(!existsSync(pod))("replays where CRIU is unable, and says so", async () => {
    const unable = { ANYLAMBDA_POD: join(folder, "anylambda-pod"), ANYLAMBDA_CRIU: "/bin/false" };
    const why = /freezing and restoring a small program: CRIU could not dump the process tree/;
    const refused = /freezing and restoring a small program: .*(not permitted|denied|refused)/i;
    expectReplay(await served(unable), new RegExp(`${why.source}|${refused.source}`, "i"));
  });

  it.skipIf(!existsSync(pod) || !existsSync(criu))(
    "does what its doctor says where CRIU may be able, in a user namespace",
    async () => {
      const able = { ANYLAMBDA_POD: join(folder, "anylambda-pod"), ANYLAMBDA_CRIU: criu };
      const doctor = await command(["snapshot", "doctor", "--json"], able).ended;
      const { ok, findings } = JSON.parse(doctor.stdout) as {
        ok: boolean;
        findings: { what: string; ok: boolean; detail: string }[];
      };
      expect(doctor.status).toBe(ok ? 0 : 1);
      expect(findings.find(({ what }) => what === "rights")?.detail).toMatch(/^no root/);
      const ended = await served(able);
      if (!ok) return expectReplay(ended, /SnapStart/);
      expect(ended).toMatchObject({ status: 0, stderr: "" });
      expect(ended.stdout).toMatch(/RESTORE_REPORT /);
      expect(ended.stdout).not.toContain("Replay:");
    },
  );
});
