import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";

const here = process.platform === "linux" ? "" : " (Linux only)";

let program: string;
beforeAll(async () => {
  program = join(mkdtempSync(join(tmpdir(), "anylambda-program-")), "owner.mjs");
  const module = fileURLToPath(new URL("own-directory.ts", import.meta.url));
  const contents = `
    import { ownDirectory } from ${JSON.stringify(module)};
    const place = process.argv[2];
    if (ownDirectory(place) !== ownDirectory(place)) throw new Error("not the same");
    console.log(ownDirectory(place));
    process.stdin.on("data", () => process.exit());`;
  const stdin = { contents, resolveDir: "/" };
  await build({ stdin, outfile: program, bundle: true, platform: "node", format: "esm" });
});

/** A process that has its directory, with a file in it. */
async function owner(place: string) {
  const child = spawn(process.execPath, [program, place], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => {
    child.on("close", () => resolve());
  });
  const directory = await new Promise<string>((resolve) => {
    child.stdout.on("data", (text: Buffer) => resolve(text.toString().trim()));
  });
  mkdirSync(join(directory, "probe-1a2b3c", "image.unfinished"), { recursive: true });
  writeFileSync(join(directory, "probe-1a2b3c", "image.unfinished", "pages.img"), "");
  const end = () => {
    child.stdin.write("end");
    return ended;
  };
  const kill = () => {
    child.kill("SIGKILL");
    return ended;
  };
  return { pid: child.pid ?? 0, directory, end, kill };
}

const newPlace = (): string => mkdtempSync(join(tmpdir(), "anylambda-place-"));

describe.skipIf(here !== "")(`ownDirectory${here}`, () => {
  it("ends with its process, and what all have in common with the last (1)", async () => {
    const place = newPlace();
    const [first, second] = [await owner(place), await owner(place)];
    await first.end();
    expect(existsSync(first.directory)).toBe(false);
    expect(existsSync(second.directory)).toBe(true);
    await second.end();
    expect(readdirSync(place)).toEqual([]);
  });

  it("ends with the next process when its own was killed (1)", async () => {
    const place = newPlace();
    const [killed, other] = [await owner(place), await owner(place)];
    await killed.kill();
    expect(existsSync(killed.directory)).toBe(true);
    const next = await owner(place);
    expect(existsSync(killed.directory)).toBe(false);
    expect(existsSync(other.directory)).toBe(true);
    await Promise.all([other.end(), next.end()]);
    expect(readdirSync(place)).toEqual([]);
  });

  it("is known by process, start and namespace: an id that came again saves nothing, a container's counts nothing (2)", async () => {
    const place = newPlace();
    const shared = join(place, `anylambda-${process.getuid?.() ?? 0}`);
    const namespace = /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0];
    // This process lives, and did not start then; of the second there is none here.
    const again = `${process.pid}-1-${namespace}`;
    const elsewhere = `${2 ** 22 + 1}-1-1`;
    const earlier = [String(process.pid), String(2 ** 22 + 1)] as const;
    for (const name of [again, elsewhere, ...earlier, "notes"])
      mkdirSync(join(shared, name), { recursive: true, mode: 0o700 });
    const { directory, end } = await owner(place);
    expect(readdirSync(shared).toSorted()).toEqual(
      [elsewhere, earlier[0], "notes", directory.slice(shared.length + 1)].toSorted(),
    );
    await end();
  });

  it("is refused where others can read", async () => {
    const place = newPlace();
    mkdirSync(join(place, `anylambda-${process.getuid?.() ?? 0}`), { mode: 0o755 });
    const child = spawn(process.execPath, [program, place]);
    let said = "";
    child.stderr.on("data", (text: Buffer) => (said += text.toString()));
    await new Promise((resolve) => child.on("close", resolve));
    expect(said).toContain("is not ours alone. Remove it");
  });
});
