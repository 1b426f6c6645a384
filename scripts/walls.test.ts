import { execFile } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

// The walls of ARCHITECTURE.md, tried: a rule that nobody has seen fail is only a sentence.

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const bin = (name: string): string => join(root, "node_modules", ".bin", name);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "anylambda-walls-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Output of a program, whatever its exit status. */
function outputOf(
  file: string,
  args: string[],
): Promise<{ readonly failed: boolean; readonly text: string }> {
  return new Promise((resolve) => {
    execFile(file, args, { cwd: folder }, (error, stdout, stderr) => {
      resolve({ failed: error !== null, text: stdout + stderr });
    });
  });
}

describe.each(["wire", "adapter"])("the portable room %s", (room) => {
  const compile = (source: string): Promise<{ readonly failed: boolean; readonly text: string }> => {
    write("probe.ts", source);
    write("package.json", '{ "type": "module" }');
    const config = {
      extends: join(root, "packages", room, "tsconfig.json"),
      files: ["probe.ts"],
      include: [],
    };
    const options = { noEmit: true, composite: false, rootDir: folder, tsBuildInfoFile: null };
    write("tsconfig.json", JSON.stringify({ ...config, references: [], compilerOptions: options }));
    return outputOf(bin("tsc"), ["-p", folder]);
  };

  it("compiles plain ECMAScript", async () => {
    const { failed, text } = await compile("export const length: number = new Uint8Array(3).length;\n");
    expect(text).toBe("");
    expect(failed).toBe(false);
  });

  it.each([
    "Buffer.alloc(1)",
    "process.env",
    "setTimeout(() => {}, 1)",
    'fetch("http://localhost")',
    "new TextDecoder()",
    'console.log("x")',
  ])("does not compile %s", async (expression) => {
    const { failed, text } = await compile(`export const probe: unknown = ${expression};\n`);
    expect(failed).toBe(true);
    expect(text).toMatch(/Cannot find name|Do you need to/);
  });

  it("does not compile an import of a Node module", async () => {
    const { failed, text } = await compile(
      'import { connect } from "node:net";\nexport const probe: unknown = connect;\n',
    );
    expect(failed).toBe(true);
    expect(text).toContain("node:net");
  });
});

describe("lint", () => {
  const lint = (...args: string[]): Promise<{ readonly failed: boolean; readonly text: string }> => {
    copyFileSync(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
    return outputOf(bin("oxlint"), ["--deny-warnings", ...args]);
  };

  it.each([
    ["packages/wire/src/probe.ts", "node:fs"],
    ["packages/wire/src/probe.ts", "@anylambda/sandbox"],
    ["packages/adapter/src/probe.ts", "node:net"],
    ["packages/adapter/src/probe.ts", "../platforms/node/platform.ts"],
    ["packages/adapter/src/probe.ts", "@anylambda/wire/node"],
    ["packages/sandbox/src/probe.ts", "@anylambda/adapter"],
    ["packages/checkpoint/src/probe.ts", "@anylambda/wire"],
    ["packages/cli/src/probe.ts", "../../adapter/src/run.ts"],
    ["packages/cli/src/probe.ts", "preact"],
    ["packages/dashboard/src/probe.ts", "node:fs"],
    ["packages/dashboard/src/probe.ts", "@anylambda/sandbox"],
  ])("refuses that %s imports %s", async (path, module) => {
    write(path, `import * as probe from "${module}";\nexport const kept: unknown = probe;\n`);
    const { failed, text } = await lint();
    expect(failed).toBe(true);
    expect(text).toContain("no-restricted-imports");
  });

  it("refuses a cyclic import", async () => {
    write("packages/wire/src/a.ts", 'import { b } from "./b.ts";\nexport const a = (): number => b();\n');
    write("packages/wire/src/b.ts", 'import { a } from "./a.ts";\nexport const b = (): number => a();\n');
    const { failed, text } = await lint();
    expect(failed).toBe(true);
    expect(text).toContain("no-cycle");
  });

  it("refuses a floating promise", async () => {
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    write("tsconfig.json", JSON.stringify({ compilerOptions: { strict: true }, include: ["packages"] }));
    write("packages/sandbox/src/probe.ts", "export function probe(): void {\n  Promise.resolve(1);\n}\n");
    const { failed, text } = await lint("--type-aware");
    expect(failed).toBe(true);
    expect(text).toContain("no-floating-promises");
  });
});

describe("the bundle of the adapter", () => {
  interface Metafile {
    readonly inputs: Readonly<
      Record<string, { readonly imports: readonly { path: string; external?: boolean }[] }>
    >;
  }
  const metafile = JSON.parse(readFileSync(join(root, "dist", "adapter.meta.json"), "utf8")) as Metafile;

  it("holds files of the adapter and of wire, and nothing else", () => {
    const rooms = new Set(Object.keys(metafile.inputs).map((path) => path.split("/").slice(0, 2).join("/")));
    expect([...rooms].toSorted()).toEqual(["packages/adapter", "packages/wire"]);
  });

  it("needs nothing at run time but modules of Node's own", () => {
    const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
    const outside = new Set(imports.filter(({ external }) => external === true).map(({ path }) => path));
    // Programs are started for the hooks of SnapStart, and end by signals that have names.
    const modules = ["node:buffer", "node:child_process", "node:net", "node:os", "node:util", "node:zlib"];
    expect([...outside].toSorted()).toEqual(modules);
  });
});

describe("the page of the dashboard", () => {
  const metafile = JSON.parse(readFileSync(join(root, "dist", "dashboard.meta.json"), "utf8")) as {
    readonly inputs: Readonly<Record<string, unknown>>;
    readonly outputs: Readonly<Record<string, { readonly bytes: number }>>;
  };

  it("is made of its own room and of what CONTRIBUTING.md names", () => {
    const parts = Object.keys(metafile.inputs).map((path) => {
      const [first = "", second = "", third = ""] = path.split("/");
      return first === "node_modules" && second.startsWith("@") ? `${second}/${third}` : second;
    });
    const own = new Set(
      parts.map((name) => name.replace(/^(d3|internmap).*/, "d3").replace(/^@preact.*/, "preact")),
    );
    expect([...own].toSorted()).toEqual(["d3", "dashboard", "eventsource-parser", "preact"]);
  });

  it("stays small", () => {
    const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
    expect(bytes).toBeLessThan(200_000);
  });
});
