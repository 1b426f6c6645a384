import { once } from "node:events";
import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { certificateOf, ownFiles } from "../certificate.ts";
import { fixtures, run, start, stopAll } from "../testing/command.ts";

afterEach(stopAll);

const place = (): string => mkdtempSync(join(tmpdir(), "anylambda-tls-"));
const app = ["--", "node", "app.mjs"];

/** Status and body; the certificate is checked against this one. */
function ask(url: string, ca: string): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ca }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve([response.statusCode ?? 0, text]));
    });
    sent.on("error", reject).end();
  });
}

interface Listening {
  readonly doors: readonly { readonly door: string; readonly url: string }[];
}

describe("anylambda dev --tls", () => {
  it("opens its doors with a certificate that it makes, keeps, and names", async () => {
    const variables = { XDG_CACHE_HOME: place() };
    const { cert, key } = ownFiles(variables);
    const args = ["--tls", "--json", "--door", "function-url:0", "--door", "rest", ...app];
    for (const _ of ["made", "kept"]) {
      const dev = start(["dev", ...args], { variables });
      const [line] = await dev.saying(/^\{.*"type":"listening".*\}$/m);
      const ca = readFileSync(cert, "utf8");
      const [url, rest] = (JSON.parse(line) as Listening).doors.map((door) => door.url);
      expect(await ask(url ?? "", ca)).toEqual([200, `{"hello":"world"}`]);
      expect(await ask(`${(rest ?? "").replace("127.0.0.1", "localhost")}x`, ca)).toEqual([
        200,
        `{"hello":"world"}`,
      ]);
      await dev.saying(
        /"type":"warning".*has a certificate that this machine has made for itself.*localhost\.pem/,
      );
      dev.signal("SIGINT");
      const { code, stdout, stderr } = await dev.result;
      expect(code).toBe(0);
      expect(stdout + stderr).not.toContain("PRIVATE KEY");
      expect(readFileSync(cert, "utf8")).toBe(ca);
    }
    expect(statSync(key).mode & 0o777).toBe(0o600);
  });

  it("brings an app's pushes, which know nothing of certificates, to a client of wss:// (10.4)", async () => {
    const variables = { XDG_CACHE_HOME: place() };
    const args = ["--tls", "--json", "--door", "websocket:0", "-e", "ANYLAMBDA_WEBSOCKET_PATH=/ws"];
    const dev = start(["dev", ...args, "--", "node", "chat.mjs"], { variables });
    const [, url = ""] = await dev.saying(/"type":"listening".*"url":"(wss:[^"]+)"/);
    const socket = new WebSocket(url, { ca: readFileSync(ownFiles(variables).cert, "utf8") });
    const received: string[] = [];
    socket.on("message", (data: Buffer) => received.push(data.toString()));
    await once(socket, "open");
    socket.send("žába");
    await expect.poll(() => received, { timeout: 10_000 }).toEqual(["pushed to $default", "žába, 200"]);
    socket.close();
    await dev.saying(/app got POST \/ws\/disconnect /);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
  });

  it("takes the user's own, and tells the app that it was TLS", async () => {
    const directory = place();
    const made = await certificateOf("own", { XDG_CACHE_HOME: directory });
    const [cert, key] = [join(directory, "c.pem"), join(directory, "k.pem")];
    writeFileSync(cert, made.cert);
    writeFileSync(key, made.key);
    const program = `require("node:http").createServer((q, s) => s.end(q.headers["x-forwarded-proto"])).listen(process.env.PORT)`;
    const args = ["--json", "--port", "0", "--tls-cert", cert, "--tls-key", key, "--", "node", "-e", program];
    const dev = start(["dev", ...args]);
    const [, url = ""] = await dev.saying(/"type":"listening".*"url":"(https[^"]+)"/);
    expect(await ask(url, made.cert)).toEqual([200, "https"]);
    dev.signal("SIGINT");
    expect((await dev.result).stdout).not.toContain("made for itself");
  });

  it("is a matter of each door in a file, and of its own files", async () => {
    const directory = place();
    const variables = { XDG_CACHE_HOME: directory };
    const made = await certificateOf("own", variables);
    writeFileSync(join(directory, "c.pem"), made.cert);
    writeFileSync(join(directory, "k.pem"), made.key);
    writeFileSync(
      join(directory, "anylambda.yaml"),
      `functions:
  app:
    command: node app.mjs
    code: ${fixtures}
    doors:
      - { type: function-url, tls: true }
      - { type: http-api, tls: { cert: c.pem, key: k.pem } }
      - { type: alb, tls: false }
      - rest
`,
    );
    const dev = start(["dev", "--json", "--port", "0"], { cwd: directory, variables });
    const [line] = await dev.saying(/^\{.*"type":"listening".*\}$/m);
    const { doors } = JSON.parse(line) as Listening;
    expect(doors.map(({ url }) => new URL(url).protocol)).toEqual(["https:", "https:", "http:", "http:"]);
    expect(await ask(doors[1]?.url ?? "", made.cert)).toEqual([200, `{"hello":"world"}`]);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
  });

  it("says what is wrong before the app is started", async () => {
    const alone = await run(["dev", "--tls-cert", "c.pem", ...app]);
    expect([alone.code, alone.stdout]).toEqual([1, ""]);
    expect(alone.stderr).toContain("--tls-cert alone is not enough");
    const missing = await run([
      "dev",
      "-p",
      "0",
      "--tls-cert",
      "/no/c.pem",
      "--tls-key",
      "/no/k.pem",
      ...app,
    ]);
    expect([missing.code, missing.stdout]).toEqual([1, ""]);
    expect(missing.stderr).toContain("There is no file /no/c.pem");
  });
});
