/** From the app's response to the answer for Lambda: statuses, headers, bodies, shapes. */
import { gzipSync } from "node:zlib";
import type { Scenario, Topic, Verdict } from "../harness/scenario.ts";
import { alb, albMulti, doors, functionUrl, httpApi1, httpApi2, invoke, latin1, rest } from "./events.ts";

const text = ["content-type", "text/plain"] as const;

const statuses = [200, 201, 204, 206, 301, 304, 400, 404, 500, 503] as const;

const ofStatuses = doors.flatMap((door): Scenario[] =>
  statuses.map((status) => {
    const bodiless = status === 204 || status === 304;
    const body = bodiless ? "" : `status ${status}`;
    return {
      name: `${door.name}: status ${status} and its body reach the client`,
      invoke: invoke(door.event()),
      app: { status, headers: bodiless ? [["x-a", "1"]] : [text, ["x-a", "1"]], body },
      expect: {
        answer: {
          has: door.answer(
            status,
            { ...(bodiless ? {} : { "content-type": "text/plain" }), "x-a": "1" },
            {
              body,
              isBase64Encoded: false,
            },
          ),
        },
      },
    };
  }),
);

const moreStatuses: readonly Scenario[] = [
  {
    name: "ALB: the status is described",
    invoke: invoke(alb()),
    app: { status: 404, headers: [text], body: "no" },
    expect: { answer: { has: { statusCode: 404, statusDescription: "404 Not Found" } } },
  },
  {
    name: "ALB: a status nobody knows is described",
    invoke: invoke(alb()),
    app: { status: 599, headers: [text], body: "no" },
    expect: { answer: { has: { statusCode: 599, statusDescription: "599 Unknown" } } },
    lwa: {
      is: "different",
      named: "status description",
      why: "The description is `599 ` with nothing behind the space",
      sees: { answer: { has: { statusDescription: "599 " } } },
    },
  },
  {
    name: "Function URL: an interim response is not the answer",
    invoke: invoke(functionUrl()),
    app: {
      raw: "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    },
    expect: { answer: { has: { statusCode: 200, body: "ok" } } },
  },
  {
    name: "Function URL: a redirect is the client's to follow",
    invoke: invoke(functionUrl()),
    app: { status: 302, headers: [["location", "https://shop.example.com/me"]] },
    expect: {
      request: [{}],
      answer: { has: { statusCode: 302, headers: { location: "https://shop.example.com/me" } } },
    },
  },
  {
    name: "Function URL: a response to HEAD has no body whatever its length says",
    invoke: invoke(functionUrl({ method: "HEAD" })),
    app: { raw: "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 812\r\n\r\n" },
    expect: { answer: { has: { statusCode: 200, body: "", isBase64Encoded: false } } },
  },
  {
    name: "Function URL: a response that ends with its connection is whole",
    invoke: invoke(functionUrl()),
    app: { raw: "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nuntil the end", ending: "close" },
    expect: { answer: { has: { statusCode: 200, body: "until the end" } } },
  },
  {
    name: "Function URL: a chunked response is put together",
    invoke: invoke(functionUrl()),
    app: { headers: [text], chunks: ["one ", "two ", "three"] },
    expect: { answer: { has: { statusCode: 200, body: "one two three" } } },
  },
  {
    name: "Function URL: a response of HTTP/1.0 is read",
    invoke: invoke(functionUrl()),
    app: { raw: "HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\n\r\nold", ending: "close" },
    expect: { answer: { has: { statusCode: 200, body: "old" } } },
  },
];

export const statusesTopic: Topic = { title: "Statuses", scenarios: [...ofStatuses, ...moreStatuses] };

const twoCookies = [
  ["content-type", "text/plain"],
  ["set-cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"],
  ["set-cookie", "b=2; HttpOnly"],
] as const;
const cookieList = ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2; HttpOnly"];
const twice = [
  ["content-type", "text/plain"],
  ["vary", "accept"],
  ["vary", "cookie"],
] as const;

const ofHeaders: readonly Scenario[] = [
  ...(
    [
      ["Function URL", functionUrl],
      ["HTTP API 2.0", httpApi2],
    ] as const
  ).flatMap(([door, event]): Scenario[] => [
    {
      name: `${door}: cookies are a list of their own`,
      pins: [79],
      invoke: invoke(event()),
      app: { headers: twoCookies, body: "ok" },
      expect: { answer: { has: { cookies: cookieList }, lacks: ["headers.set-cookie"] } },
    },
    {
      name: `${door}: values of a repeated header are joined`,
      faults: ["B11"],
      invoke: invoke(event()),
      app: { headers: twice, body: "ok" },
      expect: { answer: { has: { headers: { vary: "accept, cookie" } } } },
      lwa: {
        is: "fault",
        why: "Only the first is left",
        sees: { answer: { has: { headers: { vary: "accept" } } } },
      },
    },
    {
      name: `${door}: the whole answer`,
      invoke: invoke(event()),
      app: { headers: [text, ["x-a", "1"]], body: "ok" },
      expect: {
        answer: {
          is: {
            statusCode: 200,
            headers: { "content-type": "text/plain", "x-a": "1" },
            body: "ok",
            isBase64Encoded: false,
            cookies: [],
          },
        },
      },
      lwa: {
        is: "different",
        named: "answer maps",
        why: "An empty `multiValueHeaders` that this door does not read, and the app's content-length",
        sees: {
          answer: {
            is: {
              statusCode: 200,
              headers: { "content-type": "text/plain", "x-a": "1", "content-length": "2" },
              multiValueHeaders: {},
              body: "ok",
              isBase64Encoded: false,
              cookies: [],
            },
          },
        },
      },
    },
  ]),
  ...(
    [
      ["REST API", rest],
      ["HTTP API 1.0", httpApi1],
    ] as const
  ).flatMap(([door, event]): Scenario[] => [
    {
      name: `${door}: repeated headers and cookies are lists`,
      pins: [78],
      invoke: invoke(event()),
      app: { headers: [...twoCookies, ["vary", "accept"], ["vary", "cookie"]], body: "ok" },
      expect: {
        answer: {
          has: { multiValueHeaders: { "set-cookie": cookieList, vary: ["accept", "cookie"] } },
          lacks: ["cookies", "statusDescription"],
        },
      },
    },
    {
      name: `${door}: the whole answer`,
      invoke: invoke(event()),
      app: { headers: [text, ["x-a", "1"]], body: "ok" },
      expect: {
        answer: {
          is: {
            statusCode: 200,
            multiValueHeaders: { "content-type": ["text/plain"], "x-a": ["1"] },
            body: "ok",
            isBase64Encoded: false,
          },
        },
      },
      lwa: {
        is: "different",
        named: "answer maps",
        why: "An empty `headers` beside the map that is used, and the app's content-length",
        sees: {
          answer: {
            is: {
              statusCode: 200,
              headers: {},
              multiValueHeaders: { "content-type": ["text/plain"], "x-a": ["1"], "content-length": ["2"] },
              body: "ok",
              isBase64Encoded: false,
            },
          },
        },
      },
    },
  ]),
  {
    name: "ALB: the whole answer has the map that the event had",
    invoke: invoke(alb()),
    app: { headers: twice, body: "ok" },
    expect: {
      answer: {
        is: {
          statusCode: 200,
          statusDescription: "200 OK",
          headers: { "content-type": "text/plain", vary: "accept, cookie" },
          body: "ok",
          isBase64Encoded: false,
        },
      },
    },
    lwa: {
      is: "different",
      named: "answer maps",
      why: "Both maps, of which the load balancer reads the one with first values only",
      sees: {
        answer: {
          is: {
            statusCode: 200,
            statusDescription: "200 OK",
            headers: { "content-type": "text/plain", vary: "accept", "content-length": "2" },
            multiValueHeaders: {
              "content-type": ["text/plain"],
              vary: ["accept", "cookie"],
              "content-length": ["2"],
            },
            body: "ok",
            isBase64Encoded: false,
          },
        },
      },
    },
  },
  {
    name: "ALB, multi-value headers: the whole answer has the map that the event had",
    invoke: invoke(albMulti()),
    app: { headers: twoCookies, body: "ok" },
    expect: {
      answer: {
        is: {
          statusCode: 200,
          statusDescription: "200 OK",
          multiValueHeaders: { "content-type": ["text/plain"], "set-cookie": cookieList },
          body: "ok",
          isBase64Encoded: false,
        },
      },
    },
    lwa: {
      is: "different",
      named: "answer maps",
      why: "Both maps, of which the load balancer reads one",
      sees: { answer: { has: { headers: {}, multiValueHeaders: { "set-cookie": cookieList } } } },
    },
  },
  {
    name: "ALB: of several cookies the last one is kept and the others are told about",
    invoke: invoke(alb()),
    app: { headers: twoCookies, body: "ok" },
    expect: {
      answer: { has: { headers: { "set-cookie": "b=2; HttpOnly" } } },
      journal: [/^log .*1 set-cookie header\(s\) were left out/],
    },
    lwa: {
      is: "different",
      named: "answer maps",
      why: "The first is kept, and nobody is told",
      sees: { answer: { has: { headers: { "set-cookie": cookieList[0] as string } } } },
    },
  },
  ...doors.map((door): Scenario => ({
    name: `${door.name}: fields of the app's connection end at the adapter`,
    invoke: invoke(door.event()),
    app: {
      raw: "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: keep-alive\r\nkeep-alive: timeout=5\r\ncontent-length: 2\r\n\r\nok",
    },
    expect: {
      answer: {
        has: door.answer(200, { "content-type": "text/plain" }),
        lacks: ["connection", "keep-alive", "content-length", "transfer-encoding"].flatMap((name) => [
          `headers.${name}`,
          `multiValueHeaders.${name}`,
        ]),
      },
    },
    lwa: {
      is: "different",
      named: "connection fields",
      why: "They reach the front door, which renames, refuses or obeys them",
      sees: { answer: { has: door.answer(200, { connection: "keep-alive", "content-length": "2" }) } },
    },
  })),
  {
    name: "REST API: date and server are left to the front door",
    invoke: invoke(rest()),
    app: { headers: [text, ["date", "Tue, 24 Nov 2026 10:00:00 GMT"], ["server", "app/1.0"]], body: "ok" },
    expect: { answer: { lacks: ["multiValueHeaders.date", "multiValueHeaders.server"] } },
    lwa: {
      is: "different",
      named: "connection fields",
      why: "The client gets them as x-amzn-Remapped-date and -server",
      sees: { answer: { has: { multiValueHeaders: { server: ["app/1.0"] } } } },
    },
  },
  {
    name: "Function URL: names of headers are in lower case",
    invoke: invoke(functionUrl()),
    app: {
      headers: [
        ["Content-Type", "text/plain"],
        ["X-Powered-By", "shop"],
      ],
      body: "ok",
    },
    expect: { answer: { has: { headers: { "content-type": "text/plain", "x-powered-by": "shop" } } } },
  },
  {
    name: "Function URL: a header value beyond ASCII reaches the client",
    invoke: invoke(functionUrl()),
    app: { headers: [text, ["x-name", "Žluťoučký"]], body: "ok" },
    expect: { answer: { has: { headers: { "x-name": "Žluťoučký" } } } },
  },
  ...doors.map((door): Scenario => ({
    name: `${door.name}: a header value in Latin-1 reaches the client`,
    faults: ["B6", "B9"],
    invoke: [invoke(door.event()), invoke(door.event())],
    app: {
      raw: latin1(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-name: Grüße\r\ncontent-length: 2\r\n\r\nok",
      ),
    },
    expect: {
      answer: [
        { has: door.answer(200, { "x-name": "Grüße" }) },
        { has: door.answer(200, { "x-name": "Grüße" }) },
      ],
    },
    lwa: {
      is: "fault",
      why: "The process ends: this invocation is never answered, and every other of the environment is lost",
      sees: { ended: 1 },
    },
  })),
  {
    name: "Function URL: a cookie beyond ASCII reaches the client",
    invoke: invoke(functionUrl()),
    app: { headers: [text, ["set-cookie", "name=Žluťoučký"]], body: "ok" },
    expect: { answer: { has: { cookies: ["name=Žluťoučký"] } } },
    lwa: {
      is: "different",
      named: "bytes decide",
      why: "The cookie is emptied",
      sees: { answer: { has: { cookies: [""] } } },
    },
  },
  {
    name: "Function URL: 150 headers reach the client",
    invoke: invoke(functionUrl()),
    app: { headers: Array.from({ length: 150 }, (_, index) => [`x-${index}`, "1"] as const), body: "ok" },
    expect: { answer: { has: { statusCode: 200, headers: { "x-0": "1", "x-149": "1" } } } },
    lwa: {
      is: "different",
      named: "error types",
      why: "More than 100 fail the invocation, and the message does not say why",
      sees: { error: { message: /SendRequest/ } },
    },
  },
];

export const answerHeadersTopic: Topic = {
  title: "Response headers and shapes of answers",
  scenarios: ofHeaders,
};

interface BodyCase {
  readonly what: string;
  readonly type?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body: string | Uint8Array;
  readonly isText: boolean;
  /** What the answer's body is, when it is not the bytes themselves. */
  readonly pins?: readonly number[];
  readonly faults?: readonly string[];
  readonly lwa?: Verdict;
}

const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0xff]);
const utf16 = Uint8Array.from([0x68, 0x00, 0xe9, 0x00]);
const zipped = gzipSync("hello, hello, hello", { level: 9 });
const base64 = (body: string | Uint8Array): string => Buffer.from(body).toString("base64");

const asBase64 = (body: string, why: string): Verdict => ({
  is: "different",
  named: "bytes decide",
  why,
  sees: { answer: { has: { body: base64(body), isBase64Encoded: true } } },
});

const kinds: readonly BodyCase[] = [
  { what: "text/html", type: "text/html; charset=utf-8", body: "<p>Grüße</p>", isText: true },
  { what: "application/json", type: "application/json", body: '{"é":[1.50]}', isText: true, pins: [75] },
  {
    what: "application/problem+json",
    type: "application/problem+json",
    body: '{"title":"no"}',
    isText: true,
  },
  {
    what: "application/graphql-response+json",
    type: "application/graphql-response+json; charset=utf-8",
    body: '{"data":null}',
    isText: true,
    pins: [16],
  },
  { what: "image/svg+xml", type: "image/svg+xml", body: "<svg/>", isText: true, pins: [80] },
  { what: "application/yaml", type: "application/yaml", body: "a: 1", isText: true, pins: [82] },
  { what: "custom/vdn+yaml", type: "custom/vdn+yaml", body: "a: 1", isText: true, pins: [82] },
  { what: "application/javascript", type: "application/javascript", body: "let é = 1;", isText: true },
  { what: "application/xml", type: "application/xml", body: "<a/>", isText: true },
  { what: "text of no type", body: "hello", isText: true, pins: [77] },
  {
    what: "a type nobody lists with x-lambda-http-content-encoding: text",
    type: "image/svg",
    headers: [["x-lambda-http-content-encoding", "text"]],
    body: "<svg/>",
    isText: true,
    pins: [81],
  },
  { what: "a picture", type: "image/png", body: png, isText: false },
  { what: "bytes as octet-stream", type: "application/octet-stream", body: png, isText: false },
  {
    what: "a response in gzip",
    type: "text/plain",
    headers: [["content-encoding", "gzip"]],
    body: zipped,
    isText: false,
    pins: [74],
  },
  {
    what: "bytes of no type",
    body: png,
    isText: false,
    faults: ["B22"],
    lwa: {
      is: "fault",
      why: "They are read as text, and each byte that is none becomes U+FFFD: the picture is lost",
      sees: { answer: { match: /\ufffd/ } },
    },
  },
  {
    what: "bytes that say they are text",
    type: "text/plain",
    body: png,
    isText: false,
    faults: ["B22"],
    lwa: { is: "fault", why: "Bytes that are no UTF-8 become U+FFFD", sees: { answer: { match: /\ufffd/ } } },
  },
  {
    what: "text in Latin-1",
    type: "text/plain; charset=iso-8859-1",
    body: latin1("Grüße"),
    isText: false,
    lwa: {
      is: "different",
      named: "bytes decide",
      why: "It becomes UTF-8 while the type still says iso-8859-1, so the client reads it wrongly",
      sees: { answer: { has: { body: "Grüße", isBase64Encoded: false } } },
    },
  },
  {
    what: "text in UTF-16",
    type: "application/json; charset=utf-16",
    body: utf16,
    isText: false,
    pins: [76],
    lwa: {
      is: "different",
      named: "bytes decide",
      why: "It becomes UTF-8 while the type still says utf-16",
      sees: { answer: { has: { body: "hé", isBase64Encoded: false } } },
    },
  },
  {
    what: "a byte order mark",
    type: "text/plain",
    body: "\ufeffa",
    isText: true,
    faults: ["B22"],
    lwa: {
      is: "fault",
      why: "The mark is lost, and content-length still counts it",
      sees: { answer: { has: { body: "a", headers: { "content-length": "4" } } } },
    },
  },
  {
    what: "Text/HTML in capitals",
    type: "Text/HTML",
    body: "<p>hi</p>",
    isText: true,
    faults: ["B22"],
    lwa: {
      is: "fault",
      why: "Types are compared with regard to case, so this is base64",
      sees: { answer: { has: { body: base64("<p>hi</p>"), isBase64Encoded: true } } },
    },
  },
  {
    what: "content-encoding: identity",
    type: "text/plain",
    headers: [["content-encoding", "identity"]],
    body: "hello",
    isText: true,
    faults: ["B22"],
    lwa: {
      is: "fault",
      why: "Whatever is called encoded is base64",
      sees: { answer: { has: { body: base64("hello"), isBase64Encoded: true } } },
    },
  },
  {
    what: "application/x-www-form-urlencoded",
    type: "application/x-www-form-urlencoded",
    body: "a=1&b=2",
    isText: true,
    lwa: asBase64("a=1&b=2", "Base64, because the type is on no list"),
  },
  {
    what: "application/graphql",
    type: "application/graphql",
    body: "{ shop }",
    isText: true,
    lwa: asBase64("{ shop }", "Base64, because the type is on no list"),
  },
  {
    what: "application/x-ndjson",
    type: "application/x-ndjson",
    body: '{"a":1}\n{"a":2}\n',
    isText: true,
    lwa: asBase64('{"a":1}\n{"a":2}\n', "Base64, because the type is on no list"),
  },
  {
    what: "an empty body of a picture's type",
    type: "image/png",
    body: "",
    isText: true,
    lwa: asBase64("", "An empty body is base64 too"),
  },
];

const ofKinds = kinds.map(({ what, type, headers = [], body, isText, pins, faults, lwa }): Scenario => ({
  name: `Function URL: ${what} is ${isText ? "text" : "base64"}`,
  ...(pins !== undefined && { pins }),
  ...(faults !== undefined && { faults }),
  invoke: invoke(functionUrl()),
  app: { headers: [...(type === undefined ? [] : [["content-type", type] as const]), ...headers], body },
  expect: {
    answer: {
      has: {
        statusCode: 200,
        body: isText ? (body as string) : base64(body),
        isBase64Encoded: !isText,
        ...(type !== undefined && { headers: { "content-type": type } }),
      },
    },
  },
  ...(lwa !== undefined && { lwa }),
}));

const ofKindsAndDoors = doors.slice(1).flatMap((door): Scenario[] => [
  {
    name: `${door.name}: a picture is base64`,
    invoke: invoke(door.event()),
    app: { headers: [["content-type", "image/png"]], body: png },
    expect: {
      answer: {
        has: door.answer(200, { "content-type": "image/png" }, { body: base64(png), isBase64Encoded: true }),
      },
    },
  },
  {
    name: `${door.name}: JSON is text`,
    invoke: invoke(door.event()),
    app: { headers: [["content-type", "application/json"]], body: '{"é":"\\u0000\\"\\\\"}' },
    expect: {
      answer: {
        has: door.answer(
          200,
          { "content-type": "application/json" },
          {
            body: '{"é":"\\u0000\\"\\\\"}',
            isBase64Encoded: false,
          },
        ),
      },
    },
  },
]);

const large: readonly Scenario[] = [
  {
    name: "Function URL: a text of 5 MB is answered whole",
    invoke: invoke(functionUrl()),
    app: { headers: [text], body: "x".repeat(5 * 1024 * 1024) },
    expect: {
      answer: { has: { statusCode: 200, body: "x".repeat(5 * 1024 * 1024), isBase64Encoded: false } },
    },
  },
  {
    name: "Function URL: an answer larger than 6 MB fails with a reason",
    faults: ["B40"],
    invoke: invoke(functionUrl()),
    app: { headers: [["content-type", "image/png"]], body: Buffer.alloc(5 * 1024 * 1024, 0xff) },
    expect: { error: { type: "Adapter.ResponseTooLarge", message: /link to it/ }, never: /^413/ },
    lwa: {
      is: "fault",
      why: "It is posted all the same; Lambda's 413 goes to the log, and the client learns nothing until the time is up",
      sees: { journal: [/^413/] },
    },
  },
  {
    name: "ALB: an answer larger than 1 MB fails with a reason",
    faults: ["B40"],
    invoke: invoke(alb()),
    app: { headers: [text], body: "x".repeat(1_100_000) },
    expect: { error: { type: "Adapter.ResponseTooLarge", message: /1048576/ } },
    lwa: {
      is: "fault",
      why: "The load balancer refuses it with a 502 that says nothing",
      sees: { answer: { has: { statusCode: 200 } } },
    },
  },
];

export const answerBodiesTopic: Topic = {
  title: "Response bodies",
  scenarios: [...ofKinds, ...ofKindsAndDoors, ...large],
};
