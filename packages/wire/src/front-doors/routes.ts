/**
 * Which route of an API takes a request. A route key is a method or `ANY`, a space, and a path whose segments are
 * text, `{name}`, or at its end `{name+}` for one segment or more; or `$default`, which takes what nobody else does.
 */
export interface Route {
  /** As written. */
  readonly key: string;
  /** `ANY` takes every method. */
  readonly method: string;
  /** `/items/{id}`; `$default` of the route that has no path. */
  readonly path: string;
  readonly segments: readonly Segment[];
}

type Segment =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "variable" | "greedy"; readonly name: string };

/** `undefined` when it is none. */
export function readRoute(key: string): Route | undefined {
  if (key === "$default") return { key, method: "ANY", path: "$default", segments: [] };
  const parts = /^([A-Z]+) (\/\S*)$/.exec(key);
  if (parts === null) return undefined;
  const [, method = "", path = ""] = parts;
  const texts = segmentsOf(path);
  const segments = texts.map(readSegment);
  const known = segments.every((segment, at) => segment !== undefined && isLastIfGreedy(segment, at, texts));
  return known ? { key, method, path, segments: segments as Segment[] } : undefined;
}

function isLastIfGreedy(segment: Segment, at: number, all: readonly string[]): boolean {
  return segment.kind !== "greedy" || at === all.length - 1;
}

function readSegment(text: string): Segment | undefined {
  if (!/[{}]/.test(text)) return { kind: "text", text };
  const variable = /^\{([A-Za-z0-9_.:-]+)(\+?)\}$/.exec(text);
  if (variable === null) return undefined;
  return { kind: variable[2] === "+" ? "greedy" : "variable", name: variable[1] ?? "" };
}

/** `/` has no segments, `/a/` has two, the second of them empty. */
function segmentsOf(path: string): string[] {
  return path === "/" || path === "" ? [] : path.slice(1).split("/");
}

export interface Match {
  readonly route: Route;
  /** As they stand in the path; `undefined` when the route has no variables. */
  readonly pathParameters: { readonly [name: string]: string } | undefined;
}

/**
 * The route for a request: of those whose path fits the most exact, text before a variable before a greedy one, and
 * of these a method's own before `ANY` (6.7). `$default` last; `undefined` when there is none either.
 */
export function selectRoute(routes: readonly Route[], method: string, path: string): Match | undefined {
  const sent = segmentsOf(path);
  let best: { readonly route: Route; readonly values: Map<string, string> } | undefined;
  for (const route of routes) {
    if (route.method !== "ANY" && route.method !== method) continue;
    const values = valuesOf(route, sent);
    if (values !== undefined && (best === undefined || isCloser(route, best.route))) best = { route, values };
  }
  if (best === undefined) return undefined;
  const { route, values } = best;
  return { route, pathParameters: values.size === 0 ? undefined : Object.fromEntries(values) };
}

function valuesOf({ path, segments }: Route, sent: readonly string[]): Map<string, string> | undefined {
  const values = new Map<string, string>();
  if (path === "$default") return values;
  for (const [at, segment] of segments.entries()) {
    const text = sent[at];
    if (text === undefined) return undefined;
    if (segment.kind === "greedy") {
      values.set(segment.name, sent.slice(at).join("/"));
      return values;
    }
    if (segment.kind === "text" ? text !== segment.text : text === "") return undefined;
    if (segment.kind === "variable") values.set(segment.name, text);
  }
  return sent.length === segments.length ? values : undefined;
}

const ranks = { text: 0, variable: 1, greedy: 2 } as const;

function isCloser(one: Route, other: Route): boolean {
  const [left, right] = [closenessOf(one), closenessOf(other)];
  return left < right || (left === right && one.method !== "ANY" && other.method === "ANY");
}

/** A digit a segment, the smaller the closer; a route without a path is behind all others. */
function closenessOf({ path, segments }: Route): string {
  return path === "$default" ? "9" : segments.map(({ kind }) => ranks[kind]).join("");
}
