// Builds what is shipped: dist/adapter.mjs (one file, no dependencies) and the command that carries it.
// With --bundle-only the types are not checked: enough to run, as the demo and the tests do.
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
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
const command = await build({
  ...common,
  entryPoints: [at("packages", "cli", "src", "main.ts")],
  outfile: join(bundle, "anylambda.mjs"),
  // commander is CommonJS: inside an ES module its `require` has to be made.
  banner: {
    js: '#!/usr/bin/env node\nimport { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);',
  },
});
chmodSync(join(bundle, "anylambda.mjs"), 0o755);
// Read by build-packages.mjs: whose licences go with the bundle.
writeFileSync(at("dist", "anylambda.meta.json"), JSON.stringify(command.metafile));
copyFileSync(at("dist", "adapter.mjs"), join(bundle, "adapter.mjs"));
