import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import cookieParser from "cookie-parser";
import express from "express";
import multer from "multer";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { version } = JSON.parse(readFileSync(new URL(import.meta.resolve("express/package.json")), "utf8"));
const page = readFileSync(here("index.html"), "utf8")
  .replaceAll("{{framework}}", `Express ${version}`)
  .replaceAll("{{runtime}}", `Node.js ${process.version}`);

const upload = multer({ limits: { fileSize: 20 * 1024 * 1024 }, defParamCharset: "utf8" });
const anyBody = express.raw({ type: () => true, limit: "20mb" });

export function createApp() {
  const app = express();
  app.disable("x-powered-by");
  app.use(logRequests);
  app.use(cookieParser());
  app.use(express.static(here("public"), { index: false }));

  app.get("/", (_request, response) => {
    response.type("html").send(page);
  });

  app.get("/json", (_request, response) => {
    response.json({
      shop: "Příliš žluťoučký kůň",
      address: { street: "Große Straße 7", city: "東京", tags: ["ünïcödé", "🌍", 'q"uote', "back\\slash"] },
      open: { monday: [9.5, 18], sunday: null },
      stock: 12345678901,
      nested: { deeper: { still: { empty: {}, list: [[], [1, [2]]] } } },
    });
  });
  app.post("/json", express.json({ limit: "5mb", strict: false }), (request, response) => {
    response.json({ received: request.body ?? null });
  });

  app
    .route("/products/:id")
    .get((request, response) => {
      response.json({ id: request.params.id, ...queryOf(request) });
    })
    .put(express.json(), (request, response) => {
      response.json({ id: request.params.id, saved: request.body ?? null });
    })
    .patch(express.json(), (request, response) => {
      response.json({ id: request.params.id, changed: request.body ?? null });
    })
    .delete((_request, response) => {
      response.status(204).end();
    });

  app.post("/form", express.text({ type: "application/x-www-form-urlencoded" }), (request, response) => {
    response.json({ fields: [...new URLSearchParams(request.body ?? "")] });
  });

  app.post("/upload", upload.single("file"), (request, response) => {
    const { file } = request;
    if (file === undefined) {
      response.status(400).json({ error: 'Send one file in the field "file"' });
      return;
    }
    response.json({
      name: file.originalname,
      type: file.mimetype,
      size: file.size,
      sha256: createHash("sha256").update(file.buffer).digest("hex"),
      note: request.body.note ?? null,
    });
  });

  app.post("/raw", anyBody, (request, response) => {
    // Not `response.set`: it would add a charset to the content type.
    response.setHeader("Content-Type", request.get("content-type") ?? "application/octet-stream");
    response.end(request.body ?? "");
  });

  app.get("/redirect", (_request, response) => {
    response.redirect("/");
  });

  app.post("/login", express.urlencoded(), (request, response) => {
    response.cookie("user", request.body?.name || "stranger", { httpOnly: true, sameSite: "lax" });
    response.cookie("theme", "dusk", { expires: new Date("2038-01-19T03:14:07Z") });
    response.redirect(303, "/me");
  });
  app.get("/me", (request, response) => {
    response.json({ cookies: request.cookies });
  });

  app.get("/text", (_request, response) => {
    response.type("text/plain").send("Grüße aus Köln, žluťoučký kůň, 東京, 🌍\n");
  });
  app.get("/latin1", (_request, response) => {
    response.type("text/plain; charset=iso-8859-1").send(Buffer.from("Grüße aus Köln: ½ £ ÿ\n", "latin1"));
  });

  app.get("/headers", (request, response) => {
    response.json({ headers: request.headers });
  });
  app.get("/vary", (_request, response) => {
    response.append("Link", '</picture.png>; rel="preload"; as="image"');
    response.append("Link", '</me>; rel="next"; title="who, me?"');
    response.append("Vary", "Accept-Language");
    response.append("Vary", "Cookie");
    response.json({ varies: true });
  });

  app.get("/empty", (_request, response) => {
    response.status(204).end();
  });
  app.get("/teapot", (_request, response) => {
    response.status(418).json({ error: "I'm a teapot", brew: "Earl Grey" });
  });
  app.get("/error", () => {
    throw new Error("This route always fails");
  });
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 answers 500 when the promise is rejected.
  app.get("/slow", async (request, response) => {
    const ms = Math.min(Math.max(Number(request.query.ms) || 0, 0), 10_000);
    await sleep(ms);
    response.json({ waited: ms });
  });

  return app;
}

/** The query as it was sent, and its pairs in the order they came. */
function queryOf(request) {
  const question = request.originalUrl.indexOf("?");
  const raw = question === -1 ? "" : request.originalUrl.slice(question + 1);
  return { query: [...new URLSearchParams(raw)], raw };
}

function logRequests(request, response, next) {
  const begin = performance.now();
  response.on("close", () => {
    const ms = (performance.now() - begin).toFixed(1);
    console.log(`${request.method} ${request.originalUrl} ${response.statusCode} ${ms} ms`);
  });
  next();
}
