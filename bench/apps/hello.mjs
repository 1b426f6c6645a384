// The smallest app: what is measured around it is not its own time.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  request.resume();
  response.setHeader("content-type", "text/plain");
  response.end("Hello from the app\n");
});
server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
