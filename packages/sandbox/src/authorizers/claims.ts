/** Claims of a token as they stand in an event: text, whatever they were. */
import { type JsonObject, isObject } from "@anylambda/wire";

/** HTTP APIs write claims as Go prints them: `[admin editor]`, `map[roles:[a b]]` (spec event-formats.md 6.1). */
export function httpApiClaims(claims: JsonObject): Record<string, string> {
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, goText(value)]));
}

function goText(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (isObject(value)) {
    const names = Object.keys(value).toSorted((a, b) => (a < b ? -1 : 1));
    return `map[${names.map((name) => `${name}:${goText(value[name])}`).join(" ")}]`;
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** REST APIs write those of a user pool so (4.6): times as Java prints dates, lists with commas, objects as JSON. */
export function cognitoClaims(claims: JsonObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => {
      if ((name === "exp" || name === "iat") && typeof value === "number" && Math.abs(value) < 8e12)
        return [name, javaDate(new Date(value * 1000))];
      if (Array.isArray(value)) return [name, value.map(plainText).join(",")];
      return [name, plainText(value)];
    }),
  );
}

function plainText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

/** `Thu Mar 05 14:07:09 UTC 2026` */
function javaDate(date: Date): string {
  const [day = "", number, month, year, time] = date.toUTCString().split(" ");
  return `${day.replace(",", "")} ${month} ${number} ${time} UTC ${year}`;
}

/** Of `scope`, parted by spaces, or of `scp`, such a text or a list. */
export function scopesOf(claims: JsonObject): string[] {
  const given = claims["scope"] ?? claims["scp"];
  if (typeof given === "string") return given.split(" ").filter(Boolean);
  return Array.isArray(given) ? given.filter((one): one is string => typeof one === "string") : [];
}

/** Whether it has one of those that are wanted; any token has when none is. */
export function hasScope(claims: JsonObject, wanted: readonly string[] = []): boolean {
  if (wanted.length === 0) return true;
  const has = new Set(scopesOf(claims));
  return wanted.some((scope) => has.has(scope));
}
