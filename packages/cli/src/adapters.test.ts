/** Which adapter `dev` and `invoke` run: the built command, copied to places where it finds other things. */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { fixtures } from "./testing/command.ts";

const platform = `${process.platform}-${process.arch}`;
const onLambdasMachines = platform === "linux-x64" || platform === "linux-arm64";
const places: string[] = [];

afterAll(() => {
  for (const place of places) rmSync(place, { recursive: true, force: true });
});

/** A project with the command installed, as npm lays it out, and nothing beside it. */
function project(): string {
  const place = mkdtempSync(join(tmpdir(), "anylambda-adapters-"));
  places.push(place);
  const bundle = join(place, "node_modules", "anylambda", "dist", "bundle");
  cpSync(fileURLToPath(new URL("../dist/bundle", import.meta.url)), bundle, { recursive: true });
  return place;
}

/** Puts a program in a file that says so and ends, where the platform's package has the adapter. */
function installPackage(place: string): void {
  const folder = join(place, "node_modules", "@anylambda", `adapter-${platform}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: `@anylambda/adapter-${platform}` }));
  writeFileSync(join(folder, "lambda-adapter"), "#!/bin/sh\necho packaged adapter\nexit 3\n");
  chmodSync(join(folder, "lambda-adapter"), 0o755);
}

function dev(place: string, ...args: string[]): { code: number | null; told: string } {
  const command = join(place, "node_modules", "anylambda", "dist", "bundle", "anylambda.mjs");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [command, "invoke", "--sample", "sqs", ...args, "--", "node", "app.mjs"],
    { cwd: fixtures, encoding: "utf8" },
  );
  return { code: status, told: stdout + stderr };
}

describe.skipIf(!onLambdasMachines)("the adapter", () => {
  it("is the one on Node where no other is installed, and the command says so", () => {
    const { code, told } = dev(project());
    expect(told).toMatch(/Starting node app\.mjs \(.*, adapter on Node\)/);
    expect(code).toBe(0);
  });

  it("is the platform's package where that is installed", () => {
    const place = project();
    installPackage(place);
    const { code, told } = dev(place);
    expect(told).toMatch(/Starting node app\.mjs \(.*, native adapter\)/);
    expect(told).toContain("packaged adapter");
    expect(code).toBe(1);
  });

  it("is the one on Node for --adapter node, whatever is installed", () => {
    const place = project();
    installPackage(place);
    const { code, told } = dev(place, "--adapter", "node");
    expect(told).toContain("adapter on Node");
    expect(code).toBe(0);
  });

  it("is not taken from a folder of the project that is called as ours in a checkout", () => {
    const place = project();
    const folder = join(place, "dist", "native", platform);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "lambda-adapter"), "#!/bin/sh\nexit 3\n", { mode: 0o755 });
    expect(dev(place).told).toContain("adapter on Node");
  });

  it("that is asked for and missing ends the command with what to do", () => {
    const { code, told } = dev(project(), "--adapter", "native");
    expect(code).toBe(1);
    expect(told).toContain(`There is no native adapter for ${platform} here`);
    expect(told).toContain(`npm install @anylambda/adapter-${platform}`);
  });

  const built = fileURLToPath(new URL(`../../../dist/native/${platform}/lambda-adapter`, import.meta.url));

  it.skipIf(!existsSync(built))("is the one that the checkout has built, in a checkout", () => {
    const command = fileURLToPath(new URL("../dist/bundle/anylambda.mjs", import.meta.url));
    const { status, stderr } = spawnSync(
      process.execPath,
      [command, "invoke", "--json", "--sample", "sqs", "--", "node", "app.mjs"],
      { cwd: fixtures, encoding: "utf8" },
    );
    const [starting] = stderr.split("\n").map((line) => (line === "" ? {} : (JSON.parse(line) as object)));
    expect(starting).toMatchObject({ type: "starting", adapter: "native" });
    expect(status).toBe(0);
  });
});

describe("without an adapter", () => {
  it.each(["--no-adapter", "--adapter=none"])("a function speaks for itself: %s", (option) => {
    const command = fileURLToPath(new URL("../dist/bundle/anylambda.mjs", import.meta.url));
    const { status, stderr } = spawnSync(
      process.execPath,
      [command, "invoke", "--sample", "sqs", option, "--", "node", "runtime.mjs"],
      { cwd: fixtures, encoding: "utf8" },
    );
    expect(status).toBe(0);
    expect(stderr).toMatch(/Starting node runtime\.mjs \(fixtures, 512 MB, 30 s\)/);
  });
});
