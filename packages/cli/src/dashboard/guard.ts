/**
 * Keeps other web pages, and other people of this machine, away from the dashboard. Pure.
 *
 *  (1) Host must be this server's own name: a foreign name that resolves to 127.0.0.1 (DNS rebinding) is refused.
 *  (2) What a browser says comes from another page is refused.
 *  (3) Whoever wants to know or do something shows the token, which stands in the address that was printed, behind `#`:
 *      a browser sends that to nobody.
 */
import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

export interface Guard {
  readonly port: number;
  readonly token: string;
}

export type Verdict = "welcome" | "misdirected" | "foreign" | "unknown";

export function verdictOf(
  { headers, url = "" }: Pick<IncomingMessage, "headers" | "url">,
  guard: Guard,
): Verdict {
  const names = [`127.0.0.1:${guard.port}`, `localhost:${guard.port}`];
  const { host = "", origin } = headers;
  if (!names.includes(host)) return "misdirected";
  if (origin !== undefined && origin !== `http://${host}`) return "foreign";
  const site = headers["sec-fetch-site"] ?? "none";
  // A person may come to the page from anywhere, but only to the page.
  if (url.startsWith("/api/") && site !== "same-origin" && site !== "none") return "foreign";
  if (url.startsWith("/api/") && !isToken(headers["x-anylambda-token"], guard.token)) return "unknown";
  return "welcome";
}

function isToken(given: string | string[] | undefined, token: string): boolean {
  const [sent, right] = [Buffer.from(String(given)), Buffer.from(token)];
  return sent.length === right.length && timingSafeEqual(sent, right);
}

/** For every answer. Nothing is loaded from elsewhere, nobody frames the page, nobody reads it. */
export const protectiveHeaders: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};
