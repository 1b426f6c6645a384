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
