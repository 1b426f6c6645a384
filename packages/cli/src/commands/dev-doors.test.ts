import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { doorNames } from "../doors.ts";
import { run, start, stopAll } from "../testing/command.ts";

afterAll(stopAll);

interface Listening {
  readonly url: string;
  readonly doors: readonly { readonly door: string; readonly url: string }[];
}

const app = ["--", "node", "app.mjs"];

describe("anylambda dev --door", () => {
  it("opens every door that there is, at once, on one function, and lists them", async () => {
    const asked = doorNames.flatMap((name) => ["--door", `${name}:0`]);
    const dev = start(["dev", "--json", ...asked, ...app]);
    const [line] = await dev.saying(/^\{.*"type":"listening".*\}$/m);
    const { doors, url } = JSON.parse(line) as Listening;
    expect(doors.map(({ door }) => door)).toEqual(doorNames);
    expect(url).toBe(doors[0]?.url);
    for (const { door, url } of doors.filter(({ door }) => door !== "websocket")) {
      const response = await fetch(new URL(`door/${door}`, url));
      expect([door, response.status, await response.text()]).toEqual([door, 200, '{"hello":"world"}']);
      await dev.saying(new RegExp(`app got GET /door/${door}"`));
    }
    expect(doors.at(-1)?.url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/prod$/);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
  });

  it("takes --port for the first, and does without a Function URL", async () => {
    const dev = start(["dev", "--port", "0", "--door", "alb", "--door", "rest", ...app]);
    const [, alb, rest] = await dev.saying(
      /(http:\/\/127\.0\.0\.1:\d+\/) {7}alb {11}Ctrl-C ends it\n {2}(http:\/\/127\.0\.0\.1:\d+\/prod\/) {2}rest\n/,
    );
    expect((await fetch(alb ?? "")).headers.get("server")).toBe("awselb/2.0");
    expect((await fetch(rest ?? "")).headers.has("x-amz-apigw-id")).toBe(true);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
  });

  it("says which door's port it cannot have, before the app is started", async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as AddressInfo;
    const { code, stdout, stderr } = await run(["dev", "--door", `rest:${port}`, ...app]);
    server.close();
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("(--door");
  });

  it("brings an app's own answers and pushes to a WebSocket client (10.4)", async () => {
    const variable = "ANYLAMBDA_WEBSOCKET_PATH=/ws";
    const args = ["--json", "--adapter", "node", "--door", "websocket:0", "-e", variable];
    const dev = start(["dev", ...args, "--", "node", "chat.mjs"]);
    const [line] = await dev.saying(/^\{.*"type":"listening".*\}$/m);
    const socket = new WebSocket((JSON.parse(line) as Listening).url);
    const received: string[] = [];
    socket.on("message", (data: Buffer) => received.push(data.toString()));
    await once(socket, "open");
    await dev.saying(/app got POST \/ws\/connect /);
    socket.send("žába");
    await expect.poll(() => received, { timeout: 10_000 }).toEqual(["pushed to $default", "žába, 200"]);
    socket.close();
    await dev.saying(/app got POST \/ws\/disconnect /);
    dev.signal("SIGINT");
    const { code, stdout } = await dev.result;
    expect([code, stdout]).toEqual([0, expect.not.stringContaining('"type":"warning"')]);
  });

  it("says where a WebSocket API's events go when the adapter passes them through", async () => {
    const dev = start(["dev", "--door", "websocket:0", ...app]);
    await dev.saying(/Ctrl-C/);
    dev.signal("SIGINT");
    expect((await dev.result).stderr).toMatch(
      /^warning: .*\/events as they are.*ANYLAMBDA_WEBSOCKET_PATH=\/ws/,
    );
  });
});
