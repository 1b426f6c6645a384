/**
 * Keeps secrets of requests out of the page: the values of headers that carry them, cookies, and what authorizers get. Works on the JSON's text,
 * because what is kept of a large event may be its beginning only. Pure.
 */
import { masked } from "@anylambda/dashboard/protocol";

const names = [
  "authorization",
  "proxy-authorization",
  "cookie",
  "set-cookie",
  "x-api-key",
  "x-amz-security-token",
  "x-csrf-token",
  "x-xsrf-token",
  // Of authorizers: what they are asked about, and the key they name.
  "authorizationToken",
  "identitySource",
  "usageIdentifierKey",
  "apiKey",
];

/** A JSON string, or the beginning of one where the text ends. */
const text = String.raw`"(?:[^"\\]|\\[\s\S]?)*(?:"|$)`;
/** As a value: a text, or a list of texts, as multi-value headers and `cookies` are. */
const secret = new RegExp(
  String.raw`("(?:${names.join("|")}|cookies)"\s*:\s*)(${text}|\[(?:\s*${text}\s*,?)*\s*(?:\]|$))`,
  "gi",
);
const each = new RegExp(text, "g");

export function maskSecrets(json: string): string {
  return json.replaceAll(
    secret,
    (_all, name: string, value: string) => name + value.replaceAll(each, JSON.stringify(masked)),
  );
}

/** Puts the secrets of `original` back where `edited` has the mask at the same place. */
export function unmaskSecrets(edited: unknown, original: unknown): unknown {
  if (edited === masked) return original === undefined ? edited : original;
  if (Array.isArray(edited)) {
    const from: readonly unknown[] = Array.isArray(original) ? original : [];
    return edited.map((value, at) => unmaskSecrets(value, from[at]));
  }
  if (typeof edited !== "object" || edited === null) return edited;
  const from = typeof original === "object" && original !== null ? original : {};
  return Object.fromEntries(
    Object.entries(edited).map(([key, value]) => [
      key,
      unmaskSecrets(value, Object.hasOwn(from, key) ? (from as Record<string, unknown>)[key] : undefined),
    ]),
  );
}
