/** Events, what is told with them, and responses, for those who compare the engines. */
import * as fc from "fast-check";
import {
  albEvent,
  functionUrlEvent,
  httpApi1Event,
  httpApiEvent,
  latticeEvent,
  restEvent,
  webSocketEvent,
} from "../../packages/adapter/testing/events.ts";
import type { HttpEventParts } from "../../packages/adapter/testing/events.ts";
import { appResponse, jsonText, oddEvent } from "../../packages/wire/src/front-doors/testing/generators.ts";
import type { HttpResponse } from "../../packages/wire/src/message.ts";
import type { Script } from "./rigs.ts";

/** What Lambda tells. */
export const usual: Readonly<Record<string, string>> = {
  "Lambda-Runtime-Deadline-Ms": "4102444800000",
  "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
  "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:shop",
};

/** What is told of an invocation is part of the bytes. Mostly as Lambda does it, since the rest knows no quick way. */
export const told: fc.Arbitrary<Record<string, string>> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constant(usual),
  },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        "Lambda-Runtime-Deadline-Ms": fc.constantFrom(
          "4102444800000",
          "04102444800000",
          "4102444800000.5",
          "soon",
        ),
        "Lambda-Runtime-Trace-Id": fc.constantFrom(
          "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
          "Root=",
          "Self=1",
          'Root="\\',
        ),
        "Lambda-Runtime-Invoked-Function-Arn": fc.constantFrom("arn:aws:lambda:x", 'a"b', "~arn~"),
        "Lambda-Runtime-Client-Context": fc.constantFrom('{"custom":{"a":1}}', "no json"),
        "Lambda-Runtime-Cognito-Identity": fc.constant('{"cognitoIdentityId":"i"}'),
        "Lambda-Runtime-Aws-Tenant-Id": fc.constantFrom("blue", "~trace~"),
      },
      { requiredKeys: ["Lambda-Runtime-Deadline-Ms"] },
    ),
  },
);

/** A JSON text of the event, in one of the forms that a front door or a tool could give it. */
const formed = fc.constantFrom<((event: object) => string)[]>(
  JSON.stringify,
  (event) => JSON.stringify(event, null, 2),
  (event) =>
    JSON.stringify(event).replace(
      /[^\x20-\x7e]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
    ),
  // The last of two members counts, the long way.
  (event) =>
    JSON.stringify(event).replace("{", '{"headers":{"x-first":"1"},"body":"first","isBase64Encoded":true,'),
  (event) => JSON.stringify(event).replace(/\//g, "\\/"),
);

/** A domain of one's own tells nothing: whether the path is decoded shows in the headers. */
export const behindOwnDomain = (parts: HttpEventParts): Record<string, unknown> => {
  const event = httpApiEvent(parts);
  return { ...event, requestContext: { ...(event["requestContext"] as object), domainName: "api.example" } };
};

/** With both maps of parameters, as API Gateway has them: the second holds the last value of each. */
const withSingles = (event: Record<string, unknown>): Record<string, unknown> => {
  const lists = event["multiValueQueryStringParameters"] as Record<string, string[]> | null;
  if (lists === null) return event;
  const last = Object.entries(lists).map(([name, values]) => [name, values.at(-1)]);
  return { ...event, queryStringParameters: Object.fromEntries(last) as unknown };
};

/** Those whose events a relay takes. */
const relayedDoors = [
  functionUrlEvent,
  httpApiEvent,
  behindOwnDomain,
  (parts: HttpEventParts) => withSingles(restEvent(parts)),
  (parts: HttpEventParts) => withSingles(httpApi1Event(parts)),
  (parts: HttpEventParts) => albEvent(parts),
  (parts: HttpEventParts) => albEvent(parts, true),
];
const doors = [
  ...relayedDoors,
  httpApi1Event,
  restEvent,
  (parts: HttpEventParts) => latticeEvent(parts, 1),
  (parts: HttpEventParts) => latticeEvent(parts, 2),
  (parts: HttpEventParts) => webSocketEvent("MESSAGE", parts),
];

const headerValue = fc.oneof(
  fc.constantFrom("text/plain", "a, b", "", " x ", "é", "\u{1f30d}", "tab\tin", 'quo"ted', "1"),
  jsonText,
);
/** The invocation's own, others, and what is none. */
const traceValue = fc.constantFrom(
  "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
  "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419",
  "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e7001",
  "Root=1-67891233-abcdef012345678912345678;Self=1-67891234-12456789abcdef012345678",
  "Self=1-67891234-12456789abcdef012345678;Root=1-67891233-abcdef012345678912345678",
  "Root=",
  "none",
);
const parts: fc.Arbitrary<HttpEventParts> = fc.record(
  {
    method: fc.constantFrom("GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE"),
    path: fc.constantFrom("/", "/a/b", "/a%20b", "/ü", "/a b", "//x", "/a;b=c", "/a", "/ab", "/a\\b"),
    query: fc.constantFrom("", "a=1&b=2", "a=%26&a=3", "q=ü", "1=a&b=c", "=", "a+b=%2B~'()*!", "a=%22%5C#"),
    headers: fc
      .tuple(
        fc.dictionary(
          fc.constantFrom(
            "accept",
            "Content-Type",
            "content-length",
            "connection",
            "x-a",
            "X-A",
            "x-anylambda-",
            "x-anylambda-own",
            "user-agent",
            "x-amzn-tls-version",
            "te",
            "cookie",
            "expect",
          ),
          headerValue,
          { maxKeys: 8 },
        ),
        fc.option(fc.tuple(fc.constantFrom("x-amzn-trace-id", "X-Amzn-Trace-Id"), traceValue)),
      )
      .map(([fields, trace]) => (trace === null ? fields : { ...fields, [trace[0]]: trace[1] })),
    cookies: fc.array(fc.constantFrom("a=1", "b=é", "c="), { maxLength: 3 }),
    body: fc.oneof(
      fc.string({ maxLength: 60 }),
      jsonText,
      fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString("base64")),
    ),
    isBase64Encoded: fc.boolean(),
  },
  { requiredKeys: ["method"] },
);

export const event: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.tuple(fc.constantFrom(...doors), parts).map(([door, given]) => door(given)),
      },
      { weight: 2, arbitrary: oddEvent },
      { weight: 1, arbitrary: fc.constant({ Records: [{ eventSource: "aws:sqs", body: "é" }] }) },
    ),
    formed,
  )
  .map(([one, form]) => form(one));

export const script: fc.Arbitrary<Script> = fc
  .tuple(appResponse, fc.constantFrom("length", "chunked", "close"))
  .map(([response, framing]) => scriptOf(response, framing));

export function scriptOf({ status, reason, headers, body }: HttpResponse, framing: string): Script {
  const fields = headers.filter(([name]) => !/^(content-length|transfer-encoding|connection)$/i.test(name));
  if (framing === "length") fields.push(["Content-Length", String(body.length)]);
  else if (framing === "chunked") fields.push(["Transfer-Encoding", "chunked"]);
  else fields.push(["Connection", "close"]);
  const head = `HTTP/1.1 ${status} ${reason}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  const chunk = body.length === 0 ? "" : `${body.length.toString(16)}\r\n`;
  const framed = framing === "chunked" ? [chunk, body, body.length === 0 ? "" : "\r\n", "0\r\n\r\n"] : [body];
  return {
    bytes: Buffer.concat([Buffer.from(head, "utf8"), ...framed.map((piece) => Buffer.from(piece as string))]),
    closes: framing === "close",
  };
}

const mostly = <T>(plain: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 40, arbitrary: plain }, { weight: 1, arbitrary: odd });

const plainPart = {
  path: fc.constantFrom("/", "/a/b", "/a", "/ab", "//x", "/a;b=c", "/a%20b", "/a/%7E"),
  query: fc.constantFrom("a=1&b=2", "a=%26&a=3", "a+b=%2B~'()*!", "q=%C3%BC", "a=", "k=v&k=v&l=%22%5C%23"),
  header: fc.constantFrom("text/plain", "a, b", "", " x ", 'quo"ted\\', "tab\tin", "1"),
  cookies: fc.constantFrom(["a=1"], ["a=1", "b=2; c=3"]),
  text: fc.constantFrom("a=1", '{"a":"\\u00e9\n"}', "é\u{1f30d}\u0000", "x".repeat(3000), ""),
};

/** Values of one kind of event: what varies from one to the next is what a relay does not look at. */
function valuesOf(isBase64Encoded: boolean, hasBody: boolean): fc.Arbitrary<Omit<HttpEventParts, "method">> {
  const names = ["accept", "X-A", "x-b", "cookie", "te", "connection", "x-anylambda-own", "user-agent"];
  const fields = fc.dictionary(fc.constantFrom(...names), mostly(plainPart.header, headerValue), {
    maxKeys: 6,
  });
  const trace = fc.option(fc.tuple(fc.constantFrom("x-amzn-trace-id", "X-Amzn-Trace-Id"), traceValue));
  const body = mostly(plainPart.text, fc.oneof(fc.string({ maxLength: 60 }), jsonText));
  const coded = body.map((text) => Buffer.from(text).toString("base64"));
  return fc.record({
    path: mostly(plainPart.path, fc.constantFrom("/ü", "/a b", "/a\\b", "/100%", "")),
    query: mostly(plainPart.query, fc.constantFrom("1=a&b=c", "=", "a=%22%5C#", "q=ü")),
    headers: fc.tuple(fields, trace).map(([own, one]) => (one === null ? own : { ...own, [one[0]]: one[1] })),
    ...(hasBody && { body: isBase64Encoded ? mostly(coded, body) : body }),
    isBase64Encoded: fc.constant(isBase64Encoded),
  });
}

const relayedScript: fc.Arbitrary<Script> = mostly(
  fc
    .record({
      status: mostly(fc.constantFrom(200, 201, 302, 404, 503), fc.constantFrom(204, 205, 299, 599)),
      reason: fc.constantFrom("OK", ""),
      headers: fc.array(
        fc.constantFrom<[string, string][]>(
          ["content-type", "text/html; charset=utf-8"],
          ["Set-Cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"],
          ["x-m", "1"],
          ["X-M", "2"],
          ["Location", '/a%20b?"c'],
          ["Date", "Thu, 01 Jan 2026 00:00:00 GMT"],
        ),
        { maxLength: 5 },
      ),
      body: plainPart.text.map((text) => Buffer.from(text)),
    })
    .chain((response) => fc.constantFrom("length", "chunked").map((framing) => scriptOf(response, framing))),
  script,
);

interface Round {
  readonly text: string;
  readonly script: Script;
  readonly head: Readonly<Record<string, string>>;
}

/** Several invocations of one kind, as a function has them: the first is learnt from, most others can be relayed. */
export const rounds: fc.Arbitrary<readonly Round[]> = fc
  .record({
    door: fc.constantFrom(...relayedDoors),
    method: fc.constantFrom("GET", "POST", "PUT", "DELETE"),
    isBase64Encoded: fc.boolean(),
    hasBody: fc.boolean(),
    cookies: fc.option(plainPart.cookies, { nil: undefined }),
  })
  .chain(({ door, method, isBase64Encoded, hasBody, cookies }) => {
    const given = { method, ...(cookies !== undefined && { cookies }) };
    const one = fc.record({
      text: valuesOf(isBase64Encoded, hasBody).map((values) => JSON.stringify(door({ ...given, ...values }))),
      script: relayedScript,
      head: mostly(fc.constant(usual), told),
    });
    return fc.array(one, { minLength: 4, maxLength: 10 });
  });
