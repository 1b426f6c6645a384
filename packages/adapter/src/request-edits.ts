/** Edits that variables ask for, on the way from the event to the app (spec adapter.md 3.6). */
import type { HeaderField } from "@anylambda/wire";
import { headerOf } from "@anylambda/wire";

/**
 * `target` without `basePath` (no trailing slash, `""` for none): once, and only where a segment ends, as LWA
 * does since 1.1. `/api` makes `/api/api/x` into `/api/x` and leaves `/apix` alone.
 */
export function removeBasePath(target: string, basePath: string): string {
  if (basePath === "" || !target.startsWith(basePath)) return target;
  const rest = target.slice(basePath.length);
  if (rest === "" || rest.startsWith("?")) return `/${rest}`;
  return rest.startsWith("/") ? rest : target;
}

/**
 * Moves the value of the header `source` (lower case) to `authorization`. Without that header the client's own
 * `authorization` is taken out all the same: whoever configured a source trusts only that one (B23).
 * `found` says whether it was there.
 */
export function moveAuthorization(
  headers: readonly HeaderField[],
  source: string,
): { readonly headers: HeaderField[]; readonly found: boolean } {
  const value = headerOf(headers, source);
  const rest = headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return lower !== source && lower !== "authorization";
  });
  if (value !== undefined) rest.push(["authorization", value]);
  return { headers: rest, found: value !== undefined };
}
