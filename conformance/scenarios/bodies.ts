/** Request bodies: from the event to the app. */
import type { Scenario, Topic } from "../harness/scenario.ts";
import { alb, doors, functionUrl, invoke, panics, rest } from "./events.ts";

const bytes = Uint8Array.from([0x00, 0x01, 0x02, 0xff, 0xfe, 0x89, 0x50, 0x4e, 0x47]);
const base64 = Buffer.from(bytes).toString("base64");

const ofAllDoors = doors.flatMap((door): Scenario[] => [
  {
    name: `${door.name}: JSON text arrives verbatim with its type`,
    ...(door.name === "ALB" && { pins: [11] }),
    invoke: invoke(
      door.event({
        method: "POST",
        headers: [["content-type", "application/json"]],
        body: '{"price": 1.50, "é": "🌍"}',
      }),
    ),
    app: { status: 201, headers: [["content-type", "text/plain"]], body: "JSON Created" },
    expect: {
      request: {
        line: "POST /",
        headers: { "content-type": "application/json" },
        body: '{"price": 1.50, "é": "🌍"}',
      },
      answer: { has: { statusCode: 201, body: "JSON Created" } },
    },
  },
  {
    name: `${door.name}: base64 arrives as the bytes it stands for`,
    ...(door.name === "ALB" && { pins: [11] }),
    invoke: invoke(
      door.event({ method: "PUT", headers: [["content-type", "image/png"]], body: base64, base64: true }),
    ),
    expect: { request: { line: "PUT /", headers: { "content-length": "9" }, body: bytes } },
  },
  {
    name: `${door.name}: a POST without a body arrives empty`,
    ...(door.name === "ALB" && { pins: [11] }),
    invoke: invoke(door.event({ method: "POST", body: door.name.startsWith("ALB") ? "" : null })),
    app: { status: 204 },
    expect: { request: { line: "POST /", body: "" }, answer: { has: { statusCode: 204, body: "" } } },
  },
  {
    name: `${door.name}: a GET with a body keeps it`,
    invoke: invoke(door.event({ body: "why not" })),
    expect: { request: { line: "GET /", body: "why not" } },
  },
  {
    name: `${door.name}: text that looks like base64 stays text`,
    invoke: invoke(door.event({ method: "POST", body: "aGVsbG8=", base64: false })),
    expect: { request: { body: "aGVsbG8=" } },
  },
  {
    name: `${door.name}: a body that says base64 and is not fails as an event`,
    faults: ["B3"],
    invoke: invoke(door.event({ method: "POST", body: "@@@", base64: true })),
    expect: { request: [], error: { type: "Adapter.InvalidEvent", message: /base64/ } },
    lwa: panics("Invalid base64 panics"),
  },
]);

const megabyte = "x".repeat(1024 * 1024);

const more: readonly Scenario[] = [
  {
    name: "Function URL: base64 without its padding is read all the same",
    faults: ["B3"],
    invoke: invoke(functionUrl({ method: "POST", body: "aGVsbG8", base64: true })),
    expect: { request: { body: "hello" } },
    lwa: panics("Base64 without padding panics"),
  },
  {
    name: "Function URL: a body of 5 MB arrives whole",
    invoke: invoke(functionUrl({ method: "POST", body: megabyte.repeat(5) })),
    expect: { request: { headers: { "content-length": String(5 * 1024 * 1024) }, body: megabyte.repeat(5) } },
  },
  {
    name: "REST API: JSON in base64, as with binary type */*, arrives as JSON",
    invoke: invoke(
      rest({
        method: "POST",
        headers: [["Content-Type", "application/json"]],
        body: "eyJhIjoxfQ==",
        base64: true,
      }),
    ),
    expect: { request: { headers: { "content-length": "7" }, body: '{"a":1}' } },
  },
  {
    name: "Function URL: an empty body that says base64 is empty",
    invoke: invoke(functionUrl({ method: "POST", body: "", base64: true })),
    expect: { request: { headers: { "content-length": "0" }, body: "" } },
  },
  {
    name: "ALB: a body that is null is empty",
    invoke: invoke(alb({ method: "POST", more: { body: null } })),
    expect: { request: { line: "POST /", body: "" } },
  },
  {
    name: "Function URL: a body that is an object arrives as its JSON",
    faults: ["B20"],
    invoke: invoke(functionUrl({ method: "POST", more: { body: { a: 1 } } })),
    expect: { request: { line: "POST /", body: '{"a":1}' } },
    lwa: {
      is: "fault",
      why: "The whole event is posted to /events in its place",
      sees: { request: { line: "POST /events" } },
    },
  },
];

export const bodiesTopic: Topic = { title: "Request bodies", scenarios: [...ofAllDoors, ...more] };
