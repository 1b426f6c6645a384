// A token fetched at init is old when the copy is restored, hours or days later.
import { createServer } from "node:http";

const fetchToken = () => ({ audience: "shop", expiresAt: Date.now() + 6000 });
const token = fetchToken();
createServer((request, response) => {
  const expired = Date.now() > token.expiresAt;
  response.statusCode = request.url === "/order" && expired ? 401 : 200;
  response.end(response.statusCode === 401 ? "the shop's token has expired" : `orders of ${token.audience}`);
}).listen(Number(process.env.PORT), "127.0.0.1");
