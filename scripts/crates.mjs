// The crates that the native programs are made of: what the lock file and the registry say of them, and their licences.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** Licences that oblige to nothing but naming them; SPDX. Whatever else turns up is a decision for people. */
const allowed = new Set(["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Zlib"]);

const registry = "registry+https://github.com/rust-lang/crates.io-index";

/** The adapter's host, and the pods' program. */
const ours = ["native", join("native", "pod")];

/** Everything in a lock file as cargo sees it, for one of our targets. Fails when the lock file is not up to date. */
function metadata(root, crate) {
  const args = ["metadata", "--locked", "--format-version", "1"];
  const { status, stdout, stderr, error } = spawnSync(
    "cargo",
    [...args, "--filter-platform", "x86_64-unknown-linux-musl"],
    { cwd: join(root, crate), encoding: "utf8", maxBuffer: 64 * 1024 * 1024 },
  );
  if (status !== 0) throw new Error(`cargo metadata failed: ${error?.message ?? stderr}`);
  return JSON.parse(stdout);
}

/**
 * Whether one of the choices that an expression such as `(MIT OR GPL-3.0) AND Zlib` gives is allowed.
 * @param {string} expression
 * @returns {boolean}
 */
export function isAllowed(expression) {
  // Older crates write `MIT/Apache-2.0`.
  const words = expression.replaceAll("/", " OR ").match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const either = () => {
    let value = both();
    while (words[at] === "OR" && ++at) value = both() || value;
    return value;
  };
  const both = () => {
    let value = one();
    while (words[at] === "AND" && ++at) value = one() && value;
    return value;
  };
  const one = () => {
    const word = words[at++];
    if (word !== "(") return allowed.has(word);
    const value = either();
    return words[at++] === ")" && value;
  };
  return either() && at === words.length;
}

/**
 * What is wrong with crates, as sentences: where they come from, that their bytes are pinned, their licences.
 * @param {readonly { name: string, version: string, source: string | null, license: string | null }[]} packages
 * @param {string} lock text of Cargo.lock
 * @returns {string[]}
 */
export function crateFaults(packages, lock) {
  const faults = [];
  for (const { name, version, source, license } of packages) {
    if (source === null) continue; // our own
    const crate = `${name} ${version}`;
    if (source !== registry) faults.push(`${crate} comes from ${source}, not from crates.io`);
    if (!hasChecksum(lock, name, version)) faults.push(`${crate} has no checksum in Cargo.lock`);
    if (!isAllowed(license ?? "")) faults.push(`${crate} has the licence ${license ?? "(none)"}`);
  }
  return faults;
}

function hasChecksum(lock, name, version) {
  const entry = lock
    .split("[[package]]")
    .find((one) => one.includes(`\nname = "${name}"\n`) && one.includes(`\nversion = "${version}"\n`));
  return entry !== undefined && /\nchecksum = "[0-9a-f]{64}"\n/.test(entry);
}

export function checkCrates(root) {
  const found = ours.map((crate) => {
    const { packages } = metadata(root, crate);
    const lock = readFileSync(join(root, crate, "Cargo.lock"), "utf8");
    return { count: packages.length, faults: crateFaults(packages, lock) };
  });
  return {
    count: found.reduce((sum, { count }) => sum + count, 0),
    faults: found.flatMap(({ faults }) => faults),
  };
}

/** Crates whose code is in the files that are shipped: without those that only build them. */
function linkedCrates(root) {
  const all = ours.flatMap((crate) => linkedInto(root, crate));
  const known = new Map(all.map((crate) => [`${crate.name} ${crate.version}`, crate]));
  return [...known.entries()].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, crate]) => crate);
}

function linkedInto(root, crate) {
  const { packages, resolve } = metadata(root, crate);
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const linked = new Set();
  const follow = (id) => {
    if (linked.has(id)) return;
    linked.add(id);
    for (const { pkg, dep_kinds } of nodes.get(id).deps)
      if (dep_kinds.some(({ kind }) => kind === null)) follow(pkg);
  };
  follow(resolve.root);
  return packages.filter(({ id, source }) => linked.has(id) && source !== null);
}

/** The text that goes with every copy of the native programs. `toolchain` is where musl's own words are. */
export function notices(root, toolchain) {
  const crates = linkedCrates(root);
  const parts = crates.map((crate) => ({
    title: `${crate.name} ${crate.version} (${crate.license})`,
    text: licenceText(crate, crates),
  }));
  parts.push(
    { title: "The Rust standard library (MIT OR Apache-2.0)", text: mit("The Rust Project Contributors") },
    {
      title: "musl, the C library (MIT)",
      text: readFileSync(join(toolchain, "root", "usr", "share", "doc", "musl-dev", "copyright"), "utf8"),
    },
  );
  const head =
    "The native programs of anylambda (Apache-2.0, see LICENSE) contain the following works of others.\n";
  const line = "-".repeat(100);
  return [head, ...parts.map(({ title, text }) => `${line}\n${title}\n${line}\n\n${text.trim()}\n`)].join(
    "\n",
  );
}

function licenceText(crate, crates) {
  const own = licenceFiles(crate);
  // Several crates of one repository often have the file in one of them only.
  const sibling = crates.find(
    (other) => other.repository === crate.repository && licenceFiles(other).length > 0,
  );
  const files = own.length > 0 || sibling === undefined ? own : licenceFiles(sibling);
  if (files.length > 0) return files.map((file) => readFileSync(file, "utf8").trim()).join("\n\n");
  if (!/\bMIT\b/.test(crate.license)) throw new Error(`${crate.name} has no text of its licence`);
  return mit(`the authors of ${crate.name}: ${crate.authors.join(", ")} (${crate.repository})`);
}

/** The files of a crate that hold licences. Where there is a choice we take it under MIT. */
function licenceFiles({ manifest_path, license }) {
  const folder = dirname(manifest_path);
  const all = readdirSync(folder, { recursive: true })
    .filter(
      (path) => /(^|\/)(LICEN[CS]E|COPYING|NOTICE)[^/]*$/i.test(path) && !/^(tests?|examples)\//.test(path),
    )
    .toSorted((one, other) => (one < other ? -1 : 1))
    .map((path) => join(folder, path));
  const ofMit = all.filter((path) => /LICEN[CS]E[-.]MIT/i.test(relative(folder, path)));
  return /\bOR\b|\//.test(license) && ofMit.length > 0 ? ofMit : all;
}

function mit(holder) {
  return `Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
}
