/** The requests that every environment gets, and what it makes of them. */
import { userFailure } from "../user-failure.ts";
import type { Observation } from "./compare.ts";

export interface CheckRequest {
  readonly method: string;
  /** Origin-form. */
  readonly target: string;
  readonly body?: string;
}

/** `GET /orders`, `/orders`, or `POST /orders {"id":1}`. */
export function readRequest(text: string): CheckRequest {
  const match = /^(?:([A-Z]+) )?(\/\S*)(?: ([\s\S]+))?$/.exec(text.trim());
  if (match === null)
    throw userFailure(
      `--request ${JSON.stringify(text)} is no request`,
      'It looks like "GET /orders", or "POST /orders {"id":1}".',
    );
  const [, method = match[3] === undefined ? "GET" : "POST", target = "/", body] = match;
  return { method, target, ...(body !== undefined && { body }) };
}

/** Longer bodies are compared by their beginning. */
const maxBodyCharacters = 1_000_000;

/** Sends them one after the other. Never rejects: what fails is an observation too. */
export async function observe(url: string, requests: readonly CheckRequest[]): Promise<Observation[]> {
  const observations: Observation[] = [];
  for (const request of requests) observations.push(await observeOne(url, request));
  return observations;
}

async function observeOne(url: string, { method, target, body }: CheckRequest): Promise<Observation> {
  const request = `${method} ${target}`;
  try {
    const response = await fetch(new URL(target, url), {
      method,
      redirect: "manual",
      ...(body !== undefined && { body, headers: { "content-type": "application/json" } }),
    });
    const headers = [...response.headers].filter(([name]) => name !== "set-cookie");
    for (const cookie of response.headers.getSetCookie()) headers.push(["set-cookie", cookie]);
    const text = (await response.text()).slice(0, maxBodyCharacters);
    return { request, status: response.status, headers, body: text };
  } catch (error) {
    const { cause, message } = error as Error & { readonly cause?: Error };
    return { request, status: 0, headers: [], body: "", failure: cause?.message ?? message };
  }
}
