/** What clients send and apps answer, for the properties of all front doors. */
import * as fc from "fast-check";
import { fieldName, fieldText } from "../../http1/testing/responses.ts";
import type { HeaderField, HttpResponse } from "../../message.ts";
import type { ClientRequest } from "../door.ts";

const pathPart = fc.oneof(
  fc.constantFrom(
    "/",
    "//",
    "..",
    ".",
    "a",
    "%20",
    "%2F",
    "%25",
    "%",
    "%zz",
    "%C3%BC",
    "%FF",
    "%3F",
    "%23",
    "+",
    ";",
    "[",
    '"',
  ),
  fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
);
const path = fc.array(pathPart, { maxLength: 10 }).map((parts) => `/${parts.join("").replace(/[?#]/g, "")}`);
const query = fc
  .array(fc.oneof(pathPart, fc.constantFrom("&", "=", "k=v", "%26", "?")), { maxLength: 10 })
  .map((parts) => parts.join("").replaceAll("#", ""))
  .filter((query) => query !== "");

/** Targets in origin-form. A `?` with nothing behind it has no place in format 2.0 and is left out. */
export const target: fc.Arbitrary<string> = fc
  .tuple(path, fc.option(query))
  .map(([path, query]) => (query === null ? path : `${path}?${query}`));

const cookies = fc.constantFrom("a=1; b=2", "sid=9;lang=de", "c=", "x", " d = 1 ;; e=2;");
const requestField: fc.Arbitrary<HeaderField> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(
      fieldName.filter((name) => name.toLowerCase() !== "cookie"),
      fieldText,
    ),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom("cookie", "Cookie"), cookies) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<HeaderField[]>(
      ["Host", "shop.test"],
      ["Content-Type", "text/plain"],
      ["X-Forwarded-For", "203.0.113.7"],
      ["X-Forwarded-Proto", "gopher"],
      ["X-Amzn-Trace-Id", "Root=1-2-3"],
      ["User-Agent", "curl/8"],
      ["Connection", "close, x-a"],
      ["TE", "trailers"],
      ["Content-Length", "77"],
    ),
  },
);

/** Any bytes, text among them. */
export const bodyBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.string({ unit: "binary", maxLength: 20 }).map((text) => new TextEncoder().encode(text)),
  fc.constantFrom("", "\ufeffa", '{"é":1}', "\0", "\x1b[0m").map((text) => new TextEncoder().encode(text)),
);

export const clientRequest: fc.Arbitrary<ClientRequest> = fc.record({
  method: fc.constantFrom("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "PURGE", "get"),
  target,
  headers: fc
    .tuple(
      fc.array(requestField, { maxLength: 7 }),
      fc.option(
        fc.constantFrom("text/plain", "application/json; charset=utf-8", "image/png", "multipart/form-data"),
      ),
    )
    .map(([fields, type]) => (type === null ? fields : fields.concat([["content-type", type]]))),
  body: bodyBytes,
  sourceIp: fc.constantFrom("198.51.100.4", "2001:db8::1"),
});

const responseField: fc.Arbitrary<HeaderField> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fieldName, fieldText) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<HeaderField[]>(
      ["Set-Cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"],
      ["set-cookie", "b=é; Path=/"],
      ["x-m", "1"],
      ["X-M", "2"],
      ["Content-Type", "image/png"],
      ["Content-Length", "812"],
      ["Connection", "close"],
      ["Keep-Alive", "timeout=5"],
      ["Transfer-Encoding", "chunked"],
      ["Location", "/a%20b?c"],
    ),
  },
);

export const appResponse: fc.Arbitrary<HttpResponse> = fc.record({
  status: fc.oneof(fc.constantFrom(200, 204, 205, 302, 304, 404, 500), fc.integer({ min: 200, max: 599 })),
  reason: fieldText,
  headers: fc.array(responseField, { maxLength: 8 }),
  body: bodyBytes,
});

/** Any text a JSON string can hold: control characters and lone surrogates too. */
export const jsonText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    maxLength: 6,
  }),
  fc.constantFrom(
    "GET",
    "/",
    "/a b",
    "?x=1",
    "é=ü",
    "a\r\nb: c",
    "toString",
    "__proto__",
    "content-length",
    "host",
  ),
);

const oddValue = fc.oneof(jsonText, fc.jsonValue({ maxDepth: 2 }), fc.array(jsonText, { maxLength: 3 }));
const oddMap = fc.oneof(
  oddValue,
  fc
    .array(fc.tuple(jsonText, oddValue), { maxLength: 6 })
    .map((entries) => Object.fromEntries(entries) as unknown),
);

/** Events with the members of every door, each of which may be anything or absent. */
export const oddEvent: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(
    fc.record(
      {
        version: oddValue,
        httpMethod: fc.oneof(fc.constantFrom("GET", "POST"), oddValue),
        method: fc.oneof(fc.constantFrom("GET", "POST"), oddValue),
        rawPath: oddValue,
        raw_path: oddValue,
        path: oddValue,
        rawQueryString: oddValue,
        queryStringParameters: oddMap,
        multiValueQueryStringParameters: oddMap,
        query_string_parameters: oddMap,
        headers: oddMap,
        multiValueHeaders: oddMap,
        cookies: oddValue,
        body: oddValue,
        isBase64Encoded: fc.oneof(fc.boolean(), oddValue),
        is_base64_encoded: fc.oneof(fc.boolean(), oddValue),
      },
      { requiredKeys: [] },
    ),
    fc.record(
      { method: fc.oneof(fc.constantFrom("GET", "POST"), oddValue), path: oddValue },
      { requiredKeys: [] },
    ),
    fc.record(
      {
        domainName: oddValue,
        accountId: oddValue,
        stage: oddValue,
        eventType: fc.oneof(fc.constantFrom("CONNECT", "MESSAGE", "DISCONNECT"), oddValue),
        connectionId: oddValue,
        routeKey: oddValue,
      },
      { requiredKeys: [] },
    ),
    oddValue,
    fc.integer({ min: 0, max: 9 }),
  )
  .map(([event, http, context, odd, dice]) =>
    Object.assign(event, { requestContext: dice === 0 ? odd : Object.assign(context, { http }) }),
  );
