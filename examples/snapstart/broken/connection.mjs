// A connection that was opened at init is dead in every copy: the database has never heard of them.
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";

const database = connect(Number(process.env.DB_PORT), "127.0.0.1");
database.on("error", () => undefined);
await once(database, "connect");

async function ask(question) {
  database.write(`${question}\n`);
  const [answer] = await once(database, "data", { signal: AbortSignal.timeout(2000) });
  return String(answer).trim();
}

createServer(async (request, response) => {
  try {
    response.end(request.url === "/order" ? await ask("how many") : "up");
  } catch {
    response.writeHead(500).end("the database does not answer");
  }
}).listen(Number(process.env.PORT), "127.0.0.1");
