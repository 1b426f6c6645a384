// `npm run build:image`: an image of nothing but the adapter, for both architectures, as an OCI image layout in dist/image/
// and the same as dist/image.tar. The file lies where LWA's image has it:
//   COPY --from=<registry>/anylambda-adapter /lambda-adapter /opt/extensions/lambda-adapter
// Formats: https://github.com/opencontainers/image-spec. The same input gives the same bytes.
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "./setup.mjs";
import { description, licence, nativeNotices, platforms, readNative, version } from "./shipped.mjs";
import { tarOf } from "./tar.mjs";

const types = {
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  config: "application/vnd.oci.image.config.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
};
const annotations = {
  "org.opencontainers.image.title": "anylambda adapter",
  "org.opencontainers.image.description": description,
  "org.opencontainers.image.licenses": "Apache-2.0",
  "org.opencontainers.image.version": version,
};
const created = "1970-01-01T00:00:00Z";

/** What the layout holds, by path. */
const files = new Map();

const manifests = platforms.map((platform) => ({ ...manifestOf(platform), platform: platform.oci }));
const image = blob(types.index, json({ schemaVersion: 2, mediaType: types.index, manifests, annotations }));
files.set("oci-layout", json({ imageLayoutVersion: "1.0.0" }));
files.set(
  "index.json",
  json({
    schemaVersion: 2,
    mediaType: types.index,
    manifests: [{ ...image, annotations: { "org.opencontainers.image.ref.name": version } }],
  }),
);
write();

function manifestOf({ name, oci }) {
  const layer = tarOf([
    { path: "lambda-adapter", mode: 0o755, bytes: readNative(name) },
    { path: "licenses/", mode: 0o755 },
    { path: "licenses/LICENSE", mode: 0o644, bytes: licence() },
    { path: "licenses/THIRD-PARTY-NOTICES.txt", mode: 0o644, bytes: nativeNotices() },
  ]);
  const config = {
    created,
    ...oci,
    config: {},
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
    history: [{ created, created_by: `anylambda ${version}` }],
  };
  return blob(
    types.manifest,
    json({
      schemaVersion: 2,
      mediaType: types.manifest,
      config: blob(types.config, json(config)),
      layers: [blob(types.layer, compressed(layer))],
      annotations,
    }),
  );
}

function compressed(bytes) {
  const gzip = gzipSync(bytes, { level: 9 });
  // The machine that compressed: unknown, as it should not matter (RFC 1952, 2.3.1).
  gzip[9] = 255;
  return gzip;
}

/** Adds a blob; its descriptor. */
function blob(mediaType, bytes) {
  const digest = digestOf(bytes);
  files.set(`blobs/${digest.replace(":", "/")}`, bytes);
  return { mediaType, digest, size: bytes.length };
}

function digestOf(bytes) {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function json(value) {
  return Buffer.from(JSON.stringify(value));
}

function write() {
  const folder = join(root, "dist", "image");
  rmSync(folder, { recursive: true, force: true });
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  const members = [...files].map(([path, bytes]) => ({ path, mode: 0o644, bytes }));
  writeFileSync(join(root, "dist", "image.tar"), tarOf(members));
  console.log(`${folder}: ${image.digest}`);
}
