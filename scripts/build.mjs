// Builds what is shipped: dist/adapter.mjs (one file, no dependencies) and the command that carries it.
// With --bundle-only the types are not checked: enough to run, as the demo and the tests do.
import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { runOrExit } from "./setup.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const at = (...parts) => join(root, ...parts);

const common = {
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  conditions: ["source"],
  absWorkingDir: root,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
};

if (!process.argv.includes("--bundle-only"))
  runOrExit(process.execPath, [at("node_modules", "typescript", "bin", "tsc"), "-b"]);

const adapter = await build({
  ...common,
  entryPoints: [at("packages", "adapter", "platforms", "node", "main.ts")],
  outfile: at("dist", "adapter.mjs"),
  banner: { js: "#!/usr/bin/env node" },
});
chmodSync(at("dist", "adapter.mjs"), 0o755);
// Read by the test of the walls: what went into the bundle, and from which rooms.
writeFileSync(at("dist", "adapter.meta.json"), JSON.stringify(adapter.metafile));

const bundle = at("packages", "cli", "dist", "bundle");
mkdirSync(bundle, { recursive: true });
// What not every start needs (schemas, YAML, watching, the dashboard's server) lies in files of its own, read when needed.
for (const name of readdirSync(bundle)) if (/^later-.*\.mjs$/.test(name)) rmSync(join(bundle, name));
const command = await build({
  ...common,
  entryPoints: { anylambda: at("packages", "cli", "src", "main.ts") },
  outdir: bundle,
  outExtension: { ".js": ".mjs" },
  splitting: true,
  chunkNames: "later-[name]-[hash]",
  // commander is CommonJS: inside an ES module its `require` has to be made.
  banner: {
    js: '#!/usr/bin/env node\nimport { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);',
  },
});
chmodSync(join(bundle, "anylambda.mjs"), 0o755);
copyFileSync(at("dist", "adapter.mjs"), join(bundle, "adapter.mjs"));
// For who wants snapshots and has no CRIU that knows the kernel.
copyFileSync(at("scripts", "install-criu"), join(bundle, "install-criu"));

// The page of the dashboard: for browsers, all in three files.
const page = await build({
  ...common,
  platform: "browser",
  target: ["chrome120", "firefox121", "safari17"],
  entryPoints: {
    app: at("packages", "dashboard", "src", "page", "main.tsx"),
    style: at("packages", "dashboard", "src", "style.css"),
  },
  entryNames: "[name]",
  outdir: join(bundle, "dashboard"),
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: true,
});
writeFileSync(at("dist", "dashboard.meta.json"), JSON.stringify(page.metafile));
// Read by build-packages.mjs: whose licences go with the bundle.
const inputs = { ...command.metafile.inputs, ...page.metafile.inputs };
writeFileSync(at("dist", "anylambda.meta.json"), JSON.stringify({ inputs }));
copyFileSync(at("packages", "dashboard", "src", "index.html"), join(bundle, "dashboard", "index.html"));
