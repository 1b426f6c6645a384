/**
 * A client that hides nothing: the target goes out as written, headers come back in order and repeated, the body
 * as bytes. `fetch` would tidy the first, fold the second and decode the third.
 */
import { Buffer } from "node:buffer";
import { request as open } from "node:http";
import type { ExampleRequest } from "./requests.ts";

export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** The same for whoever is asked, so that an app that repeats its host answers the same twice. */
export const exampleHost = "shop.example";

const patienceMs = 30_000;

export function send(base: string, request: ExampleRequest): Promise<Answer> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const outgoing = open(
      {
        host: hostname,
        port,
        method: request.method,
        path: request.target,
        headers: [...headersOf(request), ...framingOf(request)].flat() as unknown as Record<string, string>,
        agent: false,
        timeout: patienceMs,
      },
      (incoming) => {
        const parts: Buffer[] = [];
        incoming.on("data", (part: Buffer) => parts.push(part));
        incoming.on("error", reject);
        incoming.on("end", () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: pairsOf(incoming.rawHeaders),
            body: Buffer.concat(parts),
          }),
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.on("timeout", () => outgoing.destroy(new Error(`No answer within ${patienceMs} ms`)));
    outgoing.end(request.body);
  });
}

function headersOf(request: ExampleRequest): (readonly [string, string])[] {
  return [["host", exampleHost], ...request.headers];
}

function framingOf(request: ExampleRequest): (readonly [string, string])[] {
  if (request.body === undefined) return [];
  return request.chunked === true
    ? [["transfer-encoding", "chunked"]]
    : [["content-length", String(request.body.length)]];
}

function pairsOf(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) pairs.push([raw[at] ?? "", raw[at + 1] ?? ""]);
  return pairs;
}
