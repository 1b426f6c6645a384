/** Events as the front doors send them, cut down to what the adapter reads. */

export interface HttpEventParts {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** Lambda Function URL; the same payload as an HTTP API's but for the domain. */
export function functionUrlEvent(parts: HttpEventParts = {}): Record<string, unknown> {
  return payload2(parts, "abcdef.lambda-url.eu-central-1.on.aws");
}

export function httpApiEvent(parts: HttpEventParts = {}): Record<string, unknown> {
  return payload2(parts, "a1b2c3.execute-api.eu-central-1.amazonaws.com");
}

function payload2(parts: HttpEventParts, domainName: string): Record<string, unknown> {
  const { method = "GET", path = "/", query = "", headers = {}, ...rest } = parts;
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: query,
    headers: { host: domainName, ...headers },
    requestContext: {
      accountId: "123456789012",
      apiId: "abcdef",
      domainName,
      http: { method, path, protocol: "HTTP/1.1", sourceIp: "203.0.113.7", userAgent: "curl/8.5.0" },
      requestId: "id",
      routeKey: "$default",
      stage: "$default",
      time: "24/Nov/2026:10:00:00 +0000",
      timeEpoch: 1795514400000,
    },
    isBase64Encoded: false,
    ...rest,
  };
}

export const sqsEvent =
  '{"Records":[{"messageId":"m-1","body":"{\\"price\\": 1.50}","eventSource":"aws:sqs"}]}';

/** REST API; both header maps, as it sends them. */
export function restEvent(parts: HttpEventParts = {}): Record<string, unknown> {
  return payload1(parts, {
    resource: "/{proxy+}",
    requestContext: { resourcePath: "/{proxy+}", resourceId: "r", extendedRequestId: "e=" },
  });
}

/** HTTP API with payload format 1.0. */
export function httpApi1Event(parts: HttpEventParts = {}): Record<string, unknown> {
  return { version: "1.0", ...payload1(parts, { resource: "$default", requestContext: {} }) };
}

function payload1(
  { method = "GET", path = "/", query = "", headers = {}, ...rest }: HttpEventParts,
  own: { readonly resource: string; readonly requestContext: object },
): Record<string, unknown> {
  const domainName = "a1b2c3.execute-api.eu-central-1.amazonaws.com";
  const sent = { Host: domainName, ...headers };
  return {
    resource: own.resource,
    path,
    httpMethod: method,
    headers: sent,
    multiValueHeaders: lists(sent),
    queryStringParameters: null,
    multiValueQueryStringParameters: queryLists(query),
    requestContext: {
      accountId: "123456789012",
      apiId: "a1b2c3",
      domainName,
      httpMethod: method,
      path: `/test${path}`,
      requestId: "id",
      stage: "test",
      identity: { sourceIp: "203.0.113.7", userAgent: null },
      ...own.requestContext,
    },
    body: null,
    isBase64Encoded: false,
    ...rest,
  };
}

/** Load balancer, with the header map that the target group is set to. */
export function albEvent(
  { method = "GET", path = "/", query = "", headers = {}, ...rest }: HttpEventParts = {},
  multiValue: boolean = false,
): Record<string, unknown> {
  const sent = { host: "lb-1.eu-central-1.elb.amazonaws.com", ...headers };
  const maps = multiValue
    ? { multiValueHeaders: lists(sent), multiValueQueryStringParameters: rawLists(query) }
    : {
        headers: sent,
        queryStringParameters: Object.fromEntries(
          Object.entries(rawLists(query)).map(([key, values]) => [key, values.at(-1)]),
        ),
      };
  const targetGroupArn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/tg/1";
  return {
    requestContext: { elb: { targetGroupArn } },
    httpMethod: method,
    path,
    ...maps,
    body: "",
    isBase64Encoded: false,
    ...rest,
  };
}

/** VPC Lattice, event structure V2 or V1. */
export function latticeEvent(
  { method = "GET", path = "/", query = "", headers = {}, ...rest }: HttpEventParts = {},
  version: 1 | 2 = 2,
): Record<string, unknown> {
  const target = query === "" ? path : `${path}?${query}`;
  const sent = { host: "svc.vpc-lattice-svcs.eu-central-1.on.aws", ...headers };
  const { body = null, isBase64Encoded = false } = rest;
  if (version === 1)
    return {
      raw_path: target,
      method,
      headers: sent,
      query_string_parameters: {},
      body,
      is_base64_encoded: isBase64Encoded,
    };
  return {
    version: "2.0",
    path: target,
    method,
    headers: lists(sent),
    body,
    isBase64Encoded,
    requestContext: {
      serviceNetworkArn: "arn:aws:vpc-lattice:eu-central-1:123456789012:servicenetwork/sn-1",
      serviceArn: "arn:aws:vpc-lattice:eu-central-1:123456789012:service/svc-1",
      targetGroupArn: "arn:aws:vpc-lattice:eu-central-1:123456789012:targetgroup/tg-1",
      region: "eu-central-1",
      identity: {},
      timeEpoch: "1795514400000000",
    },
  };
}

/** API Gateway WebSocket API. */
export function webSocketEvent(
  eventType: "CONNECT" | "MESSAGE" | "DISCONNECT",
  { query = "", headers = {}, body }: HttpEventParts = {},
): Record<string, unknown> {
  const routeKeys = { CONNECT: "$connect", MESSAGE: "$default", DISCONNECT: "$disconnect" };
  return {
    ...(eventType !== "MESSAGE" && { headers, multiValueHeaders: lists(headers) }),
    ...(query !== "" && { multiValueQueryStringParameters: queryLists(query) }),
    requestContext: {
      routeKey: routeKeys[eventType],
      eventType,
      connectionId: "L0SM9cOFvHcCIhw=",
      domainName: "w1b2c3.execute-api.eu-central-1.amazonaws.com",
      stage: "test",
      apiId: "w1b2c3",
    },
    ...(body !== undefined && { body }),
    isBase64Encoded: false,
  };
}

function lists(map: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(map).map(([name, value]) => [name, Array.isArray(value) ? value : [value]]),
  );
}

function queryLists(query: string): Record<string, string[]> | null {
  const pairs = new URLSearchParams(query);
  return query === "" ? null : Object.fromEntries([...pairs.keys()].map((key) => [key, pairs.getAll(key)]));
}

/** The load balancer decodes nothing. */
function rawLists(query: string): Record<string, string[]> {
  const all: Record<string, string[]> = {};
  for (const pair of query.split("&")) {
    const [key = "", value = ""] = pair.split("=");
    if (pair !== "") (all[key] ??= []).push(value);
  }
  return all;
}
