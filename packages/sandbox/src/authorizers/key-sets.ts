/**
 * The public keys of an issuer: of a file, of a URL, or of the place that the issuer's discovery document names.
 *
 *  (1) A file is read again when it has changed; a URL at most once in `keptMs`, and when a token names an unknown key.
 *  (2) Nothing of an issuer is waited for longer than `patienceMs`, and no document is read beyond `maxBytes`.
 */
import { readFile, stat } from "node:fs/promises";
import { type JSONWebKeySet, type JWTVerifyGetKey, createLocalJWKSet, createRemoteJWKSet } from "jose";
import type { KeySource } from "./options.ts";

/** As API Gateway keeps them. */
const keptMs = 2 * 3_600_000;
const patienceMs = 5_000;
const maxBytes = 1_048_576;

/** The keys cannot be had: nobody's token can be judged. */
export class KeysUnavailable extends Error {
  override readonly name = "KeysUnavailable";
}

/** The function that finds a token's key; it rejects with {@link KeysUnavailable}, or as jose does for an unknown key. */
export function keysOf({ keys }: KeySource, issuer: string): JWTVerifyGetKey {
  if (keys === undefined) return discovered(issuer);
  return isUrl(keys) ? remote(keys) : fromFile(keys);
}

function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

function fromFile(file: string): JWTVerifyGetKey {
  let read: { readonly changed: number; readonly find: JWTVerifyGetKey } | undefined;
  return async (...asked) => {
    const { mtimeMs, size } = await stat(file).catch((cause: unknown) => {
      throw new KeysUnavailable(`there is no file ${file}`, { cause });
    });
    if (size > maxBytes) throw new KeysUnavailable(`${file} has more than ${maxBytes} bytes`);
    if (read?.changed !== mtimeMs)
      read = { changed: mtimeMs, find: localSet(await readFile(file, "utf8"), file) };
    return read.find(...asked);
  };
}

function localSet(text: string, where: string): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
  } catch (cause) {
    throw new KeysUnavailable(`${where} is no JSON Web Key Set: {"keys": [...]}`, { cause });
  }
}

function remote(url: string): JWTVerifyGetKey {
  const find = createRemoteJWKSet(new URL(url), {
    timeoutDuration: patienceMs,
    cacheMaxAge: keptMs,
    // An issuer on this machine that has just made its keys anew should not be waited for.
    cooldownDuration: 1_000,
  });
  return async (...asked) => {
    try {
      return await find(...asked);
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
      // That the set has no such key is the token's fault.
      if (code === "ERR_JWKS_NO_MATCHING_KEY" || code === "ERR_JWKS_MULTIPLE_MATCHING_KEYS") throw cause;
      throw new KeysUnavailable(`no keys from ${url}: ${String(cause)}`, { cause });
    }
  };
}

/** OpenID Connect Discovery 1.0, 4: the document tells where the keys are. Asked again when it could not be had. */
function discovered(issuer: string): JWTVerifyGetKey {
  let finding: Promise<JWTVerifyGetKey> | undefined;
  const find = async (): Promise<JWTVerifyGetKey> => {
    const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    const { jwks_uri: keys } = await document(url);
    if (typeof keys !== "string" || !isUrl(keys)) throw new KeysUnavailable(`${url} names no jwks_uri`);
    return remote(keys);
  };
  return async (...asked) => {
    finding ??= find();
    const found = await finding.catch((error: unknown) => {
      finding = undefined;
      throw error;
    });
    return found(...asked);
  };
}

async function document(url: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(patienceMs), redirect: "follow" });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    const value = JSON.parse(Buffer.concat(chunks).toString()) as unknown;
    if (typeof value !== "object" || value === null) throw new Error("no JSON object");
    return value as Readonly<Record<string, unknown>>;
  } catch (cause) {
    const reason =
      cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
    throw new KeysUnavailable(`no discovery document from ${url}: ${reason}`, { cause });
  }
}
