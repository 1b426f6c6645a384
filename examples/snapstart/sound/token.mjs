// The same with a look at the clock before each use.
import { createServer } from "node:http";

const fetchToken = () => ({ audience: "shop", expiresAt: Date.now() + 6000 });
let token = fetchToken();
createServer((_, response) => {
  if (Date.now() > token.expiresAt) token = fetchToken();
  response.end(`orders of ${token.audience}`);
}).listen(Number(process.env.PORT), "127.0.0.1");
