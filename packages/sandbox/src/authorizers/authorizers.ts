/**
 * The authorizers of one door: each request on a route that has one is judged before its function hears of it.
 *
 *  (1) Whoever is not allowed by the route's authorizer never reaches the function; what cannot be decided is no yes.
 *  (2) An answer of a function is used again only for the same authorizer and the same values of its identity sources, no
 *      longer than its time, and not when the function has been reloaded; a policy is asked anew for each method.
 *  (3) A token is told to nobody but the authorizer's function.
 */
import type { ClientRequest, JsonObject } from "@anylambda/wire";
import type { IamCaller } from "@anylambda/wire/front-doors/iam-caller";
import type { Fleet } from "../fleet.ts";
import type { FunctionConfiguration } from "../function.ts";
import { withPatience } from "../patience.ts";
import { type AuthorizerAnswer, type Expectations, readAnswer } from "./function-answer.ts";
import { hasScope } from "./claims.ts";
import { withoutSecrets } from "./secrets.ts";
import { type IdentitySource, type SourceContext, readIdentitySource, valueOf } from "./identity-source.ts";
import {
  type AuthorizerOptions,
  type CognitoAuthorizerOptions,
  type JwtAuthorizerOptions,
  type RequestAuthorizerOptions,
  type RouteAuthorization,
  type TokenAuthorizerOptions,
  authorizersOfApi,
} from "./options.ts";
import { decide } from "./policy.ts";
import { ResultCache } from "./result-cache.ts";
import type { Judge } from "./tokens.ts";

/** What authorizers need of whoever opens the door. */
export interface AuthorizerMeans {
  /** The function of this name, if it runs. */
  readonly functionNamed?: ((name: string) => Fleet | undefined) | undefined;
  /** Hears why nobody can be let in: of faults of the configuration, never of a caller's token. */
  readonly warn?: ((message: string) => void) | undefined;
}

/** A request as authorizers see it. */
export interface Asked {
  readonly request: ClientRequest;
  /** Of the method or route: `arn:aws:execute-api:…/STAGE/GET/path`. */
  readonly arn: string;
  readonly context: SourceContext;
  readonly stageVariables: Readonly<Record<string, string>> | undefined;
  readonly traceId: string;
  /** The authorizer's event; `identity` are the values of its sources. */
  readonly eventFor: (authorizer: FunctionAuthorizer, identity: readonly string[]) => JsonObject;
  readonly signedBy: () => IamCaller | undefined;
}

export type FunctionAuthorizer = RequestAuthorizerOptions | TokenAuthorizerOptions;

export type Grant =
  | { readonly kind: "jwt"; readonly claims: JsonObject; readonly scopes: readonly string[] | null }
  | {
      readonly kind: "function";
      readonly principalId: string | undefined;
      readonly context: JsonObject | undefined;
      readonly usageIdentifierKey: string | undefined;
      /** How long the function took; 0 of an answer that was kept. */
      readonly latencyMs: number;
    }
  | { readonly kind: "iam"; readonly caller: IamCaller };

export type Refusal =
  /** There is nothing where the identity should be. */
  | { readonly kind: "noIdentity"; readonly of: AuthorizerOptions["type"] }
  | { readonly kind: "badToken"; readonly description: string; readonly isExpired: boolean }
  | { readonly kind: "noScope"; readonly wanted: readonly string[] }
  /** The function said so, by failing with that word. */
  | { readonly kind: "unauthorized" }
  | { readonly kind: "denied"; readonly explicitly: boolean }
  | { readonly kind: "failed" };

export type Verdict = { readonly granted: Grant } | { readonly refused: Refusal };

export interface AuthorizerRules extends Omit<Expectations, "simpleResponses"> {
  /** How long a function may take. */
  readonly patienceMs: number;
  /** Whether answers are kept. */
  readonly keepsAnswers: boolean;
}

interface KeptAnswer {
  readonly answer: AuthorizerAnswer & { readonly kind: "answer" };
  /** The function's configuration when it answered: another one is there after a reload. */
  readonly of: FunctionConfiguration | undefined;
}

export class Authorizers {
  readonly #means: AuthorizerMeans;
  readonly #rules: AuthorizerRules;
  readonly #answers = new ResultCache<KeptAnswer>();
  readonly #judges = new Map<string, Promise<Judge>>();

  constructor(means: AuthorizerMeans, rules: AuthorizerRules) {
    this.#means = means;
    this.#rules = rules;
  }

  /** Rejects for a bug of ours only. */
  async verdictOn(asked: Asked, { authorizer, scopes }: RouteAuthorization): Promise<Verdict> {
    switch (authorizer.type) {
      case "jwt":
      case "cognito":
        return this.#byToken(asked, authorizer, scopes);
      case "request":
      case "token":
        return this.#byFunction(asked, authorizer);
      case "iam": {
        const caller = asked.signedBy();
        if (caller === undefined) return { refused: { kind: "noIdentity", of: "iam" } };
        return { granted: { kind: "iam", caller } };
      }
    }
  }

  async #byToken(
    asked: Asked,
    authorizer: JwtAuthorizerOptions | CognitoAuthorizerOptions,
    scopes: readonly string[] | undefined,
  ): Promise<Verdict> {
    const [text] = identityOf(asked, sourcesOf(authorizer)) ?? [];
    const noIdentity = { refused: { kind: "noIdentity", of: authorizer.type } } as const;
    if (text === undefined) return noIdentity;
    if (authorizer.type === "cognito" && !isValid(text, authorizer.validationExpression)) return noIdentity;
    const judge = await this.#judgeOf(authorizer);
    const verdict = await judge.judge(text);
    if (verdict.kind === "undecided")
      this.#means.warn?.(`An authorizer of type ${authorizer.type}: ${verdict.why}`);
    if (verdict.kind !== "believed") {
      const isExpired = verdict.kind === "refused" && verdict.isExpired === true;
      return { refused: { kind: "badToken", description: verdict.description, isExpired } };
    }
    const { claims } = verdict;
    if (!hasScope(claims, scopes)) return { refused: { kind: "noScope", wanted: scopes ?? [] } };
    return {
      granted: { kind: "jwt", claims, scopes: scopes === undefined || scopes.length === 0 ? null : scopes },
    };
  }

  /** One for all routes, so that keys are asked for once. The library is read when the first token comes. */
  #judgeOf(authorizer: JwtAuthorizerOptions | CognitoAuthorizerOptions): Promise<Judge> {
    const key = JSON.stringify(authorizer);
    const known = this.#judges.get(key);
    if (known !== undefined) return known;
    const judge = import("./tokens.ts").then(({ judgeOf }) =>
      authorizer.type === "jwt"
        ? judgeOf(authorizer, [authorizer.issuer], authorizer.audience)
        : judgeOf(authorizer, authorizer.issuers),
    );
    this.#judges.set(key, judge);
    return judge;
  }

  async #byFunction(asked: Asked, authorizer: FunctionAuthorizer): Promise<Verdict> {
    const identity = identityOf(asked, sourcesOf(authorizer));
    const isRefused =
      identity === undefined ||
      (authorizer.type === "token" && !isValid(identity[0] ?? "", authorizer.validationExpression));
    if (isRefused) return { refused: { kind: "noIdentity", of: authorizer.type } };
    const fleet = this.#means.functionNamed?.(authorizer.function);
    const ttlMs = (authorizer.ttlSeconds ?? 300) * 1000;
    // Without sources every caller would get what the first was told.
    const key = identity.length === 0 ? undefined : JSON.stringify([authorizer, identity]);
    const kept = key === undefined ? undefined : this.#answers.get(key);
    if (kept !== undefined && kept.of === fleet?.configuration)
      return this.#decided(kept.answer, asked.arn, 0, authorizer);
    const began = performance.now();
    const of = fleet?.configuration;
    const answer = await this.#answerOf(fleet, asked, authorizer, identity);
    if (answer.kind === "unauthorized") return { refused: { kind: "unauthorized" } };
    if (answer.kind === "failed") {
      // Functions like to say which token it was (3).
      this.#means.warn?.(`The authorizer ${authorizer.function}: ${withoutSecrets(answer.why, identity)}`);
      return { refused: { kind: "failed" } };
    }
    if (key !== undefined && this.#rules.keepsAnswers) this.#answers.keep(key, { answer, of }, ttlMs);
    return this.#decided(answer, asked.arn, Math.round(performance.now() - began), authorizer);
  }

  async #answerOf(
    fleet: Fleet | undefined,
    asked: Asked,
    authorizer: FunctionAuthorizer,
    identity: readonly string[],
  ): Promise<AuthorizerAnswer> {
    if (fleet === undefined) return { kind: "failed", why: "there is no such function here" };
    const payload = Buffer.from(JSON.stringify(asked.eventFor(authorizer, identity)));
    const { patienceMs, strict } = this.#rules;
    const given = await withPatience(fleet.invoke({ payload, traceId: asked.traceId }).answer, patienceMs);
    if (given === undefined) return { kind: "failed", why: `no answer within ${patienceMs / 1000} s` };
    if (given.refused !== undefined) return { kind: "failed", why: given.refused };
    const result = { payload: given.payload, failed: given.functionError !== undefined };
    const simpleResponses = authorizer.type === "request" && authorizer.simpleResponses === true;
    return readAnswer(result, { simpleResponses, strict });
  }

  /** Invariant 2: of an answer that is kept, too. */
  #decided(
    { decision, principalId, context, usageIdentifierKey }: AuthorizerAnswer & { readonly kind: "answer" },
    arn: string,
    latencyMs: number,
    authorizer: FunctionAuthorizer,
  ): Verdict {
    const granted: Grant = { kind: "function", principalId, context, usageIdentifierKey, latencyMs };
    if ("isAuthorized" in decision)
      return decision.isAuthorized ? { granted } : { refused: { kind: "denied", explicitly: true } };
    const decided = decide(decision.policy, arn);
    if (decided === "allow") return { granted };
    if (decided !== undefined) return { refused: { kind: "denied", explicitly: decided === "explicitDeny" } };
    this.#means.warn?.(`The authorizer ${authorizer.function}: its policyDocument is no policy`);
    return { refused: { kind: "failed" } };
  }
}

/**
 * Throws for one that such an API cannot have, and for identity sources and expressions that are none: better when the door
 * opens than at each request.
 */
export function requireAuthorizer(authorizer: AuthorizerOptions, api: keyof typeof authorizersOfApi): void {
  const known = authorizersOfApi[api];
  if (!known.includes(authorizer.type))
    throw new RangeError(
      `An API of type ${api} has no authorizer of type ${authorizer.type}: it may be of type ${known.join(", ")}`,
    );
  sourcesOf(authorizer);
  const expression = "validationExpression" in authorizer ? authorizer.validationExpression : undefined;
  // Throws for what is none.
  if (expression !== undefined) isValid("", expression);
}

function sourcesOf(authorizer: AuthorizerOptions): readonly IdentitySource[] {
  switch (authorizer.type) {
    case "jwt":
      return [readIdentitySource(authorizer.identitySource ?? "$request.header.Authorization")];
    case "cognito":
    case "token":
      return [{ kind: "header", name: authorizer.header ?? "Authorization" }];
    case "request":
      return (authorizer.identitySource ?? []).map(readIdentitySource);
    case "iam":
      return [];
  }
}

/** `undefined` when one is missing. */
function identityOf(asked: Asked, sources: readonly IdentitySource[]): string[] | undefined {
  const values = sources.map((source) => valueOf(source, asked.request, asked.context, asked.stageVariables));
  return values.every((value) => value !== undefined) ? values : undefined;
}

/** All of the text must match, as in Java. */
function isValid(text: string, expression: string | undefined): boolean {
  return expression === undefined || new RegExp(`^(?:${expression})$`).test(text);
}
