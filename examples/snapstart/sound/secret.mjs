// The key is read when it is needed, after the restore.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

createServer((request, response) => {
  if (request.url !== "/order") return response.end("up");
  const key = readFileSync(process.env.KEY_FILE, "utf8").trim();
  return response.end(`signed with a key of ${key.length} characters`);
}).listen(Number(process.env.PORT), "127.0.0.1");
