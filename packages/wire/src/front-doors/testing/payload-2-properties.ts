/** What holds for every message at both doors of payload format 2.0. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { writeRequest } from "../../http1/request.ts";
import type { JsonObject } from "../../json.ts";
import { headersOf } from "../../message.ts";
import type { HeaderField, HttpRequest } from "../../message.ts";
import type { ClientRequest } from "../door.ts";
import { EventError } from "../event-request.ts";
import type { RequestForApp } from "../event-request.ts";
import { kindOf } from "../recognise.ts";
import { appResponse, clientRequest, door, oddEvent } from "./generators.ts";
import { bytesOf, joinBytes, textOf } from "./payload-2.ts";
import type { Subject } from "./payload-2.ts";

function throughJson(event: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(event)) as JsonObject;
}

const hopByHop =
  /^(connection|expect|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|content-length)$/;

/** Lower-case names and their values, hop-by-hop fields and what `Connection: close, x-a` names left out. */
function kept(headers: readonly HeaderField[], separator: string): Map<string, string> {
  const named = headers.some(([name, value]) => name === "Connection" && value.includes("x-a"));
  const map = new Map<string, string>();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (hopByHop.test(lower) || (named && lower === "x-a")) continue;
    const before = map.get(lower);
    map.set(
      lower,
      before === undefined ? value : `${before}${lower === "cookie" ? "; " : separator}${value}`,
    );
  }
  return map;
}

/** The headers an app sees of a client's request: what was sent, and what the front door adds and replaces. */
function seenByApp(subject: Subject, request: ClientRequest): Map<string, string> {
  const headers = kept(request.headers, ",");
  const forwardedFor = headers.get("x-forwarded-for");
  headers.set(
    "x-forwarded-for",
    forwardedFor === undefined ? request.sourceIp : `${forwardedFor}, ${request.sourceIp}`,
  );
  headers.set("x-forwarded-proto", "https");
  headers.set("x-forwarded-port", "443");
  if (!headers.has("x-amzn-trace-id")) headers.set("x-amzn-trace-id", door.traceId);
  if (!headers.has("host")) headers.set("host", subject.domainName);
  const cookie = headers.get("cookie");
  if (subject.kind === "http-api-2.0" && cookie !== undefined) {
    const list = cookie.split(";").map((one) => one.trim());
    headers.set("cookie", list.filter((one) => one !== "").join("; "));
  }
  return headers;
}

/** Writes it, which throws when it could smuggle, and looks at its target. */
export function expectSendable(subject: Subject, request: HttpRequest): void {
  writeRequest(request, subject.codec);
  expect(request.target).toMatch(/^\/[\x21-\x7e]*$/);
}

export function payload2Properties(subject: Subject): void {
  it("brings any client's request to the app: method, target, headers, body", () => {
    fc.assert(
      fc.property(clientRequest, (sent) => {
        const event = throughJson(subject.toEvent(sent));
        expect(kindOf(event)).toBe(subject.kind);
        const { request, remarks } = subject.toHttp(event);
        expectSendable(subject, request);
        expect(remarks).toEqual([]);
        expect(request.method).toBe(sent.method);
        subject.expectTarget(request.target, sent.target);
        expect(new Map(request.headers)).toEqual(seenByApp(subject, sent));
        expect(request.headers).toHaveLength(new Map(request.headers).size);
        expect(Uint8Array.from(request.body)).toEqual(Uint8Array.from(sent.body));
      }),
      { numRuns: 600 },
    );
  });

  it("brings any app's response to the client: status, headers, cookies, body", () => {
    fc.assert(
      fc.property(appResponse, fc.constantFrom("GET", "HEAD", "POST"), (sent, method) => {
        const payload = joinBytes(subject.fromHttp(sent, method));
        JSON.parse(textOf(payload));
        const { status, headers, body } = subject.fromResult({ payload, failed: false });
        expect(status).toBe(sent.status);
        const bodiless = method === "HEAD" || [204, 205, 304].includes(status);
        expect(Uint8Array.from(body)).toEqual(bodiless ? new Uint8Array(0) : Uint8Array.from(sent.body));
        expect(headersOf(headers, "set-cookie")).toEqual(headersOf(sent.headers, "set-cookie"));
        const expected = kept(sent.headers, ", ");
        if (!expected.has("content-type") && status !== 204 && status !== 304)
          expected.set("content-type", subject.defaultType);
        expected.delete("set-cookie");
        const others = headers.map(([name, value]) => [name.toLowerCase(), value] as const);
        expect(new Map(others.filter(([name]) => name !== "set-cookie"))).toEqual(expected);
      }),
      { numRuns: 600 },
    );
  });

  it("makes a request that can be sent of any event, or throws EventError", () => {
    fc.assert(
      fc.property(oddEvent, (event) => {
        let made: RequestForApp;
        try {
          made = subject.toHttp(throughJson(event));
        } catch (error) {
          if (error instanceof EventError) return;
          throw error;
        }
        expectSendable(subject, made.request);
      }),
      { numRuns: 2000 },
    );
  });

  it("makes a response of any payload, with fields that can be sent", () => {
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.jsonValue().map((value) => bytesOf(JSON.stringify(value))),
      fc
        .record(
          {
            statusCode: fc.oneof(
              fc.constantFrom<unknown>(200, "201", 0, 99, 600, 200.5, null),
              fc.jsonValue(),
            ),
            headers: fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue()),
            cookies: fc.oneof(
              fc.array(fc.oneof(fc.jsonValue(), fc.constant({ toString: 1 }))),
              fc.jsonValue(),
            ),
            body: fc.oneof(fc.string(), fc.jsonValue()),
            isBase64Encoded: fc.oneof(fc.boolean(), fc.jsonValue()),
          },
          { requiredKeys: ["statusCode"] },
        )
        .map((value) => bytesOf(JSON.stringify(value))),
    );
    fc.assert(
      fc.property(payload, fc.boolean(), (payload, failed) => {
        const { status, headers, body } = subject.fromResult({ payload, failed });
        expect(status >= 200 && status <= 599).toBe(true);
        writeRequest({ method: "GET", target: "/", headers, body }, subject.codec);
      }),
      { numRuns: 1000 },
    );
  });
}
