import { nodeCodec } from "@anylambda/wire/node";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Failure } from "./errors.ts";
import { documentOf, documentOfStatus, gatewayResponse } from "./failure-document.ts";
import type { FailureDocument } from "./failure-document.ts";

const response = (status: number, body: Uint8Array): Parameters<typeof documentOfStatus>[0] => ({
  status,
  reason: "",
  headers: [],
  body,
});

const ofStatus = (status: number, body: string): FailureDocument =>
  documentOfStatus(response(status, nodeCodec.utf8Encode(body)), nodeCodec);

const textOf = ({ document }: FailureDocument): string => nodeCodec.utf8Decode(document);

describe("documentOf", () => {
  it("has the failure's code and message", () => {
    const failure = documentOf(new Failure("Adapter.AppUnreachable", 'no "app"'), nodeCodec);
    expect(failure).toMatchObject({ errorType: "Adapter.AppUnreachable", reason: 'no "app"' });
    expect(textOf(failure)).toBe('{"errorType":"Adapter.AppUnreachable","errorMessage":"no \\"app\\""}');
  });

  it.each([new TypeError("oops"), "oops"])("calls anything else a fault of ours", (thrown) => {
    expect(textOf(documentOf(thrown, nodeCodec))).toBe(
      '{"errorType":"Adapter.InternalError","errorMessage":"oops"}',
    );
  });
});

describe("documentOfStatus", () => {
  it("has LWA's message: LWA 11.1 (17) http_error_status_codes", () => {
    const failure = ofStatus(502, 'Bad "Gateway"');
    expect(failure.errorType).toBe("Adapter.AppErrorStatus");
    expect(JSON.parse(textOf(failure))).toEqual({
      errorType: "Adapter.AppErrorStatus",
      errorMessage: '{"statusCode":502,"body":"Bad \\"Gateway\\""}',
    });
  });

  it("gives the app's own error document through, byte for byte", () => {
    const own = '{ "errorMessage":"sold out", "errorType":"Shop.SoldOut", "n":1.50 }';
    const failure = ofStatus(500, own);
    expect(failure.errorType).toBe("Shop.SoldOut");
    expect(textOf(failure)).toBe(own);
  });

  it.each([
    '{"errorType":"X"}',
    '{"errorMessage":"X"}',
    '{"errorType":1,"errorMessage":"X"}',
    '{"errorType":"","errorMessage":"X"}',
    '["errorType"]',
    "null",
    "",
  ])("takes %s for a body like any other", (body) => {
    expect(ofStatus(500, body).errorType).toBe("Adapter.AppErrorStatus");
  });

  it("makes a document that is JSON of any body, and never says what it holds in the log", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (body) => {
        const failure = documentOfStatus(response(500, body), nodeCodec);
        expect(() => JSON.parse(textOf(failure)) as unknown).not.toThrow();
        expect(failure.reason).toBe("The app answered with status 500");
      }),
    );
  });

  it("quotes the start of a body that is too long for an error message", () => {
    const failure = ofStatus(500, "é".repeat(1_000_000));
    expect(failure.document.length).toBeLessThan(300_000);
    const { errorMessage } = JSON.parse(textOf(failure)) as { errorMessage: string };
    expect((JSON.parse(errorMessage) as { body: string }).body).toMatch(/^é+…$/);
  });
});

describe("gatewayResponse", () => {
  it.each([
    ["Adapter.AppUnreachable", 502, "Bad Gateway"],
    ["Adapter.AppClosedConnection", 502, "Bad Gateway"],
    ["Adapter.AppSentInvalidHttp", 502, "Bad Gateway"],
    ["Adapter.AppNotReady", 504, "Gateway Timeout"],
    ["Adapter.DeadlineExceeded", 504, "Gateway Timeout"],
  ] as const)("answers %s with %i", (code, status, reason) => {
    const made = gatewayResponse(new Failure(code, "secret detail"), nodeCodec);
    expect(made).toMatchObject({ status, reason, headers: [["content-type", "application/json"]] });
    expect(nodeCodec.utf8Decode(made?.body ?? new Uint8Array())).toBe(
      `{"message":"${reason}","errorType":"${code}"}`,
    );
  });

  it.each([
    new Failure("Adapter.InvalidEvent", ""),
    new Failure("Adapter.ResponseTooLarge", ""),
    new Failure("Adapter.AppErrorStatus", ""),
    new Error("oops"),
  ])("answers nothing for what is not the app's failure: %s", (error) => {
    expect(gatewayResponse(error, nodeCodec)).toBeUndefined();
  });
});
