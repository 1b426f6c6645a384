/** What holds for every message at every door. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { writeRequest } from "../../http1/request.ts";
import type { Codec } from "../../codec.ts";
import type { JsonObject } from "../../json.ts";
import { headersOf } from "../../message.ts";
import type { HeaderField, HttpRequest } from "../../message.ts";
import type { ClientRequest } from "../door.ts";
import { EventError } from "../event-request.ts";
import type { RequestForApp } from "../event-request.ts";
import { kindOf } from "../recognise.ts";
import { appResponse, clientRequest, oddEvent } from "./generators.ts";
import { bytesOf, grouped, joinBytes, textOf } from "./subject.ts";
import type { Subject } from "./subject.ts";

function throughJson(event: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(event)) as JsonObject;
}

const hopByHop =
  /^(connection|expect|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|content-length)$/;

/** Values by lower-case name, hop-by-hop fields and what `Connection: close, x-a` names left out. */
function endToEnd(headers: readonly HeaderField[]): Map<string, string[]> {
  const named = headers.some(([name, value]) => name === "Connection" && value.includes("x-a"));
  const lowered = headers.map(([name, value]) => [name.toLowerCase(), value] as const);
  return grouped(lowered.filter(([name]) => !hopByHop.test(name) && !(named && name === "x-a")));
}

function arranged(map: Map<string, string[]>, keeps: Subject["keepsOfRequest"]): Map<string, string[]> {
  const entries = [...map].map(([name, values]): [string, string[]] => [name, [...keeps(values, name)]]);
  return new Map(entries.filter(([, values]) => values.length > 0));
}

/** The headers an app sees of a client's request: what was sent, and what the front door adds and replaces. */
function seenByApp(subject: Subject, request: ClientRequest): Map<string, string[]> {
  const headers = endToEnd(request.headers);
  headers.set("x-forwarded-for", [[...(headers.get("x-forwarded-for") ?? []), request.sourceIp].join(", ")]);
  headers.set("x-forwarded-proto", ["https"]);
  headers.set("x-forwarded-port", ["443"]);
  for (const [name, value] of subject.addsToRequest) if (!headers.has(name)) headers.set(name, [value]);
  const seen = arranged(headers, subject.keepsOfRequest);
  seen.set("host", (seen.get("host") ?? [subject.domainName]).slice(0, 1));
  const cookies = seen.get("cookie");
  if (cookies !== undefined) seen.set("cookie", [cookies.join("; ")]);
  return seen;
}

/** Writes it, which throws when it could smuggle, and looks at its target. */
function expectSendable(request: HttpRequest, codec: Codec): void {
  writeRequest(request, codec);
  expect(request.target).toMatch(/^\/[\x21-\x7e]*$/);
}

/** Any event gives a request that can be sent, or {@link EventError}. */
export function totalProperty(toHttp: (event: JsonObject) => RequestForApp, codec: Codec): void {
  it("makes a request that can be sent of any event, or throws EventError", () => {
    fc.assert(
      fc.property(oddEvent, (event) => {
        let made: RequestForApp;
        try {
          made = toHttp(throughJson(event));
        } catch (error) {
          if (error instanceof EventError) return;
          throw error;
        }
        expectSendable(made.request, codec);
        expect(headersOf(made.request.headers, "host")).toHaveLength(1);
      }),
      { numRuns: 800 },
    );
  });
}

export function doorProperties(subject: Subject): void {
  it("brings any client's request to the app: method, target, headers, body", () => {
    fc.assert(
      fc.property(clientRequest, (sent) => {
        const event = throughJson(subject.toEvent(sent));
        expect(kindOf(event)).toBe(subject.kind);
        const { request, remarks } = subject.toHttp(event);
        expectSendable(request, subject.codec);
        expect(remarks).toEqual([]);
        expect(request.method).toBe(sent.method);
        subject.expectTarget(request.target, sent.target);
        const seen = grouped(request.headers.map(([name, value]) => [name.toLowerCase(), value]));
        expect(seen).toEqual(seenByApp(subject, sent));
        expect(Uint8Array.from(request.body)).toEqual(Uint8Array.from(sent.body));
      }),
      { numRuns: 300 },
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
        const expected = arranged(endToEnd(sent.headers), subject.keepsOfResponse);
        for (const [name, value] of subject.addsToResponse(status))
          if (!expected.has(name)) expected.set(name, [value]);
        expect(grouped(headers.map(([name, value]) => [name.toLowerCase(), value]))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  totalProperty(subject.toHttp, subject.codec);

  it("makes a response of any payload, with fields that can be sent", () => {
    const map = fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), fc.constant({ toString: 1 })));
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
            statusDescription: fc.jsonValue(),
            headers: fc.oneof(map, fc.jsonValue()),
            multiValueHeaders: fc.oneof(fc.dictionary(fc.string(), fc.array(fc.jsonValue())), fc.jsonValue()),
            cookies: fc.oneof(
              fc.array(fc.oneof(fc.jsonValue(), fc.constant({ toString: 1 }))),
              fc.jsonValue(),
            ),
            body: fc.oneof(fc.string(), fc.jsonValue()),
            isBase64Encoded: fc.oneof(fc.boolean(), fc.jsonValue()),
          },
          { requiredKeys: [] },
        )
        .map((value) => bytesOf(JSON.stringify(value))),
    );
    fc.assert(
      fc.property(payload, fc.boolean(), (payload, failed) => {
        const { status, headers, body } = subject.fromResult({ payload, failed });
        expect(status >= 200 && status <= 599).toBe(true);
        writeRequest({ method: "GET", target: "/", headers, body }, subject.codec);
      }),
      { numRuns: 800 },
    );
  });
}
