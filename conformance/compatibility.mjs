// `npm run compatibility`: writes docs/compatibility.md anew. The scenarios are TypeScript, which Node 20 does not run.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const outfile = join(here, "dist", "page.mjs");
await build({
  entryPoints: [join(here, "page.ts")],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  logLevel: "warning",
});
const { compatibilityPage } = await import(pathToFileURL(outfile).href);
const file = fileURLToPath(new URL("../docs/compatibility.md", import.meta.url));
writeFileSync(file, compatibilityPage());
console.log(`Written: ${file}`);
