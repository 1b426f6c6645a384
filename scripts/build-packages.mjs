// `npm run build:packages [-- linux-x64 | linux-arm64]`: what is published on npm, as folders and as packed files in
// dist/npm: the command, and a package with the native programs for each of Lambda's machines. They are optional
// dependencies of the command: npm installs the one that fits, and none where none does.
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { root, runOrExit } from "./setup.mjs";
import { askedPlatforms, licence, nativeNotices, platforms, readNative, version } from "./shipped.mjs";

const out = join(root, "dist", "npm");
const asked = askedPlatforms(process.argv.slice(2));

rmSync(out, { recursive: true, force: true });
for (const platform of asked) pack(`adapter-${platform.name}`, (folder) => platformPackage(folder, platform));
pack("anylambda", command);

function pack(name, fill) {
  const folder = join(out, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "LICENSE"), licence());
  fill(folder);
  runOrExit("npm", ["pack", "--silent", "--pack-destination", out], { cwd: folder });
}

function platformPackage(folder, { name, cpu }) {
  for (const program of ["lambda-adapter", "anylambda-pod"]) {
    writeFileSync(join(folder, program), readNative(name, program));
    chmodSync(join(folder, program), 0o755);
  }
  writeFileSync(join(folder, "THIRD-PARTY-NOTICES.txt"), nativeNotices());
  writeFileSync(
    join(folder, "README.md"),
    `# @anylambda/adapter-${name}\n\nThe native programs of [anylambda](https://www.npmjs.com/package/anylambda) for ${name}, ` +
      "each one static file. The command finds them here. `lambda-adapter` is the adapter, which a function has as " +
      "`/opt/extensions/lambda-adapter`; `anylambda-pod` freezes and restores processes for `anylambda dev --snapstart`.\n",
  );
  writeManifest(folder, {
    name: `@anylambda/adapter-${name}`,
    version,
    description: `The native adapter of anylambda for ${name}, and what its snapshots need.`,
    license: "Apache-2.0",
    type: "module",
    os: ["linux"],
    cpu: [cpu],
    // Yarn keeps packages zipped, and what is zipped cannot be run.
    preferUnplugged: true,
    files: ["lambda-adapter", "anylambda-pod", "THIRD-PARTY-NOTICES.txt"],
  });
}

function command(folder) {
  const { devDependencies: _, ...manifest } = JSON.parse(
    readFileSync(join(root, "packages", "cli", "package.json"), "utf8"),
  );
  cpSync(join(root, "packages", "cli", "dist", "bundle"), join(folder, "dist", "bundle"), {
    recursive: true,
  });
  copyFileSync(join(root, "README.md"), join(folder, "README.md"));
  writeFileSync(join(folder, "THIRD-PARTY-NOTICES.txt"), bundledNotices());
  writeManifest(folder, {
    ...manifest,
    files: ["dist/bundle", "THIRD-PARTY-NOTICES.txt"],
    optionalDependencies: Object.fromEntries(
      platforms.map(({ name }) => [`@anylambda/adapter-${name}`, version]),
    ),
  });
}

/** Of the packages inside the command's bundle. */
function bundledNotices() {
  const { inputs } = JSON.parse(readFileSync(join(root, "dist", "anylambda.meta.json"), "utf8"));
  const packages = new Set(
    Object.keys(inputs).flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []),
  );
  const texts = [...packages].toSorted().map((name) => {
    const folder = join(root, "node_modules", name);
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    if (file === undefined) throw new Error(`${name} is in the bundle and has no text of its licence`);
    const text = readFileSync(join(folder, file), "utf8").trim();
    return `${"-".repeat(100)}\n${name} ${manifest.version} (${manifest.license})\n${"-".repeat(100)}\n\n${text}\n`;
  });
  return [
    "The command anylambda (Apache-2.0, see LICENSE) contains the following works of others.\n",
    ...texts,
  ].join("\n");
}

function writeManifest(folder, manifest) {
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}
