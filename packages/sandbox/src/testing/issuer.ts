/** An issuer of tokens on this machine: real keys, a real discovery document, real sockets. */
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type JWTPayload, SignJWT, exportJWK, generateKeyPair } from "jose";

type Claims = { readonly [Name in keyof JWTPayload]?: JWTPayload[Name] | undefined };

export interface Issuer {
  /** Value of `iss`. */
  readonly url: string;
  /** Its JSON Web Key Set. */
  readonly keySet: { readonly keys: readonly object[] };
  /** A token signed with its key, valid for an hour; `undefined` removes a claim. */
  token(claims?: Claims, more?: { readonly kid?: string }): Promise<string>;
  /** Paths it was asked for. */
  readonly asked: string[];
  [Symbol.asyncDispose](): Promise<void>;
}

export async function issuer(algorithm = "RS256"): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const keySet = { keys: [{ ...(await exportJWK(publicKey)), kid: "k1", alg: algorithm, use: "sig" }] };
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const known: Record<string, unknown> = {
      "/.well-known/openid-configuration": { issuer: url, jwks_uri: `${url}/keys` },
      "/keys": keySet,
    };
    const found = known[request.url ?? ""];
    response.writeHead(found === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(found ?? null));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    keySet,
    asked,
    token: (claims = {}, { kid = "k1" } = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const all = { iss: url, aud: "shop", sub: "ada", iat: now, exp: now + 3600, ...claims };
      const kept = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
      return new SignJWT(kept).setProtectedHeader({ alg: algorithm, kid }).sign(privateKey);
    },
    [Symbol.asyncDispose]: () => closed(server),
  };
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
