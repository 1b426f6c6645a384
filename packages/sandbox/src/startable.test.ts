import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { launch } from "./processes.ts";
import { startFaultOf } from "./startable.ts";
import { directory } from "./testing/harness.ts";

const place = directory();
const onLinux = process.platform === "linux";

function made(name: string, content: string | Buffer, mode = 0o755): string {
  const file = join(place, name);
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

/** The file of a program of this machine, changed in one place. */
function patched(name: string, change: (bytes: Buffer) => void): string {
  const bytes = readFileSync("/bin/true");
  change(bytes);
  return made(name, bytes);
}

const sentence = (file: string): string =>
  startFaultOf(file, place, "")?.sentence.replaceAll(`${place}/`, "") ?? "";

describe("startFaultOf", () => {
  it("has nothing against what the kernel starts", async () => {
    const copy = join(place, "true");
    copyFileSync("/bin/true", copy);
    chmodSync(copy, 0o755);
    for (const file of [
      "/bin/true",
      copy,
      "true",
      made("script", "#!/bin/sh\n"),
      made("env", "#! /usr/bin/env sh\n"),
    ])
      expect(startFaultOf(file, place, "/nowhere:/bin")).toBeUndefined();
    expect(startFaultOf("./script", place, "")).toBeUndefined();
  });

  it("passes over what cannot be looked at, as a directory of somebody else's in PATH", () => {
    const loop = join(place, "loop");
    symlinkSync(loop, loop);
    expect(startFaultOf("true", place, `${loop}:/bin`)).toBeUndefined();
    expect(sentence(loop)).toBe("There is no loop");
  });

  it("knows each mistake", () => {
    mkdirSync(join(place, "folder"), { recursive: true });
    expect(sentence(join(place, "missing"))).toBe("There is no missing");
    expect(sentence("nosuchprogram")).toBe("There is no nosuchprogram");
    expect(sentence(join(place, "folder"))).toBe("folder is no file");
    expect(sentence(made("plain", "#!/bin/sh\n", 0o644))).toBe("plain is not executable: chmod +x plain");
  });

  it.runIf(onLinux)("knows the mistakes inside a file", () => {
    expect(sentence(made("empty", ""))).toBe("empty is empty");
    expect(sentence(made("text", "echo hello\n"))).toContain("its first line must be like #!/bin/sh");
    expect(sentence(made("crlf", "#!/bin/sh\r\necho\r\n"))).toContain("CR LF");
    expect(sentence(made("lost", "#!/opt/lost/python3 -u\n"))).toContain(
      "the interpreter /opt/lost/python3, which",
    );
  });

  it.runIf(onLinux && process.arch === "x64")("knows a program of another system", () => {
    const emulated = startFaultOf(
      patched("arm", (bytes) => bytes.writeUInt16LE(183, 18)),
      place,
      "",
    );
    // With an emulator registered it may well run.
    if (emulated !== undefined)
      expect(emulated.sentence).toMatch(/built for arm64, and this machine is x86_64/);
    const loader = "/lib64/ld-linux-x86-64.so.2";
    const musl = patched("musl", (bytes) => bytes.write("/lib64/ld-lost", bytes.indexOf(loader)));
    expect(sentence(musl)).toContain("needs the loader /lib64/ld-lost");
  });

  it.runIf(onLinux)("says of each what the kernel says, as a launch does", async () => {
    // Without "empty" and "text": Node hands these to a shell when the kernel refuses them, Lambda does not.
    const words = new Map([
      ["ENOENT", "no such file or directory"],
      ["EACCES", "permission denied"],
    ]);
    for (const name of ["missing", "plain", "crlf", "lost"]) {
      const file = join(place, name);
      const options = { program: { file, args: [] }, directory: place, variables: {}, line: () => undefined };
      const launched = await launch(options);
      const error: NodeJS.ErrnoException | undefined = spawnSync(file).error;
      const reason = `fork/exec ${file}: ${words.get(error?.code ?? "")}`;
      expect(launched).toMatchObject({ ok: false, reason });
    }
  });
});
