/** Parsers of the values of variables: text in, value out, `undefined` when the text is not one. */

/** Statuses `from` to `to`, both included. */
export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

export function port(text: string): number | undefined {
  const value = /^\d{1,5}$/.test(text.trim()) ? Number(text) : 0;
  return value >= 1 && value <= 65_535 ? value : undefined;
}

/** Brackets of an IPv6 address are taken off: the platform connects to the bare address. */
export function host(text: string): string | undefined {
  const bare = text.trim().replace(/^\[(.*)\]$/, "$1");
  return /^[A-Za-z0-9._-]+$/.test(bare) || /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/.test(bare) ? bare : undefined;
}

/** The file of a Unix socket; `unix:` before it, as proxies write it, is taken too. The kernel takes 107 bytes. */
export function socketPath(text: string): string | undefined {
  const path = text.trim().replace(/^unix:(?:\/\/)?(?=\/)/, "");
  return /^\/[\x20-\x7e]{1,106}$/.test(path) && !path.endsWith("/") ? path : undefined;
}

/** A path as it goes into a request target; a space becomes `%20`, a query is kept (spec adapter.md 1.1). */
export function targetPath(text: string): string | undefined {
  const encoded = text.trim().replaceAll(" ", "%20");
  return /^\/[\x21\x22\x24-\x7e]*$/.test(encoded) ? encoded : undefined;
}

/** Paths as above, separated by commas. */
export function targetPaths(text: string): readonly string[] | undefined {
  const paths = text
    .split(",")
    .filter((item) => item.trim() !== "")
    .map(targetPath);
  return paths.includes(undefined) ? undefined : (paths as string[]);
}

export type CommandLine = readonly [file: string, ...args: string[]];

/** Words separated by blanks, without quoting; a JSON list of texts where a word has blanks. */
export function commandLine(text: string): CommandLine | undefined {
  const words = text.trimStart().startsWith("[") ? listOf(text) : text.trim().split(/\s+/);
  const [file = "", ...args] = words ?? [];
  return file === "" ? undefined : [file, ...args];
}

function listOf(text: string): string[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every((word) => typeof word === "string") ? list : undefined;
  } catch {
    return undefined;
  }
}

/** A trailing slash is dropped, so that `/api/` and `/api` are the same prefix; `""` and `/` remove nothing. */
export function basePath(text: string): string | undefined {
  if (text === "") return "";
  return /^\/[\x21\x22\x24-\x3e\x40-\x7e]*$/.test(text) ? text.replace(/\/+$/, "") : undefined;
}

/** LWA adds a missing slash, and a `?` can only be part of the path. */
export function passThroughPath(text: string): string | undefined {
  const rooted = text.startsWith("/") ? text : `/${text}`;
  const encoded = rooted.replaceAll(" ", "%20").replaceAll("?", "%3F");
  return /^\/[\x21\x22\x24-\x7e]*$/.test(encoded) ? encoded : undefined;
}

/** LWA takes only lower-case `true`; `TRUE`, `1` and `yes` were meant the same way by whoever wrote them. */
export function boolean(text: string): boolean | undefined {
  const lower = text.trim().toLowerCase();
  if (lower === "true" || lower === "1" || lower === "yes") return true;
  if (lower === "false" || lower === "0" || lower === "no" || lower === "") return false;
  return undefined;
}

export function oneOf<const T extends string>(text: string, values: readonly T[]): T | undefined {
  const lower = text.trim().toLowerCase();
  return values.find((value) => value === lower);
}

export function headerName(text: string): string | undefined {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text.trim()) ? text.trim().toLowerCase() : undefined;
}

export function seconds(text: string): number | undefined {
  const value = Number(text);
  return text.trim() !== "" && Number.isFinite(value) && value >= 0 ? value * 1000 : undefined;
}

/** Unset, `0` and negative numbers are no limit (spec adapter.md 7.1). */
export function secondsOrNoLimit(text: string): number | undefined {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) return undefined;
  return value > 0 ? value * 1000 : Number.POSITIVE_INFINITY;
}

export function wholeNumber(text: string): number | undefined {
  return /^\d{1,7}$/.test(text.trim()) ? Number(text) : undefined;
}

/** `host:port`; the URL form that LWA's documents show is taken too (B32). */
export function authority(text: string): string | undefined {
  const bare = text
    .trim()
    .replace(/^http:\/\//i, "")
    .replace(/\/+$/, "");
  const match = /^(.+):(\d{1,5})$/.exec(bare);
  if (match === null || host(match[1] ?? "") === undefined || port(match[2] ?? "") === undefined)
    return undefined;
  return bare;
}

/**
 * Items and ranges of u16 separated by commas (spec adapter.md 1.3). As with LWA, items that are neither are
 * overlooked; a list of which nothing is left is no list, because it would mean "never" without saying so (B34).
 */
export function statusList(text: string): readonly StatusRange[] | undefined {
  const ranges = text.split(",").flatMap((item) => statusRange(item) ?? []);
  return ranges.length > 0 ? ranges : undefined;
}

/** Items that {@link statusList} overlooks. */
export function overlookedStatuses(text: string): string[] {
  return text.split(",").filter((item) => item.trim() !== "" && statusRange(item) === undefined);
}

function statusRange(item: string): StatusRange | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(item.trim());
  if (match === null) return undefined;
  const from = Number(match[1]);
  const to = match[2] === undefined ? from : Number(match[2]);
  return to <= 65_535 && from <= to ? { from, to } : undefined;
}

export function includesStatus(ranges: readonly StatusRange[], status: number): boolean {
  return ranges.some(({ from, to }) => status >= from && status <= to);
}

/** Sources that can have a path of their own: see `event-source.ts`. */
export function routes(text: string): ReadonlyMap<string, string> | undefined {
  const paths = new Map<string, string>();
  for (const item of text.split(",")) {
    if (item.trim() === "") continue;
    const equals = item.indexOf("=");
    const source = item.slice(0, Math.max(0, equals)).trim().toLowerCase();
    const path = equals < 0 ? undefined : passThroughPath(item.slice(equals + 1).trim());
    if (!/^[a-z0-9-]+$/.test(source) || path === undefined) return undefined;
    paths.set(source, path);
  }
  return paths;
}
