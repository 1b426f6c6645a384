/** What is shipped of the native adapter: packages, layer, image. Built anew here, and used as their users would. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromBuffer } from "yauzl";
import type { Entry } from "yauzl";

const root = fileURLToPath(new URL("..", import.meta.url));
const own = `linux-${process.arch}`;
const names = ["linux-x64", "linux-arm64"];
// `build:native` leaves the notices beside its files.
const hasNotices = existsSync(join(root, "dist", "native", "THIRD-PARTY-NOTICES.txt"));
const built = names.filter(
  (name) =>
    hasNotices &&
    ["lambda-adapter", "anylambda-pod"].every((file) => existsSync(join(root, "dist", "native", name, file))),
);
const hasOwn = built.includes(own);
const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "anylambda-shipping-"));
  folders.push(folder);
  return folder;
}

interface Ending {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(file: string, args: readonly string[], cwd = root, env: NodeJS.ProcessEnv = {}): Ending {
  return spawnSync(file, args, { cwd, encoding: "utf8", env: { ...process.env, ...env } });
}

/** A build script to its end. */
function build(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  const { status, stderr } = run(process.execPath, [join(root, "scripts", name), ...args], root, env);
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe.skipIf(!hasOwn)(`the packages (${own} of the adapter must be built)`, () => {
  const npm = join(root, "dist", "npm");

  beforeAll(() => build("build-packages.mjs", built));

  it.each(["anylambda", `adapter-${own}`])("%s has nothing that publint finds fault with", async (name) => {
    const pkgDir = join(npm, name);
    const manifest = JSON.parse(readFileSync(join(pkgDir, "package.json"), "utf8")) as Record<
      string,
      unknown
    >;
    const { messages } = await publint({ pkgDir, strict: true });
    expect(messages.map((message) => formatMessage(message, manifest))).toEqual([]);
    expect(manifest).toMatchObject({ version: "0.1.0", license: "Apache-2.0" });
  });

  it("are tied to each other, and to the machines they are for", () => {
    const manifest = (name: string): unknown =>
      JSON.parse(readFileSync(join(npm, name, "package.json"), "utf8"));
    expect(manifest("anylambda")).toMatchObject({
      bin: { anylambda: "dist/bundle/anylambda.mjs" },
      optionalDependencies: {
        "@anylambda/adapter-linux-x64": "0.1.0",
        "@anylambda/adapter-linux-arm64": "0.1.0",
      },
    });
    expect(manifest("anylambda")).not.toHaveProperty("dependencies");
    for (const name of built)
      expect(manifest(`adapter-${name}`)).toMatchObject({
        os: ["linux"],
        cpu: [name.slice("linux-".length)],
      });
  });

  /** An empty project into which they were installed without a registry. */
  function installedProject(): string {
    const project = temporary();
    writeFileSync(join(project, "package.json"), '{ "name": "shop", "private": true }\n');
    const packed = ["anylambda-0.1.0.tgz", `anylambda-adapter-${own}-0.1.0.tgz`];
    const options = ["--offline", "--no-audit", "--no-fund", "--cache", join(project, ".npm")];
    const installed = run("npm", ["install", ...options, ...packed.map((file) => join(npm, file))], project);
    expect(installed.stderr).not.toContain("npm error");
    expect(installed.status).toBe(0);
    return project;
  }

  it("install into an empty project without a registry, and run the native adapter", () => {
    const project = installedProject();
    const asked = run("npx", ["--offline", "anylambda", "--version"], project);
    expect(asked).toMatchObject({ status: 0, stdout: "0.1.0\n" });

    const app = `require("node:http").createServer((_, response) => response.end('"from the app"')).listen(process.env.PORT)`;
    writeFileSync(join(project, "app.cjs"), app);
    const invoked = run(
      "npx",
      ["--offline", "anylambda", "invoke", "--sample", "sqs", "--", "node", "app.cjs"],
      project,
    );
    expect(invoked).toMatchObject({ status: 0, stdout: '"from the app"\n' });
    expect(invoked.stderr).toMatch(/Starting node app\.cjs \(.*, native adapter\)/);
    const nativeFile = join(project, "node_modules", "@anylambda", `adapter-${own}`, "lambda-adapter");
    expect(statSync(nativeFile).mode & 0o777).toBe(0o755);
  });

  it("bring what snapshots need but CRIU, and say what brings that", () => {
    const project = installedProject();
    const pod = join(project, "node_modules", "@anylambda", `adapter-${own}`, "anylambda-pod");
    expect(statSync(pod).mode & 0o777).toBe(0o755);
    interface Told {
      readonly ok: boolean;
      readonly findings: readonly { what: string; ok: boolean; detail: string }[];
    }
    const doctor = (env: NodeJS.ProcessEnv): Told => {
      const words = [join(project, "node_modules", "anylambda", "dist", "bundle", "anylambda.mjs")];
      const told = run(process.execPath, [...words, "snapshot", "doctor", "--json"], project, env);
      return JSON.parse(told.stdout) as Told;
    };
    const of = (told: Told, what: string) => told.findings.find((finding) => finding.what === what);
    const cache = join(project, "cache");
    const without = doctor({ XDG_CACHE_HOME: cache, PATH: "", ANYLAMBDA_CRIU: "" });
    expect(of(without, "pods")).toEqual({ what: "pods", ok: true, detail: pod });
    expect(of(without, "anylambda-pod")).toBeUndefined();
    // What the machine has of its own is found at its usual place.
    if (!existsSync("/usr/sbin/criu")) {
      const script = /bash (\S+) (\S+)/.exec(of(without, "criu")?.detail ?? "");
      expect(script?.[2]).toBe(join(cache, "anylambda", "criu"));
      expect(readFileSync(script?.[1] ?? "", "utf8")).toMatch(/^#!\/bin\/bash\n/);
    }
    // Put where that script puts it, it is found; and where this machine can freeze at all, it does so by these two.
    const here = doctorHere();
    const criu = join(root, "target", "criu");
    if (existsSync(criu)) {
      mkdirSync(join(cache, "anylambda"), { recursive: true });
      symlinkSync(criu, join(cache, "anylambda", "criu"));
      const told = doctor({ XDG_CACHE_HOME: cache });
      expect(of(told, "CRIU")?.detail).toContain(cache);
      expect(told.ok).toBe(here);
    }
  });

  /** Whether the checkout's own command can freeze on this machine. */
  function doctorHere(): boolean {
    const command = join(root, "packages", "cli", "dist", "bundle", "anylambda.mjs");
    return run(process.execPath, [command, "snapshot", "doctor"]).status === 0;
  }

  it("name the licences of what is inside", () => {
    const notices = readFileSync(join(npm, `adapter-${own}`, "THIRD-PARTY-NOTICES.txt"), "utf8");
    const works = ["rquickjs", "Fabrice Bellard", "brotli", "musl", "The Rust standard library", "mio"];
    for (const work of [...works, "serde_json"]) expect(notices).toContain(work);
    expect(readFileSync(join(npm, "anylambda", "THIRD-PARTY-NOTICES.txt"), "utf8")).toContain(
      "commander 14.0.3 (MIT)",
    );
  });
});

interface ZipFile {
  readonly entry: Entry;
  readonly bytes: Buffer;
}

function unzip(file: string): Promise<Map<string, ZipFile>> {
  return new Promise((resolve, reject) => {
    fromBuffer(readFileSync(file), { lazyEntries: true }, (error, zip) => {
      if (zip === undefined) return reject(error ?? new Error("no zip file"));
      const files = new Map<string, ZipFile>();
      zip.on("entry", (entry: Entry) => {
        zip.openReadStream(entry, (failure, stream) => {
          if (stream === undefined) return reject(failure ?? new Error(entry.fileName));
          const pieces: Buffer[] = [];
          stream.on("data", (piece: Buffer) => pieces.push(piece));
          stream.on("end", () => {
            files.set(entry.fileName, { entry, bytes: Buffer.concat(pieces) });
            zip.readEntry();
          });
        });
      });
      zip.on("end", () => resolve(files));
      zip.on("error", reject);
      zip.readEntry();
    });
  });
}

describe.skipIf(!hasOwn)(`the layer (${own} of the adapter must be built)`, () => {
  const lambdaName = own === "linux-x64" ? "x86_64" : "arm64";
  const file = join(root, "dist", "layer", `anylambda-adapter-${lambdaName}.zip`);

  beforeAll(() => build("build-layer.mjs", [own]));

  it("has the files of LWA's layer, the programs executable, and the licences", async () => {
    const files = await unzip(file);
    const modes = [...files].map(([name, { entry }]) => [
      name,
      (entry.externalFileAttributes >>> 16).toString(8),
    ]);
    expect(modes).toEqual([
      ["bootstrap", "100755"],
      ["extensions/lambda-adapter", "100755"],
      ["licenses/anylambda/LICENSE", "100644"],
      ["licenses/anylambda/THIRD-PARTY-NOTICES.txt", "100644"],
    ]);
    const adapter = readFileSync(join(root, "dist", "native", own, "lambda-adapter"));
    expect(files.get("extensions/lambda-adapter")?.bytes.equals(adapter)).toBe(true);
  });

  it("is the same bytes each time, in every time zone", () => {
    const first = sha256(readFileSync(file));
    build("build-layer.mjs", [own], { TZ: "Pacific/Kiritimati" });
    expect(sha256(readFileSync(file))).toBe(first);
  });

  it("is the adapter of a function that has it at /opt", async () => {
    const opt = await laidOut(file);
    const code = temporary();
    const app = `require("node:http").createServer((_, response) => response.end('"behind the layer"')).listen(process.env.PORT)`;
    writeFileSync(join(code, "app.cjs"), app);
    const command = join(root, "packages", "cli", "dist", "bundle", "anylambda.mjs");
    const port = String(await freePort());
    const options = [
      "--no-adapter",
      "--opt",
      opt,
      "--code",
      code,
      "-e",
      `PORT=${port}`,
      "-e",
      `AWS_LWA_PORT=${port}`,
    ];
    const invoked = run(process.execPath, [
      command,
      "invoke",
      "--sample",
      "sqs",
      ...options,
      "--",
      "node",
      "app.cjs",
    ]);
    expect(invoked).toMatchObject({ status: 0, stdout: '"behind the layer"\n' });
  });

  it("has a bootstrap that becomes the handler, whatever the runtime's own command", async () => {
    const opt = await laidOut(file);
    const code = temporary();
    const handler = '#!/bin/sh\necho "handler $# $(pwd) $MARK"\n';
    writeFileSync(join(code, "run.sh"), handler, { mode: 0o755 });
    const env = { LAMBDA_TASK_ROOT: code, _HANDLER: "run.sh", MARK: "kept" };
    const args = ["/var/lang/bin/node", "--expose-gc"];
    const started = run(join(opt, "bootstrap"), args, "/", env);
    expect(started).toMatchObject({ status: 0, stdout: "handler 0 / kept\n", stderr: "" });
    const missing = run(join(opt, "bootstrap"), args, "/", { ...env, _HANDLER: "app.handler" });
    expect(missing.status).not.toBe(0);
    expect(missing.stderr).toContain("The handler must name a program in the function's code");
  });

  async function laidOut(zip: string): Promise<string> {
    const opt = temporary();
    for (const [name, { entry, bytes }] of await unzip(zip)) {
      mkdirSync(dirname(join(opt, name)), { recursive: true });
      writeFileSync(join(opt, name), bytes, { mode: (entry.externalFileAttributes >>> 16) & 0o777 });
    }
    return opt;
  }
});

async function freePort(): Promise<number> {
  const { createServer } = await import("node:net");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: unknown;
  readonly annotations?: Readonly<Record<string, string>>;
}

describe.skipIf(built.length < names.length)(
  "what README.md says of it (both adapters must be built)",
  () => {
    it("names files and folders that the builds leave, with the version they have", () => {
      for (const script of ["build-layer.mjs", "build-image.mjs"]) build(script, []);
      const readme = readFileSync(join(root, "README.md"), "utf8");
      const [, onAws = ""] = /^## On AWS today$([^]*?)^## /m.exec(readme) ?? [];
      const named = [...onAws.matchAll(/\bdist\/[\w./-]+\w/g)].map(([path]) => path);
      expect(named.length).toBeGreaterThan(2);
      for (const path of named) expect(existsSync(join(root, path)), path).toBe(true);
      expect(existsSync(join(root, "dist", "layer", "anylambda-adapter-arm64.zip"))).toBe(true);
      expect(onAws).toContain("oci:dist/image:0.1.0");
      expect(onAws).toContain("/lambda-adapter /opt/extensions/lambda-adapter");
      expect(onAws).toContain("AWS_LAMBDA_EXEC_WRAPPER: /opt/bootstrap");
    });
  },
);

describe.skipIf(built.length < names.length)("the image (both adapters must be built)", () => {
  const layout = join(root, "dist", "image");
  const oci = "application/vnd.oci.image";

  beforeAll(() => build("build-image.mjs", []));

  /** What a descriptor describes, after its digest and its size have been tried. */
  function follow({ digest, size }: Descriptor): Buffer {
    const [algorithm = "", hash = ""] = digest.split(":");
    const bytes = readFileSync(join(layout, "blobs", algorithm, hash));
    expect(bytes.length).toBe(size);
    expect(sha256(bytes)).toBe(hash);
    return bytes;
  }

  function json(bytes: Buffer): unknown {
    return JSON.parse(bytes.toString());
  }

  it("is an OCI layout of one index, with a manifest for each of Lambda's architectures", () => {
    expect(json(readFileSync(join(layout, "oci-layout")))).toEqual({ imageLayoutVersion: "1.0.0" });
    const { schemaVersion, manifests } = json(readFileSync(join(layout, "index.json"))) as {
      schemaVersion: number;
      manifests: Descriptor[];
    };
    expect(schemaVersion).toBe(2);
    expect(manifests).toHaveLength(1);
    const [entry] = manifests as [Descriptor];
    expect(entry.mediaType).toBe(`${oci}.index.v1+json`);
    expect(entry.annotations).toEqual({ "org.opencontainers.image.ref.name": "0.1.0" });
    const index = json(follow(entry)) as { mediaType: string; manifests: Descriptor[] };
    expect(index.mediaType).toBe(entry.mediaType);
    expect(index.manifests.map(({ platform }) => platform)).toEqual([
      { architecture: "amd64", os: "linux" },
      { architecture: "arm64", os: "linux", variant: "v8" },
    ]);
    for (const [at, descriptor] of index.manifests.entries()) {
      expect(descriptor.mediaType).toBe(`${oci}.manifest.v1+json`);
      const manifest = json(follow(descriptor)) as {
        mediaType: string;
        config: Descriptor;
        layers: Descriptor[];
      };
      expect(manifest.mediaType).toBe(descriptor.mediaType);
      expect(manifest.config.mediaType).toBe(`${oci}.config.v1+json`);
      expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual([`${oci}.layer.v1.tar+gzip`]);
      const layer = gunzipSync(follow(manifest.layers[0] as Descriptor));
      expect(json(follow(manifest.config))).toMatchObject({
        ...(descriptor.platform as object),
        rootfs: { type: "layers", diff_ids: [`sha256:${sha256(layer)}`] },
      });
      const adapter = readFileSync(join(root, "dist", "native", names[at] ?? "", "lambda-adapter"));
      expect(sha256(untarred(layer, "lambda-adapter"))).toBe(sha256(adapter));
    }
  });

  /** By the system's tar, which checks the headers' sums. */
  function untarred(tar: Buffer, path: string): Buffer {
    const folder = temporary();
    writeFileSync(join(folder, "layer.tar"), tar);
    expect(run("tar", ["-tvf", "layer.tar"], folder, { TZ: "UTC" }).stdout).toContain("-rwxr-xr-x 0/0");
    expect(run("tar", ["-xf", "layer.tar", path], folder).status).toBe(0);
    expect(statSync(join(folder, path)).mode & 0o777).toBe(0o755);
    return readFileSync(join(folder, path));
  }

  it("is the same bytes each time, as a folder and as a file", () => {
    const first = sha256(readFileSync(join(root, "dist", "image.tar")));
    build("build-image.mjs", []);
    expect(sha256(readFileSync(join(root, "dist", "image.tar")))).toBe(first);
    const listed = run("tar", ["-tf", join(root, "dist", "image.tar")]).stdout.split("\n");
    expect(listed).toContain("index.json");
    expect(listed).toContain("oci-layout");
  });

  const hasSkopeo = run("skopeo", ["--version"]).status === 0;

  it.skipIf(!hasSkopeo)("is taken by skopeo, for either architecture (needs skopeo)", () => {
    for (const architecture of ["amd64", "arm64"]) {
      for (const source of [`oci:${layout}:0.1.0`, `oci-archive:${join(root, "dist", "image.tar")}:0.1.0`]) {
        const copy = temporary();
        const copied = run("skopeo", [
          "--insecure-policy",
          "copy",
          "--override-arch",
          architecture,
          source,
          `dir:${copy}`,
        ]);
        expect(copied.stderr).toBe("");
        expect(copied.status).toBe(0);
        expect(existsSync(join(copy, "manifest.json"))).toBe(true);
      }
    }
  });
});
