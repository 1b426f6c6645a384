// Node keeps a buffer of random bytes for UUIDs: it is in the snapshot, and every copy draws the same ones from it.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";

// Fills the buffer, as any app does that logs or traces its start.
console.log(`starting ${randomUUID()}`);
createServer((request, response) => {
  response.end(JSON.stringify({ order: request.url === "/order" ? randomUUID() : undefined }));
}).listen(Number(process.env.PORT), "127.0.0.1");
