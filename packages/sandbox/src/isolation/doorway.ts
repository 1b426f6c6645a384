/**
 * The way between this process and an environment's own network: the listening socket of the Runtime API, made in
 * there and handed over, so that this process accepts and serves its connections itself, without a relay; and
 * connections to ports in there. A helper does both, which is Node, because Node's own channel between parent and
 * child is the only way in which Node takes a socket from outside.
 *
 *  (1) The helper has the environment's network and nothing else of it; it ends with this process.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { type Server, type Socket, connect } from "node:net";
import { join } from "node:path";
import { programOf } from "./isolation.ts";

export interface Doorway {
  /** Takes the connections to 127.0.0.1:9001 in there. */
  readonly accepted: (take: (socket: Socket) => void) => void;
  /** To a port of 127.0.0.1 in there. A port where nobody listens closes the connection, it does not refuse it. */
  readonly dial: (port: number) => Socket;
  close(): void;
}

/** `enter` are the arguments of `nsenter`; the helper listens on a socket in `directory`. */
export async function openDoorway(enter: readonly string[], directory: string): Promise<Doorway> {
  const path = join(directory, "doorway");
  const child = spawn(
    programOf("nsenter") ?? "nsenter",
    [...enter, process.execPath, "--max-semi-space-size=1", "-e", script, path],
    {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      env: {},
    },
  );
  child.unref();
  const server = await firstServer(child);
  child.channel?.unref();
  return {
    accepted: (take) => void server.on("connection", take),
    dial(port) {
      const socket = connect(path);
      socket.setNoDelay(true);
      socket.write(`${port}\n`);
      return socket;
    },
    close() {
      child.kill("SIGKILL");
      server.close();
    },
  };
}

function firstServer(child: ChildProcess): Promise<Server> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status) =>
      reject(new Error(`The helper in the environment's network ended with ${status}`)),
    );
    child.once("message", (_, server) => resolve(server as Server));
  });
}

const script = `
const net = require("node:net");
process.on("disconnect", () => process.exit());
const relay = net.createServer((outer) => {
  outer.on("error", () => outer.destroy());
  outer.once("data", (head) => {
    const end = head.indexOf(10);
    const inner = net.connect({ port: Number(head.subarray(0, end)), host: "127.0.0.1", noDelay: true });
    inner.on("error", () => outer.destroy());
    outer.on("close", () => inner.destroy());
    if (end + 1 < head.length) inner.write(head.subarray(end + 1));
    outer.pipe(inner).pipe(outer);
  });
});
relay.listen(process.argv[1], () => {
  const api = net.createServer();
  api.listen(9001, "127.0.0.1", () => process.send("api", api, () => api.close()));
});
`;
