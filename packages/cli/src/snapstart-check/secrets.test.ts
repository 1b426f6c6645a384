import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { findSecrets, secretsAmong } from "./secrets.ts";

const folders: string[] = [];

function image(files: Readonly<Record<string, Buffer | string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "anylambda-image-"));
  folders.push(folder);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return folder;
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

// Made of two pieces, so that nobody's scanner takes this file for a leak.
const key = ["AKIA", "IOSFODNN7EXAMPLE"].join("");

describe("findSecrets", () => {
  it("finds keys by their form and values that it knows, each once, and shows neither", async () => {
    const folder = image({
      "pages-1.img": `\0\0${key}\0x${key}`,
      "pages-2.img": "\0password=correct horse\0",
    });
    const known = [{ name: "DB_PASSWORD", value: "correct horse" }];
    const findings = await findSecrets(folder, known, []);
    expect(findings.map(({ where, what }) => [where, what])).toEqual([
      ["the image, pages-1.img", "an AWS access key: AKIA…(20 characters)"],
      ["the image, pages-2.img", "the value of DB_PASSWORD: corr…(13 characters)"],
    ]);
  });

  it("finds nothing in an image without, and not what the sandbox itself put there", async () => {
    const folder = image({ "pages-1.img": `nothing ${key}` });
    expect(await findSecrets(folder, [{ name: "SHORT", value: "noth" }], [key])).toEqual([]);
  });

  it("finds a secret wherever it lies, across the pieces in which a file is read", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: (1 << 20) - 40, max: (1 << 20) + 40 }), async (at) => {
        const bytes = Buffer.alloc((1 << 20) + 4096);
        bytes.write(key, at, "latin1");
        expect(await findSecrets(image({ "pages-1.img": bytes }), [], [])).toHaveLength(1);
      }),
      { numRuns: 20 },
    );
  });
});

describe("secretsAmong", () => {
  it("takes variables by their names, and those of a file", () => {
    const variables = {
      DB_PASSWORD: "p",
      GREETING: "hello",
      FROM_FILE: "f",
      NODE_ENV: "test",
      DATABASE_URL: "u",
    };
    const names = secretsAmong(variables, { FROM_FILE: "f", NODE_ENV: "test" }).map(({ name }) => name);
    expect(names).toEqual(["DB_PASSWORD", "FROM_FILE", "DATABASE_URL"]);
  });
});
