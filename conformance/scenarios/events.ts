/** Events as AWS's front doors send them (spec event-formats.md 4-11), and what their answers look like. */
import type { Invocation, Json, Verdict } from "../harness/scenario.ts";

export type Event = { readonly [key: string]: unknown };

/** What an event's sender asked for, in words that all front doors have. */
export interface Ask {
  readonly method?: string;
  /** Path as the event has it. */
  readonly path?: string;
  /** Query as sent, for doors that have it so; pairs for those that have maps. */
  readonly query?: string;
  readonly pairs?: readonly (readonly [name: string, value: string])[];
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string | null;
  readonly base64?: boolean;
  /** Members that replace the event's own. */
  readonly more?: Event;
  /** Members that replace those of the request context. */
  readonly context?: Event;
}

const HOST = "shop.example.com";

/** What every client's request has, in the door's spelling, unless it is given. */
function withDefaults(
  headers: NonNullable<Ask["headers"]>,
  host: string,
  proto: string,
): NonNullable<Ask["headers"]> {
  const given = new Set(headers.map(([name]) => name.toLowerCase()));
  const defaults = [[host, HOST] as const, [proto, "https"] as const];
  return [...defaults.filter(([name]) => !given.has(name.toLowerCase())), ...headers];
}

/** `{"a": "2"}`: the last value of each name, as single-valued maps have it. */
function last(pairs: readonly (readonly [string, string])[]): { [name: string]: string } {
  return Object.fromEntries(pairs);
}

/** `{"a": ["1", "2"]}`. */
function lists(pairs: readonly (readonly [string, string])[]): { [name: string]: string[] } {
  const map: { [name: string]: string[] } = {};
  for (const [name, value] of pairs) (map[name] ??= []).push(value);
  return map;
}

function joined(pairs: readonly (readonly [string, string])[]): { [name: string]: string } {
  return Object.fromEntries(Object.entries(lists(pairs)).map(([name, values]) => [name, values.join(",")]));
}

function payload2(ask: Ask, context: Event): Event {
  const { method = "GET", path = "/", query = "", headers = [] } = ask;
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: query,
    headers: joined(withDefaults(headers, "host", "x-forwarded-proto")),
    requestContext: {
      accountId: "123456789012",
      http: { method, path, protocol: "HTTP/1.1", sourceIp: "203.0.113.7", userAgent: "curl/8.5.0" },
      requestId: "Kq3ExampleAEXAMPLE=",
      routeKey: "$default",
      stage: "$default",
      time: "24/Nov/2026:10:00:00 +0000",
      timeEpoch: 1795514400000,
      ...context,
      ...ask.context,
    },
    ...(ask.body != null && { body: ask.body }),
    isBase64Encoded: ask.base64 ?? false,
    ...ask.more,
  };
}

export function functionUrl(ask: Ask = {}): Event {
  return payload2(ask, {
    accountId: "anonymous",
    apiId: "7sxqcv5bf5amoplehnfqxbv4ii0xampl",
    domainName: "7sxqcv5bf5amoplehnfqxbv4ii0xampl.lambda-url.eu-central-1.on.aws",
    domainPrefix: "7sxqcv5bf5amoplehnfqxbv4ii0xampl",
  });
}

export function httpApi2(ask: Ask = {}): Event {
  return payload2(ask, {
    apiId: "abc123defg",
    domainName: "abc123defg.execute-api.eu-central-1.amazonaws.com",
    domainPrefix: "abc123defg",
  });
}

function payload1(ask: Ask, context: Event): Event {
  const { method = "GET", path = "/", pairs, headers = [], body = null } = ask;
  const all = withDefaults(headers, "Host", "X-Forwarded-Proto");
  return {
    resource: "/{proxy+}",
    path,
    httpMethod: method,
    headers: last(all),
    multiValueHeaders: lists(all),
    queryStringParameters: pairs === undefined ? null : last(pairs),
    multiValueQueryStringParameters: pairs === undefined ? null : lists(pairs),
    pathParameters: { proxy: path.slice(1) },
    stageVariables: null,
    requestContext: {
      accountId: "123456789012",
      apiId: "abc123defg",
      domainName: "abc123defg.execute-api.eu-central-1.amazonaws.com",
      domainPrefix: "abc123defg",
      extendedRequestId: "Kq3ExampleAEXAMPLE=",
      httpMethod: method,
      identity: {
        accessKey: null,
        accountId: null,
        caller: null,
        cognitoAuthenticationProvider: null,
        cognitoAuthenticationType: null,
        cognitoIdentityId: null,
        cognitoIdentityPoolId: null,
        principalOrgId: null,
        sourceIp: "203.0.113.7",
        user: null,
        userAgent: "curl/8.5.0",
        userArn: null,
      },
      path: `/live${path}`,
      protocol: "HTTP/1.1",
      requestId: "2f1e9c1a-5d42-4f0b-8a34-7d6f6a1f0c11",
      requestTime: "24/Nov/2026:10:00:00 +0000",
      requestTimeEpoch: 1795514400000,
      resourceId: "a1b2c3",
      resourcePath: "/{proxy+}",
      stage: "live",
      ...context,
      ...ask.context,
    },
    body,
    isBase64Encoded: ask.base64 ?? false,
    ...ask.more,
  };
}

export function rest(ask: Ask = {}): Event {
  return payload1(ask, {});
}

export function httpApi1(ask: Ask = {}): Event {
  return { version: "1.0", ...payload1(ask, { stage: "$default", path: ask.path ?? "/" }) };
}

const elb = {
  targetGroupArn: "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop/6d0ecf831eec9f09",
};

/** A target group with single-valued headers, the default. */
export function alb(ask: Ask = {}): Event {
  const { method = "GET", path = "/", pairs = [], headers = [], body = "" } = ask;
  return {
    requestContext: { elb, ...ask.context },
    httpMethod: method,
    path,
    queryStringParameters: last(pairs),
    headers: last(withDefaults(headers, "host", "x-forwarded-proto")),
    body,
    isBase64Encoded: ask.base64 ?? false,
    ...ask.more,
  };
}

export function albMulti(ask: Ask = {}): Event {
  const { method = "GET", path = "/", pairs = [], headers = [], body = "" } = ask;
  return {
    requestContext: { elb, ...ask.context },
    httpMethod: method,
    path,
    multiValueQueryStringParameters: lists(pairs),
    multiValueHeaders: lists(withDefaults(headers, "host", "x-forwarded-proto")),
    body,
    isBase64Encoded: ask.base64 ?? false,
    ...ask.more,
  };
}

export function lattice2(ask: Ask = {}): Event {
  const { method = "GET", path = "/", query = "", headers = [] } = ask;
  return {
    version: "2.0",
    path: query === "" ? path : `${path}?${query}`,
    method,
    headers: lists(withDefaults(headers, "host", "x-forwarded-proto")),
    ...(ask.body != null && { body: ask.body, isBase64Encoded: ask.base64 ?? false }),
    requestContext: {
      serviceNetworkArn: "arn:aws:vpc-lattice:eu-central-1:123456789012:servicenetwork/sn-0bf3f2882e9cc805a",
      serviceArn: "arn:aws:vpc-lattice:eu-central-1:123456789012:service/svc-0a40eebed65f8d69c",
      targetGroupArn: "arn:aws:vpc-lattice:eu-central-1:123456789012:targetgroup/tg-6d0ecf831eec9f09",
      region: "eu-central-1",
      timeEpoch: "1795514400000000",
      identity: { sourceVpcArn: "arn:aws:ec2:eu-central-1:123456789012:vpc/vpc-0b8276c84697e7339" },
    },
    ...ask.more,
  };
}

export function lattice1(ask: Ask = {}): Event {
  const { method = "GET", path = "/", query = "", headers = [], body = "" } = ask;
  return {
    raw_path: query === "" ? path : `${path}?${query}`,
    method,
    headers: joined(withDefaults(headers, "host", "x-forwarded-proto")),
    query_string_parameters: {},
    body,
    is_base64_encoded: ask.base64 ?? false,
    ...ask.more,
  };
}

/** `$connect`, a message or `$disconnect` of a WebSocket API. */
export function webSocket(eventType: "CONNECT" | "MESSAGE" | "DISCONNECT", more: Event = {}): Event {
  const routeKeys = { CONNECT: "$connect", MESSAGE: "$default", DISCONNECT: "$disconnect" };
  return {
    requestContext: {
      routeKey: routeKeys[eventType],
      eventType,
      extendedRequestId: "Kq3ExampleAEXAMPLE=",
      requestTime: "24/Nov/2026:10:00:00 +0000",
      messageDirection: "IN",
      stage: "live",
      connectedAt: 1795514400000,
      requestTimeEpoch: 1795514400000,
      identity: { sourceIp: "203.0.113.7" },
      requestId: "Kq3ExampleAEXAMPLE=",
      domainName: "abc123defg.execute-api.eu-central-1.amazonaws.com",
      connectionId: "Qx7ExampleMAEXAMPLE=",
      apiId: "abc123defg",
    },
    isBase64Encoded: false,
    ...more,
  };
}

/** The front doors that LWA maps to HTTP as we do, with what their answers look like. */
export interface Door {
  readonly name: string;
  readonly event: (ask?: Ask) => Event;
  /** Part of an answer: `headers` are single fields in lower case. */
  readonly answer: (
    status: number,
    headers: { readonly [name: string]: string },
    more?: { [key: string]: Json },
  ) => Json;
}

function listed(headers: { readonly [name: string]: string }): Json {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
}

export const doors: readonly Door[] = [
  {
    name: "Function URL",
    event: functionUrl,
    answer: (statusCode, headers, more) => ({ statusCode, headers, ...more }),
  },
  {
    name: "HTTP API 2.0",
    event: httpApi2,
    answer: (statusCode, headers, more) => ({ statusCode, headers, ...more }),
  },
  {
    name: "HTTP API 1.0",
    event: httpApi1,
    answer: (statusCode, headers, more) => ({ statusCode, multiValueHeaders: listed(headers), ...more }),
  },
  {
    name: "REST API",
    event: rest,
    answer: (statusCode, headers, more) => ({ statusCode, multiValueHeaders: listed(headers), ...more }),
  },
  { name: "ALB", event: alb, answer: (statusCode, headers, more) => ({ statusCode, headers, ...more }) },
  {
    name: "ALB, multi-value headers",
    event: albMulti,
    answer: (statusCode, headers, more) => ({ statusCode, multiValueHeaders: listed(headers), ...more }),
  },
];

export function invoke(event: Event | string, headers: Invocation["headers"] = {}): Invocation {
  return { event, headers };
}

/** One character a byte. */
export function latin1(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/**
 * LWA panics. In its releases that ends the process (their profile has panic = "abort"), and with it the environment;
 * a build that unwinds fails the invocation.
 */
export function panics(why: string): Verdict {
  return { is: "fault", why, sees: [{ ended: "SIGABRT" }, { error: { message: /^Lambda panicked/ } }] };
}

/** Content type of a streamed answer with a prelude. */
export const HTTP_INTEGRATION_RESPONSE = "application/vnd.awslambda.http-integration-response";
