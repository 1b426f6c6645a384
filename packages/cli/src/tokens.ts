/** What is typed about tokens: whose they are, by which keys, or that they are believed. */
import type { AuthorizerOptions } from "@anylambda/sandbox";
import { type DoorName, type PlannedDoor, doorNames } from "./doors.ts";
import { resolve } from "node:path";
import { authorizersOfDoor } from "./authorizer-types.ts";
import { type UserFailure, userFailure } from "./user-failure.ts";

export interface TokenOptions {
  readonly jwtIssuer?: string | undefined;
  readonly jwtAudience?: readonly string[] | undefined;
  /** A file or a URL. */
  readonly jwtKeys?: string | undefined;
  readonly unverifiedTokens?: boolean | undefined;
}

/** What is typed wins over what a file says. */
export function withTyped(authorizer: AuthorizerOptions, typed: TokenOptions): AuthorizerOptions {
  if (authorizer.type !== "jwt" && authorizer.type !== "cognito") return authorizer;
  const { jwtIssuer: issuer, jwtAudience: audience } = typed;
  const source = {
    ...(typed.jwtKeys !== undefined && { keys: keysAt(typed.jwtKeys, process.cwd()) }),
    ...(typed.unverifiedTokens === true && { unverified: true }),
  };
  if (authorizer.type === "cognito")
    return { ...authorizer, ...source, ...(issuer !== undefined && { issuers: [issuer] }) };
  return {
    ...authorizer,
    ...source,
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  };
}

/** A URL stays, a file is looked for in the directory. */
export function keysAt(keys: string, directory: string): string {
  return /^https?:\/\//i.test(keys) ? keys : resolve(directory, keys);
}

/** Doors of a command that is typed: those that can want a token do, if anything is said of tokens. */
export function wantTokens(doors: readonly PlannedDoor[], typed: TokenOptions): PlannedDoor[] {
  const { jwtIssuer: issuer, jwtAudience: audience = [], jwtKeys, unverifiedTokens = false } = typed;
  if (issuer === undefined && !unverifiedTokens) {
    const stray = jwtKeys !== undefined ? "--jwt-keys" : audience.length > 0 ? "--jwt-audience" : undefined;
    if (stray !== undefined)
      throw userFailure(`${stray} says nothing without --jwt-issuer`, "Name the issuer of the tokens.");
    return [...doors];
  }
  if (!doors.some(({ name }) => tokenTypeOf(name) !== undefined)) throw noDoorForTokens();
  return doors.map((door) => {
    const type = tokenTypeOf(door.name);
    if (type === undefined) return door;
    const own: AuthorizerOptions =
      type === "jwt" ? { type, issuer: issuer ?? "", audience } : { type, issuers: [issuer ?? ""] };
    return { ...door, more: { ...door.more, authorization: { authorizer: withTyped(own, typed) } } };
  });
}

function tokenTypeOf(door: DoorName): "jwt" | "cognito" | undefined {
  const types = authorizersOfDoor[door] ?? [];
  return types.includes("jwt") ? "jwt" : types.includes("cognito") ? "cognito" : undefined;
}

function noDoorForTokens(): UserFailure {
  const able = doorNames.filter((name) => tokenTypeOf(name) !== undefined);
  return userFailure("None of these doors wants a token", `${able.join(", ")} do: add --door http-api.`);
}

/** Whether any door believes tokens; somebody should know. */
export function believesTokens(door: PlannedDoor): boolean {
  return JSON.stringify(door.more ?? {}).includes(`"unverified":true`);
}

export const unverifiedWarning =
  "Tokens are believed, whoever signed them and whatever they claim: nothing is verified. For work without an identity provider only";
