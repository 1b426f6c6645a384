/** Request headers and cookies: from the event to the app. */
import type { Scenario, Topic } from "../harness/scenario.ts";
import { alb, albMulti, doors, functionUrl, httpApi1, httpApi2, invoke, panics, rest } from "./events.ts";
import type { Event } from "./events.ts";

const ofAllDoors = doors.flatMap((door): Scenario[] => [
  {
    name: `${door.name}: a header reaches the app as it is`,
    ...(door.name === "ALB" && { pins: [7] }),
    invoke: invoke(door.event({ headers: [["foo", "bar, baz;q=1"]] })),
    expect: { request: { headers: { foo: "bar, baz;q=1" } } },
  },
  {
    name: `${door.name}: the client's Host reaches the app`,
    invoke: invoke(door.event()),
    expect: { request: { headers: { host: "shop.example.com" } } },
  },
  {
    name: `${door.name}: a value beyond ASCII reaches the app as UTF-8`,
    invoke: invoke(door.event({ headers: [["x-name", "Žluťoučký 東京"]] })),
    expect: { request: { headers: { "x-name": "Žluťoučký 東京" } } },
  },
  {
    name: `${door.name}: forwarding headers reach the app as they are`,
    invoke: invoke(
      door.event({
        headers: [
          ["x-forwarded-for", "198.51.100.1, 203.0.113.7"],
          ["x-forwarded-port", "443"],
          ["via", "2.0 edge"],
        ],
      }),
    ),
    expect: {
      request: {
        headers: {
          "x-forwarded-for": "198.51.100.1, 203.0.113.7",
          "x-forwarded-port": "443",
          "x-forwarded-proto": "https",
          via: "2.0 edge",
        },
      },
    },
  },
  {
    name: `${door.name}: fields of the client's connection end at the adapter`,
    faults: ["B18"],
    invoke: invoke(
      door.event({
        method: "POST",
        headers: [
          ["connection", "keep-alive, x-hop"],
          ["keep-alive", "timeout=5"],
          ["te", "trailers"],
          ["upgrade", "h2c"],
          ["x-hop", "1"],
          ["x-kept", "1"],
        ],
        body: "hello",
      }),
    ),
    expect: {
      request: {
        headers: {
          connection: null,
          "keep-alive": null,
          te: null,
          upgrade: null,
          "x-hop": null,
          "x-kept": "1",
        },
        body: "hello",
      },
    },
    lwa: {
      is: "fault",
      why: "The app sees them and obeys them, an upgrade among them",
      sees: { request: { headers: { te: "trailers", upgrade: "h2c", connection: "keep-alive, x-hop" } } },
    },
  },
  {
    name: `${door.name}: a content-length that is too large is corrected`,
    faults: ["B18"],
    invoke: invoke(door.event({ method: "POST", headers: [["content-length", "100"]], body: "hello" })),
    expect: { request: { headers: { "content-length": "5" }, body: "hello" } },
    lwa: {
      is: "fault",
      why: "The app waits for bytes that do not come, until the function's time is up",
      sees: { hangs: true, journal: [/^app head POST/], never: /^app POST/ },
    },
  },
  {
    name: `${door.name}: an odd x-forwarded-proto is the client's business`,
    ...(panicsOnProto(door) && { faults: ["B2"] }),
    invoke: invoke(
      door.event({
        headers: [
          ["x-forwarded-proto", "https, http"],
          ["x-odd", "1"],
        ],
      }),
    ),
    expect: { request: { headers: { "x-odd": "1" } }, answer: { has: { statusCode: 200 } } },
    ...(panicsOnProto(door) && {
      lwa: panics("A list in x-forwarded-proto, as chains of proxies make it, panics"),
    }),
  },
]);

/** Of the load balancer's two forms of event only the one with single values meets the fault. */
function panicsOnProto({ name }: (typeof doors)[number]): boolean {
  return name !== "ALB, multi-value headers";
}

const repeated = [
  ["x-dup", "a"],
  ["x-dup", "b"],
] as const;

const more: readonly Scenario[] = [
  ...(
    [
      ["REST API", rest],
      ["HTTP API 1.0", httpApi1],
    ] as const
  ).map(([door, event]): Scenario => ({
    name: `${door}: a repeated header reaches the app with all values`,
    faults: ["B10"],
    invoke: invoke(event({ headers: repeated })),
    expect: { request: { headers: { "x-dup": ["a", "b"] } } },
    lwa: { is: "fault", why: "Only the last is left", sees: { request: { headers: { "x-dup": "b" } } } },
  })),
  {
    name: "ALB, multi-value headers: a repeated header reaches the app with all values",
    invoke: invoke(albMulti({ headers: repeated })),
    expect: { request: { headers: { "x-dup": ["a", "b"] } } },
  },
  {
    name: "ALB: maps of both kinds, as saved events have them: no value is lost",
    faults: ["B10"],
    invoke: invoke(
      alb({
        headers: [["x-dup", "b"]],
        more: { multiValueHeaders: { host: ["shop.example.com"], "x-dup": ["a", "b"] } },
      }),
    ),
    expect: { request: { headers: { "x-dup": ["a", "b"] } } },
    lwa: { is: "fault", why: "Only the last is left", sees: { request: { headers: { "x-dup": "b" } } } },
  },
  {
    name: "Function URL: a repeated header, joined by the front door, stays as it is",
    invoke: invoke(functionUrl({ headers: repeated })),
    expect: { request: { headers: { "x-dup": "a,b" } } },
  },
  {
    name: "Function URL: a Host with braces is the client's business",
    faults: ["B2"],
    invoke: invoke(functionUrl({ more: { headers: { host: "{bad}", "x-forwarded-proto": "https" } } })),
    expect: { request: { headers: { host: "{bad}" } }, answer: { has: { statusCode: 200 } } },
    lwa: panics("A Host that no address can have panics: anyone on the internet can send it"),
  },
  {
    name: "REST API: the console's test event is served",
    invoke: invoke(
      rest({
        path: "/test",
        more: { headers: null, multiValueHeaders: null, queryStringParameters: null, pathParameters: null },
        context: { stage: "test-invoke-stage", domainName: "testPrefix.testDomainName" },
      }),
    ),
    pins: [68],
    expect: { request: { line: "GET /test", headers: { host: "testPrefix.testDomainName" } } },
    lwa: {
      is: "different",
      named: "host",
      why: "The app gets the adapter's own address as Host",
      sees: { request: { line: "GET /test", headers: { host: /^127\.0\.0\.1:\d+$/ } } },
    },
  },
  {
    name: "ALB: a health check without Host is served",
    pins: [69],
    invoke: invoke(
      alb({ path: "/v1/health/", more: { headers: { "user-agent": "ELB-HealthChecker/2.0" } } }),
    ),
    expect: {
      request: { line: "GET /v1/health/", headers: { host: "localhost" } },
      answer: { has: { statusCode: 200 } },
    },
    lwa: {
      is: "different",
      named: "host",
      why: "The app gets the adapter's own address as Host",
      sees: { request: { line: "GET /v1/health/", headers: { host: /^127\.0\.0\.1:\d+$/ } } },
    },
  },
  {
    name: "Function URL: a GET without a body has no content-length",
    invoke: invoke(functionUrl()),
    expect: { request: { headers: { "content-length": null, "transfer-encoding": null } } },
    lwa: {
      is: "different",
      named: "framing",
      why: "Every request has one",
      sees: { request: { headers: { "content-length": "0" } } },
    },
  },
  {
    name: "Function URL: a POST without a body has content-length 0",
    invoke: invoke(functionUrl({ method: "POST" })),
    expect: { request: { headers: { "content-length": "0" } } },
  },
  {
    name: "Function URL: transfer-encoding of the event does not frame the body",
    faults: ["B18"],
    invoke: invoke(
      functionUrl({ method: "POST", headers: [["transfer-encoding", "chunked"]], body: "hello" }),
    ),
    expect: { request: { headers: { "transfer-encoding": null, "content-length": "5" }, body: "hello" } },
    lwa: {
      is: "fault",
      why: "The body is sent in chunks because the client's front door received it so",
      sees: { request: { headers: { "transfer-encoding": "chunked" }, body: "hello" } },
    },
  },
  {
    name: "ALB: a content-length that is too small does not cut the body",
    faults: ["B18"],
    invoke: invoke(alb({ method: "POST", headers: [["content-length", "2"]], body: "hello" })),
    expect: { request: { headers: { "content-length": "5" }, body: "hello" } },
    lwa: { is: "fault", why: "The body is cut off", sees: { request: { body: "he" } } },
  },
  {
    name: "Function URL: expect is not for the app",
    faults: ["B18"],
    invoke: invoke(functionUrl({ method: "POST", headers: [["expect", "100-continue"]], body: "hello" })),
    expect: { request: { headers: { expect: null }, body: "hello" } },
    lwa: { is: "fault", why: "The app sees it", sees: { request: { headers: { expect: "100-continue" } } } },
  },
  {
    name: "Function URL: no content type is invented",
    invoke: invoke(functionUrl({ method: "POST", body: "hello" })),
    expect: { request: { headers: { "content-type": null } } },
  },
  {
    name: "REST API: names in another spelling are the same header",
    invoke: invoke(rest({ headers: [["X-ReQuEsTeD-WiTh", "XMLHttpRequest"]] })),
    expect: { request: { headers: { "x-requested-with": "XMLHttpRequest" } } },
  },
  {
    name: "Function URL: a list of values in headers is as many fields",
    invoke: invoke(functionUrl({ more: { headers: { host: "shop.example.com", "x-list": ["1", "2"] } } })),
    expect: { request: { headers: { "x-list": ["1", "2"] } } },
  },
];

/** LWA takes an event for a message when any member has a type that it does not expect. */
const takenForMessage = { request: { line: "POST /events" } };

const oddEvents: readonly (readonly [name: string, event: Event])[] = [
  [
    "Function URL: a header that is null is left out",
    functionUrl({ more: { headers: { host: "h.test", "x-null": null, "x-a": "1" } } }),
  ],
  [
    "Function URL: a header that is a number is text",
    functionUrl({ more: { headers: { host: "h.test", "x-n": 5, "x-a": "1" } } }),
  ],
  [
    "Function URL: a name that no header may have is left out",
    functionUrl({
      headers: [
        ["bad name", "1"],
        ["x-a", "1"],
      ],
    }),
  ],
  [
    "Function URL: a value with a line break is left out, and makes no second header",
    functionUrl({
      headers: [
        ["x-bad", "1\r\nx-evil: 2"],
        ["x-a", "1"],
      ],
    }),
  ],
  [
    "REST API: a value with a line break is left out",
    rest({
      headers: [
        ["X-Bad", "1\nX-Evil: 2"],
        ["X-A", "1"],
      ],
    }),
  ],
  [
    "Function URL: isBase64Encoded null is false",
    functionUrl({ headers: [["x-a", "1"]], more: { isBase64Encoded: null } }),
  ],
  [
    "HTTP API 2.0: isBase64Encoded null is false",
    httpApi2({ headers: [["x-a", "1"]], more: { isBase64Encoded: null } }),
  ],
  [
    "ALB: queryStringParameters null is empty",
    alb({ headers: [["x-a", "1"]], more: { queryStringParameters: null } }),
  ],
  [
    "ALB: multiValueQueryStringParameters null is empty",
    alb({ headers: [["x-a", "1"]], more: { multiValueQueryStringParameters: null } }),
  ],
  [
    "REST API: stage variables of another type are nobody's business",
    rest({ headers: [["x-a", "1"]], more: { stageVariables: { n: 1 } } }),
  ],
  [
    "REST API: path parameters of another type are nobody's business",
    rest({ headers: [["x-a", "1"]], more: { pathParameters: { n: 1 } } }),
  ],
  [
    "REST API: identity null is nobody's business",
    rest({ headers: [["x-a", "1"]], context: { identity: null } }),
  ],
  [
    "REST API: requestTimeEpoch as text is nobody's business",
    rest({ headers: [["x-a", "1"]], context: { requestTimeEpoch: "1795514400000" } }),
  ],
  [
    "HTTP API 2.0: a claim that is a number is nobody's business",
    httpApi2({
      headers: [["x-a", "1"]],
      context: { authorizer: { jwt: { claims: { exp: 1795514400 }, scopes: null } } },
    }),
  ],
  [
    "HTTP API 2.0: both rawPath and path are there",
    httpApi2({ headers: [["x-a", "1"]], more: { path: "/" } }),
  ],
];

const odd: readonly Scenario[] = oddEvents.map(([name, event]) => ({
  name,
  faults: ["B20"],
  invoke: invoke(event),
  expect: {
    request: [{ line: "GET /", headers: { "x-a": "1", "x-evil": null, "x-null": null } }],
    answer: { match: /"statusCode":200/ },
  },
  lwa: {
    is: "fault",
    why: "The request becomes a message posted to /events; the client gets an error of the front door",
    sees: takenForMessage,
  },
}));

const cookies: readonly Scenario[] = [
  {
    name: "HTTP API 2.0: cookies become one header, joined as browsers do",
    pins: [59],
    invoke: invoke(httpApi2({ more: { cookies: ["cookie1=value1", "cookie2=value2"] } })),
    expect: { request: { headers: { cookie: "cookie1=value1; cookie2=value2" } } },
    lwa: {
      is: "different",
      named: "cookies",
      why: "Joined with ; and no space, which strict parsers take for one cookie",
      sees: { request: { headers: { cookie: "cookie1=value1;cookie2=value2" } } },
    },
  },
  {
    name: "HTTP API 2.0: one cookie",
    invoke: invoke(httpApi2({ more: { cookies: ["test=hi"] } })),
    expect: { request: { headers: { cookie: "test=hi" } } },
  },
  {
    name: "HTTP API 2.0: no cookies are no header",
    invoke: invoke(httpApi2()),
    expect: { request: { headers: { cookie: null } } },
  },
  {
    name: "Function URL: a cookie that the event has twice reaches the app once",
    pins: [61],
    invoke: invoke(functionUrl({ headers: [["cookie", "test=hi"]], more: { cookies: ["test=hi"] } })),
    expect: { request: { headers: { cookie: "test=hi" } } },
  },
  {
    name: "Function URL: the cookie header stays as the client sent it",
    invoke: invoke(functionUrl({ headers: [["cookie", "a=1; b=2"]], more: { cookies: ["a=1", "b=2"] } })),
    expect: { request: { headers: { cookie: "a=1; b=2" } } },
    lwa: {
      is: "different",
      named: "cookies",
      why: "It is replaced by the list, joined with ; and no space",
      sees: { request: { headers: { cookie: "a=1;b=2" } } },
    },
  },
  {
    name: "HTTP API 2.0: an empty list of cookies leaves the cookie header alone",
    faults: ["B28"],
    invoke: invoke(httpApi2({ headers: [["cookie", "a=1"]], more: { cookies: [] } })),
    expect: { request: { headers: { cookie: "a=1" } } },
    lwa: { is: "fault", why: "The header is emptied", sees: { request: { headers: { cookie: "" } } } },
  },
  {
    name: "REST API: the Cookie header reaches the app",
    invoke: invoke(rest({ headers: [["Cookie", "a=1; b=2"]] })),
    expect: { request: { headers: { cookie: "a=1; b=2" } } },
  },
  {
    name: "ALB, multi-value headers: two lines of cookies become one",
    invoke: invoke(
      albMulti({
        headers: [
          ["cookie", "a=1"],
          ["cookie", "b=2"],
        ],
      }),
    ),
    expect: { request: { headers: { cookie: "a=1; b=2" } } },
    lwa: {
      is: "different",
      named: "cookies",
      why: "Two lines, which HTTP/1.1 does not allow",
      sees: { request: { headers: { cookie: ["a=1", "b=2"] } } },
    },
  },
];

export const headersTopic: Topic = { title: "Request headers", scenarios: [...ofAllDoors, ...more] };
export const oddTopic: Topic = { title: "Events that are slightly unusual", scenarios: odd };
export const cookiesTopic: Topic = { title: "Cookies of requests", scenarios: cookies };
