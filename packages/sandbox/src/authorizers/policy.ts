/**
 * The policy that a Lambda authorizer gives: may this caller invoke this method? As IAM has it, an explicit deny wins over
 * every allow, and what nobody allows is denied. Conditions are not evaluated: a statement with one denies, if it denies, and
 * allows nothing, so that nobody gets in here who would not on AWS.
 */
import { type JsonObject, isObject } from "@anylambda/wire";

export type PolicyDecision = "allow" | "explicitDeny" | "implicitDeny";

/** `undefined` when it is no policy. `arn` is that of the method: `arn:aws:execute-api:…/STAGE/GET/path`. */
export function decide(policy: unknown, arn: string): PolicyDecision | undefined {
  if (!isObject(policy)) return undefined;
  const { Statement: given } = policy;
  const statements = Array.isArray(given) ? (given as unknown[]) : [given];
  let allowed = false;
  let denied = false;
  for (const statement of statements) {
    if (!isObject(statement) || (statement["Effect"] !== "Allow" && statement["Effect"] !== "Deny"))
      return undefined;
    const isOfAction = isCovered(statement, "Action", "execute-api:Invoke", true);
    const isOfResource = isCovered(statement, "Resource", arn, false);
    if (isOfAction === undefined || isOfResource === undefined) return undefined;
    if (!isOfAction || !isOfResource) continue;
    if (statement["Effect"] === "Deny") denied = true;
    else if (statement["Condition"] === undefined) allowed = true;
  }
  if (denied) return "explicitDeny";
  return allowed ? "allow" : "implicitDeny";
}

/** By `Action` or `NotAction`, and so on; `undefined` when the statement has neither. */
function isCovered(
  statement: JsonObject,
  member: "Action" | "Resource",
  value: string,
  ignoresCase: boolean,
): boolean | undefined {
  const named = textsOf(statement[member]);
  const others = textsOf(statement[`Not${member}`]);
  const matches = (pattern: string): boolean =>
    ignoresCase ? matchesPattern(pattern.toLowerCase(), value.toLowerCase()) : matchesPattern(pattern, value);
  if (named !== undefined) return named.some(matches);
  return others === undefined ? undefined : !others.some(matches);
}

function textsOf(value: unknown): readonly string[] | undefined {
  if (typeof value === "string") return [value];
  if (!Array.isArray(value)) return undefined;
  return value.every((one) => typeof one === "string") ? value : undefined;
}

/** `*` stands for any text, slashes included, `?` for one character. Takes as long as both are, whatever they are. */
export function matchesPattern(pattern: string, text: string): boolean {
  let [p, t] = [0, 0];
  // Behind the last star, and how far it has been stretched.
  let star = -1;
  let stretched = 0;
  while (t < text.length) {
    const sign = pattern[p];
    if (sign === "*") {
      star = p += 1;
      stretched = t;
    } else if (sign === "?" || (sign !== undefined && sign === text[t])) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      stretched += 1;
      [p, t] = [star, stretched];
    } else return false;
  }
  while (pattern[p] === "*") p += 1;
  return p === pattern.length;
}
