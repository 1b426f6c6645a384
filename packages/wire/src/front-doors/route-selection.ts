/**
 * Route selection expressions of WebSocket APIs: text in which `$request.body.a.b` or `${request.body.a.b}` stands for
 * a member of the message, and `\$` for a dollar. Of JSON paths members and indices (`a[0].b`) are known, no filters.
 */
import { isObject } from "../json.ts";

const variable = /\\(.)|\$\{request\.body\.([^}]+)\}|\$request\.body\.([\w[\].-]+)/g;

/**
 * The route key that the message names, or `undefined` when it is no JSON or lacks what the expression asks for. That
 * sends it to `$default`, as does a key that is no route's.
 */
export function selectedKey(expression: string, text: string): string | undefined {
  const names = [...expression.matchAll(variable)].some(([, escaped]) => escaped === undefined);
  const message = names ? parsed(text) : undefined;
  if (names && message === undefined) return undefined;
  let missing = false;
  const key = expression.replace(variable, (_, escaped?: string, braced?: string, bare?: string) => {
    if (escaped !== undefined) return escaped;
    const value = memberAt(message, braced ?? bare ?? "");
    if (value === undefined || value === null) missing = true;
    return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  });
  return missing ? undefined : key;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function memberAt(value: unknown, path: string): unknown {
  let found = value;
  for (const name of path.split(/[.[\]]+/).filter((part) => part !== "")) {
    if (Array.isArray(found)) found = (found as unknown[])[Number(name)];
    else if (isObject(found) && Object.hasOwn(found, name)) found = found[name];
    else return undefined;
  }
  return found;
}
