// `node scripts/reproduce-native.mjs [linux-x64] [linux-arm64]`: whether one commit gives one file. Builds what is
// committed twice from nothing, in two folders, with the compiler in another place the second time, and compares. Minutes.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { toolchain } from "./native-toolchain.mjs";
import { root } from "./setup.mjs";
import { askedPlatforms } from "./shipped.mjs";

const names = askedPlatforms(process.argv.slice(2)).map(({ name }) => name);
const files = names.flatMap((name) => [join(name, "lambda-adapter"), join(name, "anylambda-pod")]);
const prefix = realpathSync(toolchain(root));
const folder = mkdtempSync(join(tmpdir(), "anylambda-reproduce-"));
const places = [join(folder, "a"), join(folder, "somewhere", "else")];
const run = (file, args, cwd = root) =>
  execFileSync(file, args, { cwd, stdio: ["ignore", "ignore", "inherit"] });

try {
  const [one, other] = places.map((place, index) => {
    mkdirSync(dirname(place), { recursive: true });
    run("git", ["clone", "-q", root, place]);
    linkModules(join(place, "node_modules"));
    mkdirSync(join(place, "target"));
    if (index === 0) symlinkSync(prefix, join(place, "target", "toolchain"));
    else moveToolchain(join(place, "target", "toolchain"));
    run(process.execPath, [join(place, "scripts", "build-native.mjs"), ...names], place);
    return files.map((name) => sha256(join(place, "dist", "native", name)));
  });
  for (const [index, name] of files.entries()) {
    console.log(
      `${name} ${one[index]}${one[index] === other[index] ? "" : ` and ${other[index]}: NOT THE SAME`}`,
    );
    if (one[index] !== other[index]) process.exitCode = 1;
  }
} finally {
  if (process.exitCode === 1) console.error(`What differs is in ${folder}.`);
  else rmSync(folder, { recursive: true });
}

/** What npm has installed here; but the workspace's own packages, which are links to its folders, are the clone's. */
function linkModules(modules) {
  mkdirSync(modules);
  const own = "@anylambda";
  for (const name of readdirSync(join(root, "node_modules")))
    if (name !== own) symlinkSync(join(root, "node_modules", name), join(modules, name));
  run("cp", ["-a", join(root, "node_modules", own), modules]);
}

/** A copy elsewhere, by hard links; its few files that hold paths are written anew. */
function moveToolchain(place) {
  run("cp", ["-al", prefix, place]);
  const scripts = readdirSync(join(place, "bin")).map((name) => join("bin", name));
  for (const path of [...scripts, "lib/x86_64/musl.specs", "lib/aarch64/musl.specs"]) {
    const file = join(place, path);
    const text = readFileSync(file, "utf8").replaceAll(prefix, place);
    rmSync(file);
    writeFileSync(file, text, { mode: 0o755 });
  }
}

function sha256(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
