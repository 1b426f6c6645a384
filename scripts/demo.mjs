// `npm run demo`: the Express example behind a local Lambda. With `--once` it asks itself one request, shows what
// came back and what Lambda reported, and ends. Other arguments go to `anylambda dev`.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root, setUp } from "./setup.mjs";

const once = process.argv.includes("--once");
const rest = process.argv.slice(2).filter((argument) => argument !== "--once");
setUp();

const command = join(root, "packages", "cli", "dist", "bundle", "anylambda.mjs");
const app = { cwd: join(root, "examples", "express"), command: ["--", "node", "server.js"] };

if (once) {
  await askOnce();
} else {
  console.error("The Express app of examples/express, behind a local Lambda. Ctrl-C ends it.\n");
  const child = spawn(process.execPath, [command, "dev", ...rest, ...app.command], {
    cwd: app.cwd,
    stdio: "inherit",
  });
  // Ctrl-C reaches the child too; this process only waits for it to put things away.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code) => process.exit(code ?? 1));
}

async function askOnce() {
  const child = spawn(process.execPath, [command, "dev", "--port", "0", "--json", ...rest, ...app.command], {
    cwd: app.cwd,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  let answered = false;
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line);
    if (event.type === "listening") await ask(new URL("json", event.url));
    if (event.type !== "report") continue;
    answered = event.status === "success";
    console.log(`\n${event.text.trimEnd()}`);
    child.kill("SIGINT");
  }
  const code = await ended;
  if (answered && code === 0) return;
  console.error(`The demo did not end as it should: answered ${answered}, exit code ${code}.`);
  process.exit(1);
}

async function ask(url) {
  const response = await fetch(url);
  console.log(`GET ${url}`);
  console.log(`HTTP/1.1 ${response.status} ${response.statusText}`);
  for (const [name, value] of response.headers) console.log(`${name}: ${value}`);
  console.log(`\n${await response.text()}`);
}
