import { describe, expect, it } from "vitest";
import { errorTypeOf, fromErrorPost } from "./answers.ts";
import { textOf } from "./testing/harness.ts";

describe("errorTypeOf", () => {
  it.each([
    ["Runtime.ImportModuleError", "Runtime.ImportModuleError"],
    ["Function.MyError", "Function.MyError"],
    ["Something Runtime.Known else", "Something Runtime.Known else"],
    ["Function.lower", "Function.Unknown"],
    ["TypeError", "Runtime.Unknown"],
    ["", "Runtime.Unknown"],
    [undefined, "Runtime.Unknown"],
  ])("makes %j %j", (sent, type) => {
    expect(errorTypeOf(sent)).toBe(type);
  });
});

describe("an error with a cause", () => {
  const post = (body: string): string => {
    const headers = { "content-type": "application/vnd.aws.lambda.error.cause+json" };
    const answer = fromErrorPost({ headers, trailers: {} }, Buffer.from(body));
    return "payload" in answer ? textOf(answer.payload) : "";
  };

  it("reaches the caller without it", () => {
    expect(post(`{"errorCause":{"message":"m"},"stackTrace":["s"],"errorType":"T","errorMessage":"M"}`)).toBe(
      `{"errorMessage":"M","errorType":"T","stackTrace":["s"]}`,
    );
  });

  it("reaches the caller as a sentence when nobody can read it", () => {
    for (const body of ["", "{", "[]", "null", "3"]) expect(post(body)).toBe(`"Invalid error body"`);
  });
});
