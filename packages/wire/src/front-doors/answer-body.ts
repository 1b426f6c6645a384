import type { Codec } from "../codec.ts";
import { droppedFields } from "../fields.ts";
import type { HttpResponse } from "../message.ts";
import { quickAnswer } from "../quick.ts";
import type { QuickAnswerRules } from "../quick.ts";

/** A function's answer as pieces that follow each other: a large body is never copied into another buffer. */
export type AnswerBytes = readonly Uint8Array[];

/** The whole answer that begins with `before`, where there is a quick way to it. */
export type QuickAnswer = (before: string, response: HttpResponse, method: string) => AnswerBytes | undefined;

interface OwnRules {
  readonly lists: boolean;
  readonly dropped?: readonly string[];
  readonly apart?: string;
}

/** Rules for answers whose map has `lists` of values, that leave out `dropped` names and put cookies in `apart`. */
export function answerRules({ lists, dropped = [], apart }: OwnRules): QuickAnswerRules {
  return {
    dropped: [...droppedFields, ...dropped],
    lists,
    separate: "set-cookie",
    body: `,"body":`,
    flag: `,"isBase64Encoded":`,
    apart,
    maxFields: 200,
  };
}

/** The quick way to answers by {@link answerRules}. */
export function quickAnswerOf(own: OwnRules): QuickAnswer {
  // Made at the first answer: none of them is needed to start.
  let write: ReturnType<typeof quickAnswer> | undefined;
  return (before, response, method) => {
    const { fields, status, body } = response;
    if (fields === undefined) return undefined;
    write ??= quickAnswer(answerRules(own));
    const bytes = write(before, fields, isBodiless(status, method) ? nothing : body);
    return bytes && [bytes];
  };
}

const nothing = new Uint8Array(0);

const empty = { literal: undefined, flag: "false" } as const;

/**
 * JSON of a function's answer: `head` (an object without its closing brace, not empty), then `body` and
 * `isBase64Encoded`, then `tail` (more members, beginning with a comma, or `""`). Whether the body is text is
 * asked of its bytes, not of its type: lists of types misjudge both ways (spec event-formats.md 14.4, D35, D36).
 * `method` is the request's.
 */
export function answerJson(
  head: string,
  response: HttpResponse,
  method: string,
  tail: string,
  codec: Codec,
): AnswerBytes {
  const { status, body } = response;
  const { literal, flag } =
    body.length === 0 || isBodiless(status, method) ? empty : bodyLiteral(body, codec);
  const before = `${head},"body":`;
  const after = `,"isBase64Encoded":${flag}${tail}}`;
  if (literal === undefined) return [codec.utf8Encode(`${before}""${after}`)];
  if (flag === "true") return [codec.utf8Encode(`${before}"`), literal, codec.utf8Encode(`"${after}`)];
  return [codec.utf8Encode(before), literal, codec.utf8Encode(after)];
}

function bodyLiteral(body: Uint8Array, codec: Codec): { literal: Uint8Array; flag: "true" | "false" } {
  const text = codec.jsonString(body);
  if (text !== undefined) return { literal: text, flag: "false" };
  return { literal: codec.base64Encode(body), flag: "true" };
}

/** Whether an answer with this status to this method carries no body, whatever the app sent (RFC 9110, 6.4.1). */
function isBodiless(status: number, method: string): boolean {
  return method === "HEAD" || status === 204 || status === 205 || status === 304;
}
