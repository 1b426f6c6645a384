// Answers as the request's plan says: which bytes, how they are sent, and whether it breaks off.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { content } from "../lib/content.mjs";
import { serveWhenTold } from "../lib/revived.mjs";

const server = createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => answer(request, Buffer.concat(pieces), response));
});
if (process.send === undefined) server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1");
else serveWhenTold(server);
process.on("SIGTERM", () => process.exit(0));

function answer(request, received, response) {
  if (request.url === "/") return response.end();
  const isEvent = request.url === "/events";
  const plan = JSON.parse(isEvent ? JSON.parse(received).plan : request.headers["x-plan"]);
  if (plan.how === "hang up") return request.socket.destroy();
  const sha = createHash("sha256").update(received).digest("hex");
  const own = content(plan);
  const body = isEvent ? Buffer.from(JSON.stringify({ sha, own: own.toString("base64") })) : own;
  response.writeHead(plan.status, {
    "content-type": plan.text ? "text/plain" : "application/x-noise",
    "x-received": sha,
    ...(plan.close && { connection: "close" }),
    ...(plan.how !== "chunked" && { "content-length": body.length + (plan.how === "cut" ? 1 : 0) }),
  });
  if (plan.how === "cut") return response.write(body, () => response.destroy());
  if (plan.how === "chunked") {
    const third = Math.ceil(body.length / 3);
    for (let at = 0; at < body.length; at += third) response.write(body.subarray(at, at + third));
    return response.end();
  }
  return response.end(body);
}
