import {
  createWriteStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, expect, it } from "vitest";
import { maxLayers, mergeLayers } from "./layers.ts";
import { directory, rig } from "./testing/harness.ts";

interface Zip {
  addBuffer(content: Buffer, name: string, options: { readonly mode: number }): void;
  end(): void;
  readonly outputStream: Readable;
}

/** It has no types of its own. */
const name: string = "yazl";
const { ZipFile } = (await import(name)) as { ZipFile: new () => Zip };

type Content = Readonly<Record<string, { readonly text: string; readonly mode?: number }>>;

async function zipOf(content: Content): Promise<string> {
  const zip = new ZipFile();
  for (const [name, { text, mode = 0o100644 }] of Object.entries(content))
    zip.addBuffer(Buffer.from(text), name, { mode });
  zip.end();
  const file = join(directory(), "layer.zip");
  await pipeline(zip.outputStream, createWriteStream(file));
  return file;
}

function directoryOf(content: Content): string {
  const place = directory();
  for (const [name, { text, mode = 0o644 }] of Object.entries(content)) {
    mkdirSync(join(place, name, ".."), { recursive: true });
    writeFileSync(join(place, name), text, { mode });
  }
  return place;
}

const read = (root: string, name: string): string => readFileSync(join(root, name), "utf8");

describe("mergeLayers", () => {
  it("puts later files over earlier ones, and keeps links and permissions", async () => {
    const first = directoryOf({
      "bin/tool": { text: "#!/bin/sh\n", mode: 0o755 },
      both: { text: "first" },
      "is/directory": { text: "x" },
    });
    symlinkSync("both", join(first, "link"));
    const second = await zipOf({
      both: { text: "second" },
      "bin/other": { text: "o", mode: 0o100755 },
      "lib/alias": { text: "../both", mode: 0o120777 },
      is: { text: "a file now" },
    });
    const root = await mergeLayers([first, second], directory());
    expect(read(root, "both")).toBe("second");
    expect(read(root, "link")).toBe("second");
    expect(read(root, "lib/alias")).toBe("second");
    expect(read(root, "is")).toBe("a file now");
    for (const name of ["bin/tool", "bin/other"])
      expect(lstatSync(join(root, name)).mode & 0o111).toBe(0o111);
    expect(lstatSync(join(root, "both")).mode & 0o111).toBe(0);
  });

  it("is made once for the same content, and leaves nothing half made (2)", async () => {
    const cache = directory();
    const layer = await zipOf({ a: { text: "1" } });
    const root = await mergeLayers([layer], cache);
    expect(await mergeLayers([layer], cache)).toBe(root);
    expect(await mergeLayers([await zipOf({ a: { text: "2" } })], cache)).not.toBe(root);
    const broken = join(directory(), "broken.zip");
    writeFileSync(broken, readFileSync(layer).subarray(10));
    await expect(mergeLayers([broken], cache)).rejects.toThrow(/no .*zip file/);
    expect(readdirSync(cache)).toHaveLength(2);
  });

  it("writes nothing outside, whatever an archive says (1)", async () => {
    const outside = directory();
    const through = await zipOf({ out: { text: outside, mode: 0o120777 }, "out/owned": { text: "x" } });
    await expect(mergeLayers([through], directory())).rejects.toThrow(/leads out of \/opt by a link/);
    const upward = await zipOf({ "aa/owned": { text: "x" } });
    const bytes = readFileSync(upward);
    writeFileSync(upward, Buffer.from(bytes.toString("latin1").replaceAll("aa/owned", "../owned"), "latin1"));
    await expect(mergeLayers([upward], directory())).rejects.toThrow(/invalid relative path/);
    expect(existsSync(join(outside, "owned"))).toBe(false);
  });

  it("takes no more than Lambda does", async () => {
    const many = Array.from({ length: maxLayers + 1 }, () => directory());
    await expect(mergeLayers(many, directory())).rejects.toThrow(/at most 5/);
    await expect(mergeLayers([join(directory(), "missing")], directory())).rejects.toThrow(
      /There is no layer/,
    );
    const large = directoryOf({});
    for (const name of ["a", "b", "c"]) writeFileSync(join(large, name), Buffer.alloc(90 * 1_048_576));
    await expect(mergeLayers([large], directory())).rejects.toThrow(/250 MB/);
  });

  it("gives a function its bootstrap", async () => {
    const optRoot = await mergeLayers(
      [await zipOf({ bootstrap: { text: "#!/bin/sh\nexit 5\n", mode: 0o100755 } })],
      directory(),
    );
    await using r = await rig({ optRoot, taskRoot: directory(), command: undefined } as object);
    expect((await r.invoke({})).text).toContain("exit status 5");
  });
});
