// The connection is closed before the snapshot and opened again when it is needed: the hook is a route of the app.
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";

let database;

async function connected() {
  if (database === undefined) {
    database = connect(Number(process.env.DB_PORT), "127.0.0.1");
    await once(database, "connect");
  }
  return database;
}

async function ask(question) {
  const socket = await connected();
  socket.write(`${question}\n`);
  const [answer] = await once(socket, "data");
  return String(answer).trim();
}

await connected();
createServer(async (request, response) => {
  if (request.url === "/hooks/before") {
    database.end();
    await once(database, "close");
    database = undefined;
  }
  response.end(request.url === "/order" ? await ask("how many") : "up");
}).listen(Number(process.env.PORT), "127.0.0.1");
