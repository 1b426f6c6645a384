// What the packages, the layer and the image are made of: the built adapters, licences, one version.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./setup.mjs";

/** The platforms of the native adapter: our names, Lambda's, and those of image registries. */
export const platforms = [
  { name: "linux-x64", cpu: "x64", lambda: "x86_64", oci: { architecture: "amd64", os: "linux" } },
  {
    name: "linux-arm64",
    cpu: "arm64",
    lambda: "arm64",
    oci: { architecture: "arm64", os: "linux", variant: "v8" },
  },
];

/** Of everything that is published. */
export const { version, description } = JSON.parse(
  readFileSync(join(root, "packages", "cli", "package.json"), "utf8"),
);

export const licence = () => readFileSync(join(root, "LICENSE"));

/** The third parties' licences, as `build:native` left them beside its files. */
export const nativeNotices = () => readBuilt("THIRD-PARTY-NOTICES.txt");

export function nativeFile(platform) {
  return join(root, "dist", "native", platform, "lambda-adapter");
}

/** Those that were asked for on the command line; all of them when none was. */
export function askedPlatforms(args) {
  const unknown = args.filter((name) => !platforms.some((one) => one.name === name));
  if (unknown.length > 0) {
    console.error(`No platform is called ${unknown.join(", ")}; there are linux-x64 and linux-arm64.`);
    process.exit(2);
  }
  return args.length === 0 ? platforms : platforms.filter(({ name }) => args.includes(name));
}

export function readNative(platform, program = "lambda-adapter") {
  return readBuilt(`${platform}/${program}`);
}

function readBuilt(path) {
  const file = join(root, "dist", "native", path);
  if (existsSync(file)) return readFileSync(file);
  console.error(`${file} is not there: npm run build:native makes it.`);
  return process.exit(1);
}
