// A file of its own outside /tmp, open for writing: read-only on Lambda, one for all copies here.
import { openSync, writeSync } from "node:fs";
import { createServer } from "node:http";

const journal = openSync(process.env.JOURNAL, "w");
createServer((request, response) => {
  if (request.url === "/order") writeSync(journal, "ordered\n");
  response.end("thank you");
}).listen(Number(process.env.PORT), "127.0.0.1");
