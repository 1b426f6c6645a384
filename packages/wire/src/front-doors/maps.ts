/** Maps of headers and parameters, single-valued and multi-valued, as payload 1.0 and ALB use them. */
import { joinRepeated } from "../fields.ts";
import { isObject, textOf } from "../json.ts";
import type { JsonObject } from "../json.ts";
import { headersOf } from "../message.ts";
import type { HeaderField, HeaderList } from "../message.ts";

/**
 * Pairs of the multi-valued map when the event has one, then what only the single-valued map names. An event
 * normally has the same names in both, and the single map then holds only the last value (spec event-formats.md
 * 1.4, D28): reading both would repeat it. Names compare without regard to case when `foldCase` is set.
 */
export function pairsOfMaps(
  multi: unknown,
  single: unknown,
  foldCase: boolean,
): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  const seen = new Set<string>();
  const key = (name: string): string => (foldCase ? name.toLowerCase() : name);
  for (const [name, values] of Object.entries(isObject(multi) ? multi : {})) {
    for (const value of Array.isArray(values) ? values : [values]) {
      const text = textOf(value);
      if (text === undefined) continue;
      pairs.push([name, text]);
      seen.add(key(name));
    }
  }
  for (const [name, values] of Object.entries(isObject(single) ? single : {})) {
    if (seen.has(key(name))) continue;
    for (const value of Array.isArray(values) ? values : [values]) {
      const text = textOf(value);
      if (text !== undefined) pairs.push([name, text]);
    }
  }
  return pairs;
}

/** Pairs as a multi-valued map, in order, the first spelling of a name kept. */
export function multiMap(pairs: HeaderList, foldCase: boolean): { [name: string]: string[] } {
  const spelling = new Map<string, string>();
  const map: { [name: string]: string[] } = Object.create(null) as { [name: string]: string[] };
  for (const [name, value] of pairs) {
    const key = foldCase ? name.toLowerCase() : name;
    const first = spelling.get(key);
    if (first === undefined) {
      spelling.set(key, name);
      map[name] = [value];
    } else {
      map[first]?.push(value);
    }
  }
  return map;
}

/** The last value of each name: what a single-valued map keeps of a multi-valued one. */
export function lastOfEach(multi: { readonly [name: string]: readonly string[] }): JsonObject {
  return Object.fromEntries(Object.entries(multi).map(([name, values]) => [name, values.at(-1) ?? ""]));
}

/** Names in lower case. */
export function lowered(fields: HeaderList): HeaderField[] {
  return fields.map(([name, value]) => [name.toLowerCase(), value]);
}

/**
 * A response's fields as the single-valued map of doors that have no list of cookies. Repeated fields are joined, but
 * cookies cannot be: the last one stays, as of two cookies of a name the later one counts.
 */
export function joinedMap(fields: HeaderList): JsonObject {
  const joined = joinRepeated(fields);
  const lastCookie = headersOf(fields, "set-cookie").at(-1);
  if (lastCookie !== undefined) joined.set("set-cookie", lastCookie);
  return Object.fromEntries(joined);
}
