// Builds the native programs: dist/native/<platform>/lambda-adapter, and anylambda-pod for snapshots, static files for each
// of Lambda's architectures.
//   node scripts/build-native.mjs [linux-x64] [linux-arm64]     (both, when none is named)
// With --puppet also the host with the tests' own program; with --pod-only no adapter; with --bundle-only just what the Rust crate takes in: the
// bundles and their table of positions.
import { copyFileSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { notices } from "./crates.mjs";
import { cargoBuild, toolchain } from "./native-toolchain.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = join(root, "dist", "native");

/** Rust's names of the machines, by ours. */
const targets = { "linux-x64": "x86_64", "linux-arm64": "aarch64" };

/** Modules whose work the host does natively, with what stands in for them. */
const twins = {
  "packages/wire/src/field-syntax.ts": "field-syntax.ts",
  "packages/wire/src/slice-member.ts": "slice-member.ts",
  "packages/wire/src/http1/plain-head.ts": "plain-head.ts",
  "packages/wire/src/quick.ts": "quick.ts",
};

/** Puts each twin in the place of its module. */
const useTwins = {
  name: "twins",
  setup(build) {
    for (const [module, twin] of Object.entries(twins)) {
      const name = module.slice(module.lastIndexOf("/") + 1);
      build.onResolve(
        { filter: new RegExp(`/${name.replace(".", "\\.")}$`) },
        ({ path, resolveDir, kind }) => {
          if (kind === "entry-point" || join(resolveDir, path) !== join(root, module)) return;
          return { path: join(root, "packages", "adapter", "platforms", "native", "twins", twin) };
        },
      );
    }
  },
};

/**
 * The bundles of a program for QuickJS: NAME.js of its `entry`, and where it has a second one that is read later,
 * NAME-later.js of that, and NAME-shared.js of what both need. Beside them which line of each came from which line of
 * TypeScript.
 */
async function bundle({ bundle: name, entry, later }) {
  const { outputFiles, metafile } = await build({
    entryPoints: { [name]: entry, ...(later !== undefined && { [`${name}-later`]: later }) },
    outdir: out,
    chunkNames: `${name}-shared`,
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    // Each name is an entry of a table that the start makes; faults are told by their positions.
    minifyIdentifiers: true,
    platform: "neutral",
    format: "esm",
    target: "es2023",
    conditions: ["source"],
    // The host has no other packages to find: what is not bundled does not exist.
    packages: "bundle",
    legalComments: "none",
    charset: "utf8",
    sourcemap: "external",
    sourcesContent: false,
    metafile: true,
    plugins: [useTwins],
    write: false,
    logLevel: "warning",
  });
  mkdirSync(out, { recursive: true });
  // A file of an earlier form of the program would be taken for one of this.
  for (const old of [`${name}-shared.js`, `${name}-later.js`]) rmSync(join(out, old), { force: true });
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  const codes = [...texts]
    .filter(([file]) => file.endsWith(".js"))
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  for (const [file, code] of codes) writeFileSync(join(out, file), code);
  const table = positions(
    codes.map(([file, code]) => ({ file, code, map: JSON.parse(texts.get(`${file}.map`)) })),
  );
  writeFileSync(join(out, `${name}.positions`), table);
  writeFileSync(join(out, `${name}.meta.json`), JSON.stringify(metafile));
}

/**
 * The table that native/src/positions.rs reads: the sources, and of each bundle the runs of lines that lie side by side
 * in it and in a source.
 */
function positions(bundles) {
  const sources = [];
  const runs = bundles.flatMap(({ file, code, map }) => [file, ...runsOf(code, map, sources)]);
  return `${sources.join("\n")}\n\n${runs.join("\n")}\n`;
}

function runsOf(code, payload, sources) {
  const map = new SourceMap(payload);
  const runs = [];
  let last;
  code.split("\n").forEach((line, index) => {
    const { originalSource, originalLine } = map.findEntry(index, line.search(/\S|$/));
    if (originalSource === undefined) return;
    const name = originalSource.replace(/^(\.\.\/)+/, "");
    if (!sources.includes(name)) sources.push(name);
    const source = sources.indexOf(name);
    const distance = originalLine - index;
    if (last?.source === source && last.distance === distance) return;
    last = { source, distance };
    runs.push(`${index + 1} ${source} ${originalLine + 1}`);
  });
  return runs;
}

const programs = [
  {
    name: "lambda-adapter",
    entry: join(root, "packages", "adapter", "platforms", "native", "main.ts"),
    later: join(root, "packages", "adapter", "platforms", "native", "later.ts"),
    bundle: "adapter",
  },
];
// For the tests of the platform: a program that does what they say, in the same host.
if (process.argv.includes("--puppet"))
  programs.push({ name: "puppet", entry: join(root, "native", "testing", "puppet.ts"), bundle: "puppet" });

const named = process.argv.slice(2).filter((name) => name in targets);
const platforms = named.length > 0 ? named : Object.keys(targets);

function place(built, platform, program) {
  mkdirSync(join(out, platform), { recursive: true });
  const file = join(out, platform, program);
  // In one step: the one that is there may be running, and cannot be written to then.
  copyFileSync(built, `${file}.new`);
  renameSync(`${file}.new`, file);
  console.log(`${file}: ${statSync(file).size} bytes`);
}

for (const program of process.argv.includes("--pod-only") ? [] : programs) {
  await bundle(program);
  if (process.argv.includes("--bundle-only")) continue;
  for (const platform of platforms) {
    const env = { ANYLAMBDA_NATIVE_BUNDLE: join(out, `${program.bundle}.js`) };
    const built = cargoBuild(root, targets[platform], { crate: "native", program: "lambda-adapter", env });
    place(built, platform, program.name);
  }
}
if (!process.argv.includes("--bundle-only")) {
  for (const platform of platforms) {
    const pod = { crate: join("native", "pod"), program: "anylambda-pod" };
    place(cargoBuild(root, targets[platform], pod), platform, pod.program);
  }
  writeFileSync(join(out, "THIRD-PARTY-NOTICES.txt"), notices(root, toolchain(root)));
}
