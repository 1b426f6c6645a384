// A Runtime API that is killed and comes again (adapter-kills.mjs). It is told of invocations, hands them out, and tells
// what is posted for them; what it has handed out and heard nothing of it hands out again, as Lambda's does
// (spec environment.md 1.3).
import { createServer } from "node:http";
import { say, serveWhenTold } from "../lib/revived.mjs";

/** Longer than any invocation here takes. Several side by side cannot be told apart by who asks. */
const redeliverMs = 2000;

const open = new Map();
let queue = [];
let parked = [];
let isSequential = true;

const server = createServer((request, response) => {
  if (request.url.endsWith("/invocation/next")) {
    if (isSequential) for (const one of open.values()) if (one.delivered !== undefined) requeue(one);
    parked.push(response);
    return deliver();
  }
  if (request.url.endsWith("/event/next")) return;
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    if (request.url.endsWith("/register")) response.setHeader("lambda-extension-identifier", "kills");
    else response.statusCode = settle(request, Buffer.concat(pieces)) ? 202 : 400;
    response.end('{"status":"OK"}\n');
  });
});
server.keepAliveTimeout = 0;

function settle({ url, headers, trailers }, body) {
  const [, id, kind] = /invocation\/(.+)\/(response|error)$/.exec(url) ?? [];
  if (!open.delete(id)) return false;
  queue = queue.filter((one) => one.id !== id);
  say({ type: "outcome", id, kind, body: body.toString("base64"), headers, trailers });
  return true;
}

function requeue(one) {
  delete one.delivered;
  if (!queue.includes(one)) queue.unshift(one);
}

function deliver() {
  parked = parked.filter((response) => response.socket?.destroyed === false);
  while (queue.length > 0 && parked.length > 0) {
    const one = queue.shift();
    one.delivered = performance.now();
    const response = parked.shift();
    response.writeHead(200, {
      "lambda-runtime-aws-request-id": one.id,
      "lambda-runtime-deadline-ms": String(Date.now() + 60_000),
      "lambda-runtime-invoked-function-arn": "arn:aws:lambda:us-east-1:123456789012:function:kills",
    });
    response.end(one.event);
  }
}

setInterval(() => {
  for (const one of open.values())
    if (one.delivered !== undefined && performance.now() - one.delivered > redeliverMs) requeue(one);
  deliver();
}, 250).unref();

serveWhenTold(server, (message) => {
  if (message.type === "mode") isSequential = message.isSequential;
  if (message.type !== "invoke") return;
  const one = { id: message.id, event: message.event };
  open.set(one.id, one);
  queue.push(one);
  deliver();
});
