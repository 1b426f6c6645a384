import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { likelyCommand } from "./likely-command.ts";

const likely = (files: Readonly<Record<string, string>>): string => {
  const directory = mkdtempSync(join(tmpdir(), "anylambda-likely-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return likelyCommand(directory);
};
const started = (start: unknown): string =>
  likely({ "package.json": JSON.stringify({ scripts: { start } }) });

it("is guessed from what lies in the directory", () => {
  expect(started("node dist/server.js --quiet")).toBe("-- node dist/server.js --quiet");
  expect(started("NODE_ENV=production next start")).toBe("-- npm start");
  expect(started(5)).toBe("-- node server.js");
  expect(likely({ "package.json": "{" })).toBe("-- node server.js");
  expect(likely({ "main.py": "", "app.py": "" })).toBe("-- python app.py");
  expect(likely({ "go.mod": "" })).toBe("-- ./app, after go build -o app .");
  expect(likely({ "shop.jar": "" })).toBe("-- java -jar shop.jar");
  expect(likely({ "index.php": "" })).toBe("--app-port 8080 -- php -S 127.0.0.1:8080");
  expect(likely({})).toBe("-- node server.js");
  expect(likelyCommand("/nowhere/at/all")).toBe("-- node server.js");
});
