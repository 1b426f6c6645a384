/** What the two HTTP-speaking APIs of API Gateway do before the function is asked: stage, then route. */
import { type Route, readRoute } from "@anylambda/wire/front-doors/routes";

/** Throws for a key that is none: a door that silently lacks a route would answer 404 for ever. */
export function readRoutes(keys: readonly string[]): Route[] {
  return keys.map((key) => {
    const route = readRoute(key);
    if (route !== undefined) return route;
    const example = "GET /items/{id}, ANY /{proxy+} or $default";
    throw new RangeError(`${JSON.stringify(key)} is no route: it looks like ${example}`);
  });
}

/** The path behind `/STAGE`; `undefined` when it begins with another segment. */
export function behindStage(path: string, stage: string): string | undefined {
  if (path === `/${stage}`) return "/";
  return path.startsWith(`/${stage}/`) ? path.slice(stage.length + 1) : undefined;
}
