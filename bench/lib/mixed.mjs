// Invocations of mixed doors and sizes, failures and streams among them.
import { createHash } from "node:crypto";
import { brotliDecompressSync } from "node:zlib";
import { content } from "./content.mjs";

const doors = [
  "url",
  "url",
  "http2",
  "rest",
  "http1",
  "alb",
  "alb-multi",
  "lattice1",
  "lattice2",
  "sqs",
  "direct",
];
/**
 * Makes invocations: each has an event, and what must come of it. `planned.mjs` is the app that they are for. The adapter
 * `streams` and compresses, or has no settings at all.
 */
export function mixedInvocations(random, streams = true) {
  const upTo = (n) => random() % n;
  const chance = (percent) => upTo(100) < percent;
  // First the largest of each door, in both directions at once: a process keeps what its largest bodies took.
  const largest = [...new Set(doors)].flatMap((door) => [door, door, door]);
  return () => {
    const door = largest.pop();
    return door === undefined
      ? plan(upTo, chance, doors[upTo(doors.length)], sizeOf, streams)
      : plan(
          upTo,
          () => false,
          door,
          () => MAX_BYTES,
          streams,
        );
  };
}

function plan(upTo, chance, door, sizeOf, streams) {
  const isEvent = door === "sqs" || door === "direct";
  if (chance(1)) return { door, event: '{"no": json', expected: "Adapter.InvalidEvent" };
  const request = content({ size: sizeOf(upTo), from: upTo(1 << 20), text: chance(50) });
  const answer = {
    status: [200, 200, 200, 201, 404, 500][upTo(6)],
    size: sizeOf(upTo),
    from: upTo(1 << 20),
    text: chance(50),
    how: chance(2) ? ["hang up", "cut"][upTo(2)] : ["whole", "chunked"][upTo(2)],
    close: chance(5),
  };
  // A load balancer's limit of 1 MB is met on either side of where it lies.
  const isAlb = door.startsWith("alb");
  const tooLarge = isAlb && !answer.text && answer.size > 700_000;
  if (tooLarge) answer.size = Math.max(answer.size, 800_000);
  const compressed = !isEvent && answer.how !== "cut" && answer.size < 20_000 && chance(20);
  const json = JSON.stringify(answer);
  const streamed = streams && (door === "url" || door === "rest");
  let expected;
  if (answer.how === "hang up" || (answer.how === "cut" && !streamed))
    expected = "Adapter.AppClosedConnection";
  else if (answer.how === "cut") expected = "cut stream";
  else if (isEvent && answer.status === 500) expected = "Adapter.AppErrorStatus";
  else if (tooLarge) expected = "Adapter.ResponseTooLarge";
  // What has to be encoded goes another way than what stands as it is.
  const path = chance(50) ? "/soak/é" : "/soak/e";
  const event = JSON.stringify(eventOf(door, path, json, request, compressed));
  return { door, event, request, plan: answer, expected, streamed };
}

const MAX_BYTES = 1_000_000;

/** Mostly small, as requests are. */
function sizeOf(upTo) {
  const dice = upTo(1000);
  if (dice < 200) return 0;
  if (dice < 550) return upTo(200);
  if (dice < 850) return upTo(8_000);
  if (dice < 970) return upTo(64_000);
  return dice < 995 ? upTo(256_000) : upTo(MAX_BYTES);
}

function eventOf(door, path, planJson, request, compressed) {
  const headers = {
    host: "soak.example",
    "x-plan": planJson,
    cookie: "a=1; b=2",
    ...(compressed && { "accept-encoding": "gzip, br" }),
  };
  const multi = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  const payload = { body: request.toString("base64"), isBase64Encoded: true };
  const query = "a=1&b=%26";
  switch (door) {
    case "url":
    case "http2": {
      const domainName =
        door === "url" ? "x.lambda-url.us-east-1.on.aws" : "x.execute-api.us-east-1.amazonaws.com";
      const http = { method: "POST", path, protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "soak" };
      const requestContext = { accountId: "123456789012", domainName, http, stage: "$default" };
      return { version: "2.0", rawPath: path, rawQueryString: query, headers, requestContext, ...payload };
    }
    case "rest":
    case "http1": {
      const requestContext = { httpMethod: "POST", resourcePath: "/{proxy+}", stage: "test", identity: {} };
      const own = door === "rest" ? {} : { version: "1.0" };
      const maps = { headers, multiValueHeaders: multi, queryStringParameters: { a: "1" } };
      return { ...own, resource: "/{proxy+}", path, httpMethod: "POST", ...maps, requestContext, ...payload };
    }
    case "alb":
      return { requestContext: { elb: {} }, httpMethod: "POST", path, headers, ...payload };
    case "alb-multi":
      return { requestContext: { elb: {} }, httpMethod: "POST", path, multiValueHeaders: multi, ...payload };
    case "lattice1":
      return { raw_path: path, method: "POST", headers, body: payload.body, is_base64_encoded: true };
    case "lattice2": {
      const requestContext = { serviceArn: "arn:aws:vpc-lattice:x" };
      return { version: "2.0", path, method: "POST", headers: multi, requestContext, ...payload };
    }
    case "sqs":
      return { Records: [{ eventSource: "aws:sqs", body: payload.body }], plan: planJson };
    default:
      return { plan: planJson, data: payload.body };
  }
}

/** What is wrong with the outcome; `undefined` when nothing is. */
export function faultOf({ door, event, request, plan: answer, expected, streamed }, outcome) {
  const { kind, body, headers, trailers } = outcome;
  if (expected !== undefined && expected !== "cut stream") {
    const type = headers["lambda-runtime-function-error-type"];
    return kind === "error" && type === expected ? undefined : `${kind} ${type} instead of ${expected}`;
  }
  if (kind !== "response") return `failed: ${body.toString("utf8", 0, 300)}`;
  if (door === "sqs" || door === "direct") {
    const { sha, own } = JSON.parse(body);
    if (sha !== shaOf(event)) return "the app got another event";
    return sameBytes(Buffer.from(own, "base64"), content(answer));
  }
  const { status, received, encoding, bytes } = streamed ? readStream(body) : readAnswer(body);
  const trailer = trailers["lambda-runtime-function-error-type"];
  const ended = expected === "cut stream" ? "Adapter.AppClosedConnection" : undefined;
  if (trailer !== ended) return `trailer ${trailer} instead of ${ended}`;
  if (status !== answer.status) return `status ${status}`;
  if (received !== shaOf(request)) return "the app got another body";
  const plain = encoding === "br" ? brotliDecompressSync(bytes) : bytes;
  return sameBytes(plain, content(answer));
}

function readStream(body) {
  const at = body.indexOf(0);
  const { statusCode, headers, multiValueHeaders } = JSON.parse(body.subarray(0, at));
  return { status: statusCode, ...fieldsOf(headers, multiValueHeaders), bytes: body.subarray(at + 8) };
}

function readAnswer(json) {
  const { statusCode, headers, multiValueHeaders, body, isBase64Encoded } = JSON.parse(json);
  const bytes = Buffer.from(body, isBase64Encoded ? "base64" : "utf8");
  return { status: statusCode, ...fieldsOf(headers, multiValueHeaders), bytes };
}

function fieldsOf(headers, multiValueHeaders) {
  const valueOf = (name) => headers?.[name] ?? multiValueHeaders?.[name]?.[0];
  return { received: valueOf("x-received"), encoding: valueOf("content-encoding") };
}

function sameBytes(got, wanted) {
  return shaOf(got) === shaOf(wanted) ? undefined : `${got.length} other bytes instead of ${wanted.length}`;
}

function shaOf(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
