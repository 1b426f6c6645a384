/** What the function of a Lambda authorizer said, read as the API's kind reads it (spec event-formats.md 13.9). */
import { type InvocationResult, type JsonObject, isObject } from "@anylambda/wire";
import { nodeCodec } from "@anylambda/wire/node";
import { parseAnswer } from "@anylambda/wire/front-doors/answer-response";

/** A function that fails with this and nothing else means 401. */
const unauthorized = "Unauthorized";

export type AuthorizerAnswer =
  | {
      readonly kind: "answer";
      /** A policy, or with simple responses a boolean. */
      readonly decision: { readonly policy: JsonObject } | { readonly isAuthorized: boolean };
      readonly principalId: string | undefined;
      readonly context: JsonObject | undefined;
      readonly usageIdentifierKey: string | undefined;
    }
  | { readonly kind: "unauthorized" }
  /** It failed, or gave no answer that is one. */
  | { readonly kind: "failed"; readonly why: string };

export interface Expectations {
  /** Of HTTP APIs: `{"isAuthorized": …}` is an answer. */
  readonly simpleResponses: boolean;
  /** Of REST and WebSocket APIs: there is a principal, and the context is flat. */
  readonly strict: boolean;
}

/** Never throws. */
export function readAnswer(
  result: InvocationResult,
  { simpleResponses, strict }: Expectations,
): AuthorizerAnswer {
  const answer = parseAnswer(result.payload, nodeCodec);
  if (result.failed) {
    const message = isObject(answer) ? answer["errorMessage"] : undefined;
    if (message === unauthorized) return { kind: "unauthorized" };
    return failed(`it failed: ${typeof message === "string" ? message : "without a message"}`);
  }
  if (!isObject(answer)) return failed("its answer is no object");
  const { principalId, policyDocument, isAuthorized, context, usageIdentifierKey } = answer;
  if (context != null && !isObject(context)) return failed("its context is no object");
  if (strict && Object.values(context ?? {}).some((value) => typeof value === "object"))
    return failed("its context has a value that is no string, number or boolean");
  const known = {
    kind: "answer",
    principalId: typeof principalId === "string" ? principalId : undefined,
    context: context ?? undefined,
    usageIdentifierKey: typeof usageIdentifierKey === "string" ? usageIdentifierKey : undefined,
  } as const;
  if (simpleResponses && typeof isAuthorized === "boolean") return { ...known, decision: { isAuthorized } };
  if (!isObject(policyDocument))
    return failed(
      typeof isAuthorized === "boolean"
        ? "it answers isAuthorized, and simple responses are not enabled"
        : "its answer has no policyDocument",
    );
  if (strict && known.principalId === undefined) return failed("its answer has no principalId");
  return { ...known, decision: { policy: policyDocument } };
}

function failed(why: string): AuthorizerAnswer {
  return { kind: "failed", why };
}

/** `requestContext.authorizer` of a REST or WebSocket API's event. */
export function textAuthorizer({
  context,
  principalId,
  latencyMs,
}: {
  readonly context: JsonObject | undefined;
  readonly principalId: string | undefined;
  readonly latencyMs: number;
}): JsonObject {
  return { ...textContext(context), principalId, integrationLatency: latencyMs };
}

/** Context of a REST or WebSocket API's event: numbers and booleans have become text. */
export function textContext(context: JsonObject = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(context).map(([name, value]) => [name, String(value as string | number | boolean)]),
  );
}
