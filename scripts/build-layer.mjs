// `npm run build:layer [-- linux-x64 | linux-arm64]`: dist/layer/anylambda-adapter-<architecture>.zip, to be published as
// a Lambda layer. Laid out as LWA's layer, so that one can stand for the other; the same input gives the same bytes.
import { createWriteStream, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { ZipFile } from "yazl";
import { root } from "./setup.mjs";
import { askedPlatforms, licence, nativeNotices, readNative } from "./shipped.mjs";

/**
 * For zip functions on a managed runtime, with `AWS_LAMBDA_EXEC_WRAPPER=/opt/bootstrap`: starts the handler, which is a
 * program of the function's code, in place of the runtime. As LWA's: no other directory, no other variables.
 */
const bootstrap = `#!/bin/sh
app="\${LAMBDA_TASK_ROOT}/\${_HANDLER}"
[ -x "$app" ] || echo "The handler must name a program in the function's code, and $app is not there or not executable" >&2
exec "$app"
`;

// As local time, which is what zip files hold: the same bytes in every time zone.
const options = { mtime: new Date(1980, 0, 1), forceDosTimestamp: true, compressionLevel: 9 };
const program = { ...options, mode: 0o100755 };
const text = { ...options, mode: 0o100644 };

const folder = join(root, "dist", "layer");
mkdirSync(folder, { recursive: true });
for (const { name, lambda } of askedPlatforms(process.argv.slice(2))) {
  const zip = new ZipFile();
  zip.addBuffer(Buffer.from(bootstrap), "bootstrap", program);
  zip.addBuffer(readNative(name), "extensions/lambda-adapter", program);
  // Not in the root: layers are laid over each other.
  zip.addBuffer(licence(), "licenses/anylambda/LICENSE", text);
  zip.addBuffer(nativeNotices(), "licenses/anylambda/THIRD-PARTY-NOTICES.txt", text);
  zip.end({ forceZip64Format: false });
  const file = join(folder, `anylambda-adapter-${lambda}.zip`);
  await pipeline(zip.outputStream, createWriteStream(file));
  console.log(`${file}: ${statSync(file).size} bytes`);
}
