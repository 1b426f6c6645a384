import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

let program: string;
beforeAll(async () => {
  program = join(mkdtempSync(join(tmpdir(), "anylambda-program-")), "run.mjs");
  const module = fileURLToPath(new URL("test-directory.ts", import.meta.url));
  // What vitest does, without vitest: takes the directory, works, and exits.
  const contents = `
    import { tmpdir } from "node:os";
    import { useTestDirectory } from ${JSON.stringify(module)};
    const place = tmpdir();
    useTestDirectory([place]);
    console.log(tmpdir());
    process.stdin.on("data", (text) => {
      if (String(text).startsWith("throw")) throw new Error("a run that breaks");
      process.exit();
    });`;
  await build({
    stdin: { contents, resolveDir: "/" },
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
  });
});

/** A run, at work. */
async function run(place: string, variables: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [program], { env: { TMPDIR: place, ...variables } });
  let complaints = "";
  child.stderr.on("data", (text: Buffer) => (complaints += text.toString()));
  const ended = new Promise<{ code: number | null; complaints: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, complaints }));
  });
  const directory = await new Promise<string>((resolve) => {
    child.stdout.on("data", (text: Buffer) => resolve(text.toString().trim()));
  });
  const end = (word = "end") => {
    child.stdin.write(word);
    return ended;
  };
  const kill = () => {
    child.kill("SIGKILL");
    return ended;
  };
  return { directory, end, kill };
}

const newPlace = (): string => mkdtempSync(join(tmpdir(), "anylambda-place-"));

describe("the directory of a run of tests", () => {
  it("goes with all that is in it, also when the run breaks (1)", async () => {
    const place = newPlace();
    for (const word of ["end", "throw"]) {
      const { directory, end } = await run(place);
      expect(directory).toMatch(new RegExp(`^${place}/al-\\d+-\\w{6}$`));
      mkdirSync(join(directory, "deep", "er"), { recursive: true });
      writeFileSync(join(directory, "deep", "er", "file"), "");
      expect((await end(word)).code).toBe(word === "end" ? 0 : 1);
      expect(readdirSync(place)).toEqual([]);
    }
  });

  it("has in it what vitest makes for itself", async () => {
    const place = newPlace();
    const { ANYLAMBDA_TEST_DIRECTORY: _, VITEST: __, ...env } = process.env;
    const words = [join(root, "node_modules/vitest/vitest.mjs"), "run", "--project", "wire", "percent.test"];
    const child = spawn(process.execPath, words, { cwd: root, env: { ...env, TMPDIR: place } });
    const ended = new Promise((resolve) => child.on("close", resolve));
    const seen = new Set<string>();
    const watcher = watch(place, (_event, name) => seen.add(String(name)));
    let output = "";
    child.stdout.on("data", (text: Buffer) => (output += text.toString()));
    await ended;
    watcher.close();
    expect(output).toMatch(/Test Files .*passed/);
    expect([...seen]).toEqual([expect.stringMatching(new RegExp(`^al-${child.pid}-\\w{6}$`))]);
    expect(readdirSync(place)).toEqual([]);
  });

  it("goes with the next run when the run was killed (1)", async () => {
    const place = newPlace();
    const killed = await run(place);
    await killed.kill();
    expect(existsSync(killed.directory)).toBe(true);
    const next = await run(place);
    expect(existsSync(killed.directory)).toBe(false);
    expect(await next.end()).toEqual({ code: 0, complaints: "" });
    expect(readdirSync(place)).toEqual([]);
  });

  it("stands alone: what is left beside it fails the run and is named (2)", async () => {
    const place = newPlace();
    mkdirSync(join(place, "anylambda-of-before"));
    const { end } = await run(place);
    mkdirSync(join(place, "anylambda-event-1a2b3c"));
    mkdirSync(join(place, "tomcat.8080.1"));
    mkdirSync(join(place, "somebody-else"));
    mkdirSync(join(place, "hsperfdata_tester"));
    const { code, complaints } = await end();
    expect(code).toBe(1);
    expect(complaints.split("\n").filter((line) => line.startsWith("  "))).toEqual([
      `  ${join(place, "anylambda-event-1a2b3c")}`,
      `  ${join(place, "tomcat.8080.1")}`,
    ]);
    expect(existsSync(join(place, "hsperfdata_tester"))).toBe(false);
  });

  it("only names what is left while another run goes on (2)", async () => {
    const place = newPlace();
    const [first, second] = [await run(place), await run(place)];
    mkdirSync(join(place, "sandbox-1a2b3c"));
    const { code, complaints } = await first.end();
    expect(code).toBe(0);
    expect(complaints).toContain(join(place, "sandbox-1a2b3c"));
    expect(complaints).not.toContain(second.directory);
    expect(existsSync(second.directory)).toBe(true);
    await second.end();
  });

  it("is that of the outer run for one that a test starts (3)", async () => {
    const place = newPlace();
    const { directory, end } = await run(place, { ANYLAMBDA_TEST_DIRECTORY: place });
    expect(directory).toBe(place);
    mkdirSync(join(place, "sandbox-1a2b3c"));
    expect(await end()).toEqual({ code: 0, complaints: "" });
  });
});
