// Drawn from the kernel, which knows of no snapshot. Neither `randomUUID({ disableEntropyCache: true })` nor `randomBytes`
// does that: OpenSSL's own generator is in the snapshot too.
import { openSync, readSync } from "node:fs";
import { createServer } from "node:http";

const kernel = openSync("/dev/urandom");

function newId() {
  const bytes = Buffer.alloc(16);
  readSync(kernel, bytes);
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

console.log(`starting ${newId()}`);
createServer((request, response) => {
  response.end(JSON.stringify({ order: request.url === "/order" ? newId() : undefined }));
}).listen(Number(process.env.PORT), "127.0.0.1");
