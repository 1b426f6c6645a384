/** Method, path and query: from the event to the app. */
import type { Scenario, Topic, Verdict } from "../harness/scenario.ts";
import { alb, albMulti, doors, functionUrl, httpApi1, httpApi2, invoke, panics, rest } from "./events.ts";
import type { Ask, Event } from "./events.ts";

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "patch", "PROPFIND"] as const;

const ofMethods = doors.flatMap((door): Scenario[] =>
  methods.map((method) => ({
    name: `${door.name}: method ${method} reaches the app as it is`,
    ...(door.name === "ALB" && { pins: pinsOf(method) }),
    invoke: invoke(door.event({ method, path: "/m" })),
    expect: { request: { line: `${method} /m` }, answer: { has: { statusCode: 200 } } },
  })),
);

function pinsOf(method: string): number[] {
  if (method === "GET") return [6];
  return /^(POST|PUT|DELETE)$/.test(method) ? [10] : [];
}

const oddMethods: readonly Scenario[] = [
  {
    name: "Function URL: an empty method is GET",
    invoke: invoke(functionUrl({ method: "" })),
    expect: { request: { line: "GET /" } },
  },
  {
    name: "REST API: an empty method is GET",
    invoke: invoke(rest({ method: "" })),
    expect: { request: { line: "GET /" } },
  },
  {
    name: "Function URL: a method that is no token fails as an event, not as a message for the app",
    faults: ["B20"],
    invoke: invoke(functionUrl({ method: "GET IT" })),
    expect: { request: [], error: { type: "Adapter.InvalidEvent", message: /GET IT/ } },
    lwa: {
      is: "fault",
      why: "The event is taken for a message: it is posted to /events",
      sees: { request: { line: "POST /events" } },
    },
  },
  {
    name: "Function URL: CONNECT keeps its path",
    invoke: invoke(functionUrl({ method: "CONNECT", path: "/m" })),
    expect: { request: { line: "CONNECT /m" } },
    lwa: {
      is: "different",
      named: "path untouched",
      why: "The path is lost: the target is the app's own address",
      sees: { request: { line: /^CONNECT 127\.0\.0\.1:\d+$/ } },
    },
  },
];

export const methodsTopic: Topic = { title: "Methods", scenarios: [...ofMethods, ...oddMethods] };

const rawDoors: readonly (readonly [name: string, event: (ask: Ask) => Event])[] = [
  ["Function URL", functionUrl],
  ["REST API", rest],
  ["HTTP API 1.0", httpApi1],
  ["ALB", alb],
];

interface PathCase {
  readonly path: string;
  readonly what: string;
  readonly target: string;
  readonly pins?: readonly number[];
  readonly lwa?: { readonly target: string; readonly why: string; readonly fault?: "B17" };
}

const paths: readonly PathCase[] = [
  { what: "escapes stay", path: "/men%C3%BC/a%2Fb%20c", target: "/men%C3%BC/a%2Fb%20c" },
  { what: "text beyond ASCII is encoded", path: "/Año_1234", target: "/A%C3%B1o_1234", pins: [8] },
  { what: "a malformed escape stays", path: "/x%Fy%20z", target: "/x%Fy%20z" },
  { what: "a space is encoded", path: "/a b", target: "/a%20b" },
  { what: "a leading // stays", path: "//evil.test/p", target: "//evil.test/p" },
  { what: "an inner // stays", path: "/a//b/", target: "/a//b/" },
  { what: "sub-delimiters stay", path: "/a;p=1/@:,'()*!$&=+~", target: "/a;p=1/@:,'()*!$&=+~" },
  { what: "an empty path is /", path: "", target: "/" },
  {
    what: "dot segments stay",
    path: "/a/../b/./c",
    target: "/a/../b/./c",
    lwa: { target: "/b/c", why: "Dot segments are resolved before the app sees them", fault: "B17" },
  },
  {
    what: "a backslash stays",
    path: "/a\\b",
    target: "/a\\b",
    lwa: { target: "/a/b", why: "A backslash becomes a slash", fault: "B17" },
  },
  {
    what: "a literal ? is part of the path",
    path: "/a?b",
    target: "/a%3Fb",
    lwa: { target: "/a%3Fb?b", why: "The ? is in the path and begins a query as well", fault: "B17" },
  },
  {
    what: "printable characters stay",
    path: '/<b>"{x}`',
    target: '/<b>"{x}`',
    lwa: { target: "/%3Cb%3E%22%7Bx%7D%60", why: "Characters that no client has to encode are encoded" },
  },
];

function verdictOfTarget(
  line: string,
  lwa: { readonly why: string; readonly fault?: string | undefined },
  named: string,
): Verdict {
  const sees = { request: { line } };
  return lwa.fault === undefined
    ? { is: "different", named, why: lwa.why, sees }
    : { is: "fault", why: lwa.why, sees };
}

const ofPaths = rawDoors.flatMap(([door, event]): Scenario[] =>
  paths.map(({ what, path, target, lwa, pins }) => ({
    name: `${door}: path ${path === "" ? '""' : path}: ${what}`,
    ...(lwa?.fault !== undefined && { faults: [lwa.fault] }),
    ...(pins !== undefined && door === "ALB" && { pins }),
    invoke: invoke(event({ path })),
    expect: { request: { line: `GET ${target}` }, answer: { has: { statusCode: 200 } } },
    ...(lwa !== undefined && { lwa: verdictOfTarget(`GET ${lwa.target}`, lwa, "path untouched") }),
  })),
);

const decodedPaths: readonly Scenario[] = [
  {
    name: "HTTP API 2.0: path /my path/é of a decoded event is encoded",
    pins: [70],
    invoke: invoke(httpApi2({ path: "/my path/é" })),
    expect: { request: { line: "GET /my%20path/%C3%A9" } },
  },
  {
    name: "HTTP API 2.0: a decoded ? is part of the path and leaves the query alone",
    faults: ["B17"],
    invoke: invoke(httpApi2({ path: "/who?role=admin", query: "id=7" })),
    expect: { request: { line: "GET /who%3Frole=admin?id=7" } },
    lwa: {
      is: "fault",
      why: "A part of the path becomes a part of the query: whoever may choose the one chooses the other",
      sees: { request: { line: "GET /who%3Frole=admin?role=admin?id=7" } },
    },
  },
  {
    name: "HTTP API 2.0: a decoded % is a literal",
    invoke: invoke(httpApi2({ path: "/50%/a%2Fb" })),
    expect: { request: { line: "GET /50%25/a%252Fb" } },
    lwa: {
      is: "different",
      named: "decoded path",
      why: "A literal % is taken for an escape: the app decodes twice",
      sees: { request: { line: "GET /50%/a%2Fb" } },
    },
  },
  {
    name: "HTTP API 2.0: a decoded # is part of the path and the query stays",
    faults: ["B17"],
    invoke: invoke(httpApi2({ path: "/a#b", query: "x=1" })),
    expect: { request: { line: "GET /a%23b?x=1" } },
    lwa: { is: "fault", why: "The query is lost", sees: { request: { line: "GET /a%23b" } } },
  },
  {
    name: "HTTP API 2.0: a named stage stays in the path",
    pins: [71],
    invoke: invoke(httpApi2({ path: "/Prod/my/path", context: { stage: "Prod" } })),
    expect: { request: { line: "GET /Prod/my/path" } },
  },
  {
    name: "REST API: the stage is not in the path",
    pins: [60, 72],
    invoke: invoke(rest({ path: "/hello", context: { stage: "test", path: "/test/hello" } })),
    expect: { request: { line: "GET /hello" } },
  },
  {
    name: "HTTP API 2.0: an event of sam local is served",
    pins: [67],
    invoke: invoke(
      httpApi2({ path: "/hello", context: { domainName: "127.0.0.1:3000", stage: "$default" } }),
    ),
    expect: { request: { line: "GET /hello" } },
  },
  {
    name: "HTTP API 2.0: the least there can be is GET /",
    pins: [58],
    invoke: invoke({
      version: "2.0",
      rawPath: "/",
      rawQueryString: "",
      headers: {},
      requestContext: { http: { method: "GET", path: "/" } },
      isBase64Encoded: false,
    }),
    expect: { request: { line: "GET /" }, answer: { has: { statusCode: 200, body: "ok" } } },
  },
];

export const pathsTopic: Topic = { title: "Paths", scenarios: [...ofPaths, ...decodedPaths] };

interface QueryCase {
  readonly query: string;
  readonly what: string;
  readonly target?: string;
  readonly lwa?: Verdict;
  readonly faults?: readonly string[];
}

const rawQueries: readonly QueryCase[] = [
  { what: "order, repetition and keys without a value stay", query: "b=2&a=1&b=3&flag&e=" },
  { what: "both spellings of a space stay", query: "a=1+2&b=1%202" },
  { what: "brackets, bars and braces stay", query: "f[x]=a|b&g={1}&h=^`" },
  { what: "a malformed escape stays", query: "d=50%" },
  { what: "an empty query leaves no ?", query: "", target: "/q" },
  { what: "text beyond ASCII is encoded", query: "q=é", target: "/q?q=%C3%A9" },
  {
    what: "a quote stays",
    query: "q='x'",
    lwa: {
      is: "different",
      named: "query untouched",
      why: "The quote is encoded: signatures over the query no longer fit",
      sees: { request: { line: "GET /q?q=%27x%27" } },
    },
  },
  {
    what: "a # is part of the query",
    query: "a=b#c&d=e",
    target: "/q?a=b%23c&d=e",
    lwa: {
      is: "different",
      named: "query untouched",
      why: "All that follows is lost",
      sees: { request: { line: "GET /q?a=b" } },
    },
  },
  {
    what: "a space is encoded",
    query: "q=red fish",
    target: "/q?q=red%20fish",
    faults: ["B1"],
    lwa: panics("A space in the query, as CloudFront makes of a +, panics"),
  },
  {
    what: 'a " stays',
    query: 'q="x"',
    faults: ["B1"],
    lwa: panics("A double quote in the query panics"),
  },
  {
    what: "< and > stay",
    query: "q=<x>",
    faults: ["B1"],
    lwa: panics("Angle brackets in the query panic"),
  },
];

const longQuery = `q=${"x".repeat(70_000)}`;

const ofRawQueries = (
  [
    ["Function URL", functionUrl],
    ["HTTP API 2.0", httpApi2],
  ] as const
).flatMap(([door, event]): Scenario[] => [
  ...rawQueries.map(({ what, query, target = `/q?${query}`, lwa, faults }): Scenario => ({
    name: `${door}: query ${query === "" ? '""' : query}: ${what}`,
    ...(faults !== undefined && { faults }),
    invoke: invoke(event({ path: "/q", query })),
    expect: { request: { line: `GET ${target}` }, answer: { has: { statusCode: 200 } } },
    ...(lwa !== undefined && { lwa }),
  })),
  {
    name: `${door}: a query of 70,000 characters is passed on`,
    faults: ["B1"],
    invoke: invoke(event({ path: "/q", query: longQuery })),
    expect: { request: { line: `GET /q?${longQuery}` } },
    lwa: panics("A target of more than 65,534 bytes panics"),
  },
  {
    name: `${door}: without rawQueryString the map of parameters is used`,
    faults: ["B26"],
    invoke: invoke(
      event({ path: "/q", more: { rawQueryString: undefined, queryStringParameters: { b: "2", a: "1 2" } } }),
    ),
    expect: { request: { line: "GET /q?b=2&a=1%202" } },
    lwa: { is: "fault", why: "The query is lost", sees: { request: { line: "GET /q" } } },
  },
]);

/** Enough keys that a random order is another one. */
const manyPairs = ["q", "w", "e", "r", "t", "z", "u", "i", "o", "p"].map(
  (key, index) => [key, String(index)] as const,
);
const inOrder = manyPairs.map(([key, value]) => `${key}=${value}`).join("&");

const ofMaps = (
  [
    ["REST API", rest, false],
    ["HTTP API 1.0", httpApi1, false],
    ["ALB", alb, true],
    ["ALB, multi-value headers", albMulti, true],
  ] as const
).flatMap(([door, event, isAlb]): Scenario[] => [
  {
    name: `${door}: one parameter`,
    ...(door === "ALB" && { pins: [62] }),
    invoke: invoke(event({ path: "/q", pairs: [["myKey", "val2"]] })),
    expect: { request: { line: "GET /q?myKey=val2" } },
  },
  {
    name: `${door}: no parameters leave no ?`,
    invoke: invoke(event({ path: "/q" })),
    expect: { request: { line: "GET /q" } },
  },
  {
    name: `${door}: a parameter without a value`,
    invoke: invoke(event({ path: "/q", pairs: [["flag", ""]] })),
    expect: { request: { line: "GET /q?flag=" } },
  },
  {
    name: `${door}: parameters keep the order of the event`,
    faults: ["B12"],
    invoke: invoke(event({ path: "/q", pairs: manyPairs })),
    expect: { request: { line: `GET /q?${inOrder}` } },
    lwa: {
      is: "fault",
      why: "The order is random, another one in each request",
      sees: { request: { line: /^GET \/q\?(\w=\d&){9}\w=\d$/ } },
    },
  },
  ...(isAlb
    ? [
        {
          name: `${door}: an encoded value stays encoded once`,
          pins: door === "ALB" ? [63] : [66],
          invoke: invoke(event({ path: "/q", pairs: [["myKey", "%3FshowAll%3Dtrue"]] })),
          expect: { request: { line: "GET /q?myKey=%3FshowAll%3Dtrue" } },
        },
        {
          name: `${door}: values come as the client spelled them`,
          faults: ["B12"],
          invoke: invoke(event({ path: "/q", pairs: [["d", "50%20%"]] })),
          expect: { request: { line: "GET /q?d=50%20%" } },
          lwa: {
            is: "fault" as const,
            why: "Values are decoded and encoded again in another spelling",
            sees: { request: { line: "GET /q?d=50+%25" } },
          },
        },
      ]
    : [
        {
          name: `${door}: reserved characters of a decoded value are encoded`,
          invoke: invoke(event({ path: "/q", pairs: [["k[]", "a&b=c+d"]] })),
          expect: { request: { line: "GET /q?k%5B%5D=a%26b%3Dc%2Bd" } },
        },
        {
          name: `${door}: a space of a decoded value is %20`,
          invoke: invoke(event({ path: "/q", pairs: [["q", "red fish"]] })),
          expect: { request: { line: "GET /q?q=red%20fish" } },
          lwa: {
            is: "different" as const,
            named: "query untouched",
            why: "A space is spelled +",
            sees: { request: { line: "GET /q?q=red+fish" } },
          },
        },
      ]),
]);

const moreQueries: readonly Scenario[] = [
  {
    name: "ALB: two parameters reach the app",
    pins: [9],
    invoke: invoke(
      alb({
        pairs: [
          ["foo", "bar"],
          ["fizz", "buzz"],
        ],
      }),
    ),
    expect: { request: { line: /^GET \/\?(foo=bar&fizz=buzz|fizz=buzz&foo=bar)$/ } },
  },
  {
    name: "ALB, multi-value headers: all values of a parameter, in order",
    pins: [65],
    invoke: invoke(
      albMulti({
        pairs: [
          ["myKey", "val1"],
          ["myKey", "val2"],
        ],
      }),
    ),
    expect: { request: { line: "GET /?myKey=val1&myKey=val2" } },
  },
  {
    name: "REST API: all values of a parameter, in order",
    pins: [64],
    invoke: invoke(
      rest({
        pairs: [
          ["name", "you"],
          ["name", "me"],
        ],
      }),
    ),
    expect: { request: { line: "GET /?name=you&name=me" } },
  },
  {
    name: "REST API: only the single-valued map is there",
    invoke: invoke(
      rest({ more: { queryStringParameters: { a: "1" }, multiValueQueryStringParameters: null } }),
    ),
    expect: { request: { line: "GET /?a=1" } },
  },
  {
    name: "REST API: a parameter with an empty list of values is left out",
    faults: ["B4"],
    invoke: invoke(
      rest({ more: { multiValueQueryStringParameters: { a: [], b: ["1"] }, queryStringParameters: null } }),
    ),
    expect: { request: { line: "GET /?b=1" } },
    lwa: panics("An empty list of values panics"),
  },
  {
    name: "ALB, multi-value headers: a parameter with an empty list of values is left out",
    faults: ["B4"],
    invoke: invoke(albMulti({ more: { multiValueQueryStringParameters: { a: [], b: ["1"] } } })),
    expect: { request: { line: "GET /?b=1" } },
    lwa: panics("An empty list of values panics"),
  },
];

export const queriesTopic: Topic = {
  title: "Queries",
  scenarios: [...ofRawQueries, ...ofMaps, ...moreQueries],
};
