// A key that is read at init lies in the memory of the snapshot, and with it wherever the image lies.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const key = readFileSync(process.env.KEY_FILE, "utf8").trim();
createServer((_, response) => {
  response.end(`signed with a key of ${key.length} characters`);
}).listen(Number(process.env.PORT), "127.0.0.1");
