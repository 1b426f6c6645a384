/**
 * What a function sees of the file system under bubblewrap: its code, its layers, a `/tmp` of its own, the system's
 * programs and libraries, and of the developer's home only what `PATH` or the command names. All but `/tmp` read-only.
 */
import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import type { FunctionConfiguration, Program } from "../function.ts";

export const insideTask = "/var/task";
export const insideOpt = "/opt";

/** Arguments of `bwrap` that make the file system. `own` holds files of `/etc` that stand for the machine's. */
export function fileArguments(
  configuration: FunctionConfiguration,
  { path, own, tmpBytes }: { readonly path: string; readonly own: string; readonly tmpBytes: number },
): string[] {
  const { taskRoot, optRoot } = configuration;
  const written = readdirSync(own);
  const opt = optRoot === undefined ? ["--dir", insideOpt] : ["--ro-bind", optRoot, insideOpt];
  return [
    system.flatMap(systemArguments),
    etc.flatMap((file) => ["--ro-bind-try", file, file]),
    written.flatMap((file) => ["--ro-bind", join(own, file), `/etc/${file}`]),
    ["--proc", "/proc", "--tmpfs", "/dev", ...deviceArguments(), "--dir", "/var/runtime"],
    ["--perms", "1777", "--size", String(tmpBytes), "--tmpfs", "/tmp"],
    toolsOf(configuration, path).flatMap((place) => ["--ro-bind", place, place]),
    ["--ro-bind", taskRoot, insideTask, ...opt, "--remount-ro", "/dev", "--remount-ro", "/"],
  ].flat();
}

/** The program as it is to be started inside: what lies in the code or the layers has another name there. */
export function seenInside({ file, args }: Program, { taskRoot, optRoot }: FunctionConfiguration): Program {
  const moved = (text: string): string => {
    for (const [from, to] of [
      [taskRoot, insideTask],
      [optRoot ?? taskRoot, insideOpt],
    ] as const)
      if (text === from || text.startsWith(`${from}/`)) return to + text.slice(from.length);
    return text;
  };
  return { file: moved(file), args: args.map(moved) };
}

const system = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/** Nothing with a secret in it: the developer may be root, who can read all. */
const etc = (
  "ssl pki ca-certificates alternatives ld.so.cache ld.so.conf ld.so.conf.d localtime timezone nsswitch.conf " +
  "resolv.conf host.conf services protocols mime.types os-release fonts php crypto-policies " +
  "java-11-openjdk java-17-openjdk java-21-openjdk java-25-openjdk"
)
  .split(" ")
  .map((name) => `/etc/${name}`);

function systemArguments(directory: string): string[] {
  const stat = lstatSync(directory, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (stat.isSymbolicLink()) return ["--symlink", readlinkSync(directory), directory];
  return ["--ro-bind", directory, directory];
}

/** Without `--dev`: that needs a second user namespace, which nobody could enter afterwards. */
function deviceArguments(): string[] {
  const devices = ["null", "zero", "full", "random", "urandom"].map((name) => `/dev/${name}`);
  const links = [
    ["/proc/self/fd", "/dev/fd"],
    ["/proc/self/fd/0", "/dev/stdin"],
    ["/proc/self/fd/1", "/dev/stdout"],
    ["/proc/self/fd/2", "/dev/stderr"],
  ] as const;
  return [
    ...devices.flatMap((device) => ["--dev-bind", device, device]),
    ...links.flatMap(([to, at]) => ["--symlink", to, at]),
    "--perms",
    "1777",
    "--tmpfs",
    "/dev/shm",
  ];
}

/** Directories and files outside the system's that the function's programs come from, parents first. */
function toolsOf({ taskRoot, optRoot, command, extensions }: FunctionConfiguration, path: string): string[] {
  const places = new Set<string>();
  const known = [...system, "/proc", "/dev", "/etc"];
  const add = (place: string): void => {
    const covered = [...known, ...places, taskRoot, ...(optRoot === undefined ? [] : [optRoot])];
    if (place !== "/" && existsSync(place) && !covered.some((root) => isWithin(place, root)))
      places.add(place);
  };
  for (const place of path.split(delimiter)) if (place.startsWith("/")) add(toolRootOf(place));
  for (const { file, args } of [...(command === undefined ? [] : [command]), ...extensions]) {
    if (!file.startsWith("/") || !existsSync(file)) continue;
    add(file);
    // An interpreter is often a link to where it and its library were installed.
    add(toolRootOf(dirname(realpathSync(file))));
    for (const arg of args) if (arg.startsWith("/") && isFile(arg)) add(arg);
  }
  return [...places].sort((a, b) => a.length - b.length);
}

/** Where a directory of programs has its libraries: `/home/me/.nvm/versions/node/v20/bin` in the directory above. */
function toolRootOf(directory: string): string {
  const above = dirname(directory);
  const whole = /^(bin|sbin|shims)$/.test(basename(directory)) && !kept().has(above) && above !== "/";
  return whole ? above : directory;
}

/** Directories that hold more than programs: keys, tokens, everything. */
function kept(): ReadonlySet<string> {
  const home = homedir();
  return new Set([home, dirname(home), join(home, ".local"), join(home, ".cargo"), join(home, ".config")]);
}

function isWithin(place: string, root: string): boolean {
  return place === root || place.startsWith(`${root}/`);
}

function isFile(path: string): boolean {
  // What may not be looked at is not there for this question.
  return existsSync(path) && statSync(path).isFile();
}
