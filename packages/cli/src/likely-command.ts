/** How the app of a directory is probably started: for a hint, never to be run by itself. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** What is typed behind `anylambda dev`; `node server.js` where nothing tells. */
export function likelyCommand(directory: string): string {
  let names: readonly string[];
  try {
    names = readdirSync(directory);
  } catch {
    names = [];
  }
  const has = (name: string): boolean => names.includes(name);
  if (has("package.json")) return `-- ${startOf(join(directory, "package.json")) ?? "node server.js"}`;
  const python = ["app.py", "main.py", "server.py"].find(has);
  if (python !== undefined) return `-- python ${python}`;
  if (has("go.mod")) return "-- ./app, after go build -o app .";
  if (has("Cargo.toml")) return "-- target/release/NAME, after cargo build --release";
  const jar = names.find((name) => name.endsWith(".jar"));
  if (jar !== undefined) return `-- java -jar ${jar}`;
  if (has("index.php")) return "--app-port 8080 -- php -S 127.0.0.1:8080";
  return "-- node server.js";
}

/** The start script, where it is a program with its arguments and needs no shell. */
function startOf(file: string): string | undefined {
  try {
    const { scripts } = JSON.parse(readFileSync(file, "utf8")) as { scripts?: { start?: unknown } };
    const start = scripts?.start;
    if (typeof start !== "string" || start === "") return undefined;
    // npm finds programs of node_modules, and gives the rest to a shell.
    return /^(node|deno|bun) [\w./ =-]+$/.test(start) ? start : "npm start";
  } catch {
    return undefined;
  }
}
