// What is open for writing lies in /tmp, which each copy has for itself.
import { openSync, writeSync } from "node:fs";
import { createServer } from "node:http";

const journal = openSync("/tmp/journal", "w");
createServer((request, response) => {
  if (request.url === "/order") writeSync(journal, "ordered\n");
  response.end("thank you");
}).listen(Number(process.env.PORT), "127.0.0.1");
