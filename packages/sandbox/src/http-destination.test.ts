import { type IncomingHttpHeaders, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type DestinationRecord, deadLetterOf } from "./destination-record.ts";
import { httpDestination } from "./http-destination.ts";
import { until } from "./testing/harness.ts";

const received: { headers: IncomingHttpHeaders; body: string }[] = [];
let statuses: number[] = [];
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
  received.length = 0;
});

/** A server that answers with the statuses in turn, and 200 from then on. */
async function server(...answers: number[]): Promise<URL> {
  statuses = answers;
  const listening = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(statuses.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  ends.push(() => {
    listening.closeAllConnections();
    listening.close();
  });
  return new URL(`http://127.0.0.1:${(listening.address() as AddressInfo).port}/queue`);
}

const record = { version: "1.0", requestPayload: { a: 1 } } as unknown as DestinationRecord;

describe("a destination over HTTP", () => {
  it("gets the record as JSON, again when it did not take it", async () => {
    const destination = httpDestination(await server(500, 503), { clockFactor: 0.001 });
    destination.record(record);
    await until(() => received.length === 3);
    expect(received.map(({ body }) => JSON.parse(body) as unknown)).toEqual([record, record, record]);
    expect(received[0]?.headers["content-type"]).toBe("application/json");
  });

  it("is given up after the fourth try, and that is told (1)", async () => {
    const told: string[] = [];
    const url = await server(500, 500, 500, 500);
    const destination = httpDestination(url, { clockFactor: 0.001, undelivered: (one) => told.push(one) });
    destination.record(record);
    await until(() => told.length === 1);
    expect(told[0]).toBe(`${url.href} did not take a message after 4 tries: status 500`);
    expect(received.length).toBe(4);
  });

  it("has an end of what may be on its way (2)", async () => {
    const told: string[] = [];
    const destination = httpDestination(new URL("http://127.0.0.1:1/"), {
      undelivered: (one) => told.push(one),
    });
    for (let i = 0; i < 1001; i += 1) destination.record(record);
    expect(told).toEqual(["http://127.0.0.1:1/ has 1000 messages to take"]);
    destination.close();
  });

  it("gets dead letters as they were, with their attributes as headers", async () => {
    const destination = httpDestination(await server());
    const answer = { requestId: "r", payload: Buffer.from(`{"errorMessage":"nö\\nno"}`) };
    const failed = {
      condition: "RetriesExhausted",
      requestId: "r",
      payload: Buffer.from(`{"a": 1}`),
      attempts: 3,
    } as const;
    destination.letter(deadLetterOf({ ...failed, answer }));
    await until(() => received.length === 1);
    expect(received[0]?.body).toBe(`{"a": 1}`);
    const { requestid, errorcode, errormessage } = received[0]?.headers ?? {};
    expect({ requestid, errorcode }).toEqual({ requestid: "r", errorcode: "200" });
    expect(Buffer.from(String(errormessage), "latin1").toString()).toBe("nö no");
  });
});

describe("deadLetterOf", () => {
  const outcome = {
    condition: "EventAgeExceeded",
    requestId: "r",
    payload: Buffer.from("1"),
    attempts: 0,
  } as const;
  it("knows who never reached the function, and keeps the message short", () => {
    expect(deadLetterOf({ ...outcome, answer: undefined })).toMatchObject({ errorCode: 429 });
    const payload = Buffer.from(JSON.stringify({ errorMessage: "é".repeat(2000) }));
    const { errorMessage } = deadLetterOf({ ...outcome, answer: { requestId: "r", payload } });
    expect(Buffer.byteLength(errorMessage)).toBeLessThanOrEqual(1024);
    expect(errorMessage).toMatch(/^é+$/);
  });
});
