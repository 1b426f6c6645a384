/** Names that AWS makes up for an environment and an invocation; here made of random bytes. */
import { createHash, randomFillSync } from "node:crypto";
import type { LatticeService } from "@anylambda/wire/front-doors/lattice";
import type { FunctionConfiguration } from "./function.ts";

/** ARN as invoked without a qualifier (environment.md 1.3). */
export function functionArnOf(configuration: FunctionConfiguration): string {
  return `arn:aws:lambda:${configuration.region}:${configuration.accountId}:function:${configuration.name}`;
}

/** Last part of the log stream's name: 32 hex digits, one environment each. */
export function newEnvironmentId(): string {
  return randomHex(16);
}

/** `YYYY/MM/DD/[version]id` (environment.md 4.7). */
export function logStreamOf(version: string, environment: string, created: Date): string {
  return `${created.toISOString().slice(0, 10).replaceAll("-", "/")}/[${version}]${environment}`;
}

/** `Root=1-<8 hex: seconds>-<24 hex>`. */
export function newTraceRoot(): string {
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  return `Root=1-${seconds}-${randomHex(12)}`;
}

/**
 * The value of `Lambda-Runtime-Trace-Id` (environment.md 1.3): always with a parent and a sampling decision.
 * What the caller sent is kept, what it left out is added; "not sampled", because nobody here collects traces.
 */
export function completeTraceId(given: string | undefined): string {
  const root = given !== undefined && given.includes("Root=") ? given : newTraceRoot();
  const parent = root.includes("Parent=") ? "" : `;Parent=${randomHex(8)}`;
  const sampled = root.includes("Sampled=") ? "" : ";Sampled=0";
  return root + parent + sampled;
}

/** Id of a function URL: 32 characters, the same for the same function every time. */
export function urlIdOf(configuration: FunctionConfiguration): string {
  const digest = createHash("sha256").update(functionArnOf(configuration)).digest();
  let id = "";
  for (const byte of digest) id += (byte % 36).toString(36);
  return id;
}

/** Id of an API: 10 characters, the same for the same function and door every time. */
export function apiIdOf(configuration: FunctionConfiguration, door: string): string {
  return shortId(`${functionArnOf(configuration)} ${door}`, 10);
}

/** Id of a REST API's resource: 6 characters. */
export function resourceIdOf(apiId: string, path: string): string {
  return shortId(`${apiId} ${path}`, 6);
}

function shortId(text: string, length: number): string {
  const digest = createHash("sha256").update(text).digest();
  return Array.from(digest.subarray(0, length), (byte) => (byte % 36).toString(36)).join("");
}

/** API Gateway's own kind of id, for requests, messages and connections: 15 characters and `=`. */
export function newExtendedId(): string {
  return `${fresh(12).toString("base64url").slice(0, 15)}=`;
}

export function targetGroupArnOf({ region, accountId, name }: FunctionConfiguration): string {
  const id = createHash("sha256").update(name).digest("hex").slice(0, 16);
  return `arn:aws:elasticloadbalancing:${region}:${accountId}:targetgroup/${name.slice(0, 32)}/${id}`;
}

/** What a VPC Lattice service says of itself in its events. */
export function latticeServiceOf({ region, accountId, name }: FunctionConfiguration): LatticeService {
  const id = createHash("sha256").update(name).digest("hex").slice(0, 17);
  const arn = (rest: string): string => `arn:aws:vpc-lattice:${region}:${accountId}:${rest}`;
  return {
    serviceNetworkArn: arn(`servicenetwork/sn-${id}`),
    serviceArn: arn(`service/svc-${id}`),
    targetGroupArn: arn(`targetgroup/tg-${id}`),
    region,
  };
}

/** Random bytes as hex digits. */
export function randomHex(bytes: number): string {
  return fresh(bytes).toString("hex");
}

/** Asked for one by one, the bytes for three ids cost an invocation more than its headers do. */
const pool = Buffer.alloc(4096);
let taken = pool.length;

/** To be used at once: later calls give the same memory again. */
function fresh(bytes: number): Buffer {
  if (taken + bytes > pool.length) {
    randomFillSync(pool);
    taken = 0;
  }
  taken += bytes;
  return pool.subarray(taken - bytes, taken);
}
