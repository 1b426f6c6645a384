/** Tells of changed files, gathered: an editor that saves, or a build, changes many at once. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { watch } from "chokidar";
import ignore, { type Ignore } from "ignore";
import type { FunctionOrder } from "./served.ts";
import type { Stage } from "./stage.ts";

export interface Watching {
  close(): Promise<void>;
}

/** Waits as long after the last change, ms. */
const quietMs = 80;

/** `changed` gets absolute names, each once. Resolves when everything is watched. */
export async function watchFiles(
  roots: readonly string[],
  changed: (files: readonly string[]) => void,
): Promise<Watching> {
  const rules = roots.map(rulesOf);
  const isIgnored = (file: string): boolean => rules.some((one) => one(file));
  const watcher = watch([...roots], { ignoreInitial: true, ignored: isIgnored });
  const gathered = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  watcher.on("all", (_event, file) => {
    gathered.add(file);
    clearTimeout(timer);
    timer = setTimeout(() => {
      const files = [...gathered].sort();
      gathered.clear();
      changed(files);
    }, quietMs);
  });
  // A directory that may not be read, or too many of them: what can be watched is.
  watcher.on("error", () => undefined);
  await new Promise<void>((resolve) => {
    watcher.once("ready", resolve);
  });
  return {
    async close() {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}

/** Nobody edits these, and some are written while an app runs. */
const never = [
  "node_modules",
  ".git",
  "__pycache__",
  "*.pyc",
  ".venv",
  ".pytest_cache",
  "*.swp",
  "*~",
  ".DS_Store",
];

/** Git's rules for a directory: its own `.gitignore`, and those above it up to the repository. */
function rulesOf(root: string): (file: string) => boolean {
  const levels: { readonly directory: string; readonly rules: Ignore }[] = [
    { directory: root, rules: ignore().add(never) },
  ];
  for (let directory = root; ; directory = dirname(directory)) {
    const file = join(directory, ".gitignore");
    if (existsSync(file)) levels.push({ directory, rules: ignore().add(readFileSync(file, "utf8")) });
    if (existsSync(join(directory, ".git")) || dirname(directory) === directory) break;
  }
  return (file) =>
    levels.some(({ directory, rules }) => {
      const name = relative(directory, file);
      if (name === "" || name.startsWith("..") || file === root || !file.startsWith(root)) return false;
      const path = name.split(sep).join("/");
      // A rule for directories ends in a slash, and chokidar asks before it knows what it is.
      return rules.ignores(path) || rules.ignores(`${path}/`);
    });
}

/** Code, layers and files of variables of the functions that want it. */
export async function watchCode(
  orders: readonly FunctionOrder[],
  stage: Pick<Stage, "reload">,
): Promise<Watching> {
  const watched = orders.filter(({ watch }) => watch);
  const rootsOf = ({ options: { code, envFile, layer = [], opt } }: FunctionOrder): string[] =>
    [code, envFile, opt, ...layer].flatMap((path) => (path === undefined ? [] : [resolve(path)]));
  const all = [...new Set(watched.flatMap(rootsOf))];
  return watchFiles(all, (files) => {
    const touched = watched.filter((order) =>
      rootsOf(order).some((root) => files.some((file) => file === root || file.startsWith(`${root}/`))),
    );
    const shown = files.map((file) => relative(process.cwd(), file));
    void stage.reload(
      touched.map(({ options }) => options.name ?? ""),
      shown,
    );
  });
}
