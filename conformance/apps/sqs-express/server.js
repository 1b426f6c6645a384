// LWA's example of an Express app that gets the messages of a queue: its settings, its path, its answer.
import { createRequire } from "node:module";

// The example next door has installed it.
const require = createRequire(new URL("../../../examples/express/package.json", import.meta.url));
const express = require("express");

const app = express();
app.use(express.json());

app.post("/events", (request, response) => {
  const failed = request.body.Records.filter(({ body }) => body.startsWith("fail"));
  if (failed.some(({ body }) => body === "fail hard")) {
    response.status(500).json({ error: "out of order" });
  } else if (failed.length > 0) {
    response.json({ batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) });
  } else {
    response.json("success");
  }
});

const server = app.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => {
  console.log(`Listening on http://127.0.0.1:${server.address().port}/`);
});
