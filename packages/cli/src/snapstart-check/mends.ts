/** What to do about a finding, in the words of the app's language. */
import type { FindingKind } from "./compare.ts";

export type Language = "node" | "python" | "java" | "go" | "ruby" | "php" | "rust" | "dotnet" | "other";

/** From the program and the files beside it. */
export function languageOf(program: string, files: readonly string[]): Language {
  const name = program.slice(program.lastIndexOf("/") + 1).toLowerCase();
  const byProgram = programs.find(([pattern]) => pattern.test(name));
  if (byProgram !== undefined) return byProgram[1];
  const byFile = marks.find(([mark]) =>
    files.some((file) => (typeof mark === "string" ? file === mark : mark.test(file))),
  );
  return byFile?.[1] ?? "other";
}

const programs: readonly (readonly [RegExp, Language])[] = [
  [/^(node|npm|npx|pnpm|yarn|next|tsx|bun|deno)(\.|$)/, "node"],
  [/^(python|gunicorn|uvicorn|hypercorn|flask|uv|poetry)[\d.]*/, "python"],
  [/^(java|gradlew?|mvnw?)$/, "java"],
  [/^(ruby|rails|puma|bundle|rackup)/, "ruby"],
  [/^(php|frankenphp|rr)/, "php"],
  [/^dotnet$/, "dotnet"],
];

const marks: readonly (readonly [string | RegExp, Language])[] = [
  ["package.json", "node"],
  ["requirements.txt", "python"],
  ["pyproject.toml", "python"],
  ["pom.xml", "java"],
  [/\.jar$/, "java"],
  ["go.mod", "go"],
  ["Gemfile", "ruby"],
  ["composer.json", "php"],
  ["Cargo.toml", "rust"],
  [/\.(csproj|dll)$/, "dotnet"],
];

/** How an app hears of the restore. */
const hook =
  "in a route that AWS_LWA_SNAPSTART_AFTER_RESTORE_PATH names (or a program in ANYLAMBDA_AFTER_RESTORE)";

type Mends = Readonly<Record<Language, string>>;

const sequences: Mends = {
  node:
    "crypto.randomUUID(), randomBytes() and getRandomValues() draw from OpenSSL's generator, whose state is in the snapshot " +
    "(also with disableEntropyCache), and Math.random() from V8's; neither can be reseeded from JavaScript. Read the bytes " +
    "from /dev/urandom: the kernel knows of no snapshot",
  python: `call random.seed() and numpy.random.seed() anew ${hook}, or use secrets and random.SystemRandom, which ask the kernel`,
  java: `use java.security.SecureRandom with NativePRNG, and make Random and UUID sources anew ${hook}`,
  go: `use crypto/rand, or make math/rand sources anew ${hook}`,
  ruby: `call Random.srand and OpenSSL::Random.random_add ${hook}, or use Random.urandom`,
  php: `call mt_srand() anew ${hook}, or use random_bytes() and random_int()`,
  rust: `use rand::rngs::OsRng, or call rand::rng().reseed() ${hook}`,
  dotnet: `use RandomNumberGenerator, or make System.Random anew ${hook}`,
  other: `draw from /dev/urandom, or seed your generator anew ${hook}`,
};

const identities: Mends = {
  ...sequences,
  node: `make it when it is first needed, or again ${hook}`,
  python: `make it in the request, or again ${hook}; a module's variable is in the snapshot`,
  java: `make it lazily, or again ${hook}; static fields and beans are in the snapshot`,
  go: `make it in the handler, or again ${hook}; package variables are in the snapshot`,
  ruby: `make it in the request, or again ${hook}`,
  php: `make it in the request, or again ${hook}`,
  rust: `make it in the handler, or again ${hook}; statics are in the snapshot`,
  dotnet: `make it lazily, or again ${hook}; statics and singletons are in the snapshot`,
  other: `make it in the request, or again ${hook}`,
};

const forAll = (text: string): Mends =>
  Object.fromEntries(Object.keys(sequences).map((language) => [language, text])) as Record<Language, string>;

const mends: Readonly<Record<FindingKind, Mends>> = {
  "repeated-sequence": sequences,
  "repeated-identity": identities,
  "frozen-time": forAll(
    `fine for a time of start; what compares it with the clock must read the clock anew ${hook}`,
  ),
  "answer-changed": forAll(
    `what was fetched or opened before the snapshot (token, connection, cache) is old or dead after it: fetch it again ${hook}, ` +
      "or before each use check its age by the wall clock",
  ),
  connection: forAll(
    "close it in a route that AWS_LWA_SNAPSTART_BEFORE_CHECKPOINT_PATH names, and open it again in the one for after the restore; " +
      "or let the pool test a connection before it hands it out",
  ),
  "shared-file": forAll(
    "let the app keep it in /tmp (often by a variable: DENO_DIR, XDG_CACHE_HOME, HOME=/tmp), which each copy has for itself",
  ),
  secret: forAll(
    "read it after the restore, from the secret store, and only for as long as it is needed; rotating it otherwise means publishing a new version",
  ),
};

export function mendOf(kind: FindingKind, language: Language): string {
  return mends[kind][language];
}
