/** JSON Web Tokens: who bears one, and whether to believe it. Signatures are jose's affair. */
import type { JsonObject } from "@anylambda/wire";
import { type JWTPayload, decodeJwt, errors, jwtVerify } from "jose";
import { KeysUnavailable, keysOf } from "./key-sets.ts";
import type { KeySource } from "./options.ts";

type TokenVerdict =
  | { readonly kind: "believed"; readonly claims: JsonObject }
  /** `description`: AWS's words where they are known (see docs/front-doors.md). */
  | { readonly kind: "refused"; readonly description: string; readonly isExpired?: boolean }
  /** `why` is for whoever runs the door, not for the caller. */
  | { readonly kind: "undecided"; readonly description: string; readonly why: string };

export interface Judge {
  /** `text` is the header's value; `Bearer ` before the token is taken away. Never rejects. */
  judge(text: string): Promise<TokenVerdict>;
}

/** Accepts a token of one of the issuers; `audience`: one of them must be named in it, unless there is none. */
export function judgeOf(
  source: KeySource,
  issuers: readonly string[],
  audience: readonly string[] = [],
): Judge {
  if (source.unverified === true) return { judge: (text) => Promise.resolve(unverified(bare(text))) };
  const keys = new Map(issuers.map((issuer) => [issuer, keysOf(source, issuer)]));
  return {
    async judge(text) {
      const token = bare(text);
      const read = unverified(token);
      if (read.kind !== "believed") return read;
      const issuer = read.claims["iss"];
      const find = typeof issuer === "string" ? keys.get(issuer) : undefined;
      if (find === undefined) return refused("the token does not have a valid issuer");
      try {
        const { payload } = await jwtVerify(token, find, { algorithms: rsa, requiredClaims: ["exp"] });
        if (audience.length > 0 && !isMeantFor(payload, audience))
          return refused("the token does not have a valid audience");
        return { kind: "believed", claims: payload };
      } catch (error) {
        return verdictOf(error);
      }
    },
  };
}

/** API Gateway takes no others. */
const rsa = ["RS256", "RS384", "RS512"];

function bare(text: string): string {
  return text.replace(/^bearer\s+/i, "").trim();
}

function unverified(token: string): TokenVerdict {
  const segments = token.split(".").length;
  if (segments !== 3) return refused("token contains an invalid number of segments");
  try {
    return { kind: "believed", claims: decodeJwt(token) };
  } catch {
    return refused("the token is malformed");
  }
}

/** `client_id` is looked at where there is no `aud` only. */
function isMeantFor({ aud, client_id: client }: JWTPayload, audience: readonly string[]): boolean {
  const named = aud ?? client;
  return (Array.isArray(named) ? named : [named]).some((one) => audience.includes(String(one)));
}

function verdictOf(error: unknown): TokenVerdict {
  if (error instanceof KeysUnavailable)
    return {
      kind: "undecided",
      description: "OIDC discovery endpoint communication error",
      why: error.message,
    };
  if (error instanceof errors.JWTExpired) return { ...refused("the token has expired"), isExpired: true };
  if (error instanceof errors.JWTClaimValidationFailed)
    return refused(
      error.claim === "nbf" ? "the token is not valid yet" : `the token has no valid ${error.claim}`,
    );
  if (error instanceof errors.JWSSignatureVerificationFailed) return refused("the signature is not valid");
  if (error instanceof errors.JOSEAlgNotAllowed) return refused("the signing method is not valid");
  if (error instanceof errors.JWKSNoMatchingKey) return refused("no key of the issuer matches the token");
  return refused("the token is not valid");
}

function refused(description: string): TokenVerdict & { readonly kind: "refused" } {
  return { kind: "refused", description };
}
