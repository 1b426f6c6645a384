import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { exitCodes } from "./exit-codes.ts";
import { run, start } from "./testing/command.ts";
import { version } from "./version.ts";

describe("help", () => {
  it("lists the commands", async () => {
    expect(await run(["--help"])).toMatchSnapshot();
  });
  it("explains dev", async () => {
    expect(await run(["dev", "--help"])).toMatchSnapshot();
  });
  it("explains invoke", async () => {
    expect(await run(["invoke", "--help"])).toMatchSnapshot();
  });
  it("explains snapstart check", async () => {
    expect(await run(["snapstart", "check", "--help"])).toMatchSnapshot();
  });
  it("names every exit code", async () => {
    const { stdout } = await run(["dev", "--help"]);
    for (const { code, meaning } of exitCodes)
      expect(stdout).toContain(`  ${String(code).padEnd(5)}${meaning}`);
  });
  it("stands on stderr, with code 2, when nothing is asked for", async () => {
    const { code, stdout, stderr } = await run([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Usage: anylambda");
  });
});

describe("a reader that has seen enough, as head", () => {
  it.for([["--help"], ["dev", "--help"], ["--version"], ["invoke", "--list-samples"]])(
    "%s ends quietly",
    async (args) => {
      const command = start(args);
      command.closeOutput();
      expect(await command.result).toEqual({ code: 0, stdout: "", stderr: "" });
    },
  );
});

describe("version", () => {
  it("is the package's", async () => {
    const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    expect(manifest).toMatchObject({ version });
    expect(await run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});

describe("usage errors end with code 2 and say what would be right", () => {
  const wrong: [string, string[], string][] = [
    ["an unknown option", ["dev", "--prot", "3", "--", "node"], "Did you mean --port?"],
    ["an unknown command", ["deb"], "Did you mean dev?"],
    ["a port that is no number", ["dev", "-p", "x", "--", "node"], "a whole number from 0 to 65535"],
    ["a timeout beyond Lambda's", ["dev", "--timeout", "901", "--", "node"], "a whole number from 1 to 900"],
    [
      "a memory size below Lambda's",
      ["dev", "--memory", "64", "--", "node"],
      "a whole number from 128 to 10240",
    ],
    ["a variable without value", ["dev", "-e", "HOME", "--", "node"], "--pass-env HOME"],
    ["a variable Lambda does not take", ["dev", "-e", "1A=b", "--", "node"], "begins with a letter"],
    ["a name Lambda does not take", ["dev", "--name", "a b", "--", "node"], "letters, digits, - and _"],
    ["a region that is none", ["dev", "--region", "Frankfurt", "--", "node"], "eu-central-1"],
    ["a door that is none", ["dev", "--door", "nlb", "--", "node"], "function-url, http-api"],
    ["no event", ["invoke", "--", "node"], "--sample NAME"],
    ["two events", ["invoke", "--event", "a", "--sample", "sqs", "--", "node"], "--sample NAME"],
  ];
  it.for(wrong)("%s", async ([, args, hint]) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(hint);
  });
});
