/**
 * The two ways to a subscriber's listener (environment.md 3.2). Whatever host it named, it is the environment's
 * loopback: `sandbox.localdomain` is no name on a laptop.
 */
import http from "node:http";
import net from "node:net";
import type { Target } from "./subscription-request.ts";

/** A connection to a port on the environment's own localhost: on its way, or made when the promise resolves. */
export type Dial = (port: number) => net.Socket | Promise<net.Socket>;

/** One batch on its way. */
export interface Sending {
  /** Rejects when the listener did not take it. */
  readonly done: Promise<void>;
  /** Gives up; `done` rejects. */
  readonly cancel: () => void;
}

export interface Destination {
  /** Whether the listener says that it has a batch: waiting for an answer can have a limit then. */
  readonly acknowledges: boolean;
  /** At most one at a time. */
  send(batch: readonly string[]): Sending;
  /** Ends its connection. What is sent later makes another one. */
  close(): void;
}

export const dialLoopback: Dial = (port) => net.connect({ host: "127.0.0.1", port, noDelay: true });

/** Rejects when a TCP listener is not there; over HTTP that shows later, and is tried again then. */
export async function openDestination(target: Target, dial: Dial): Promise<Destination> {
  if (target.protocol === "HTTP") return httpDestination(target, dial);
  return tcpDestination(target.port, dial, await connected(await dial(target.port)));
}

/** For a listener that was there already: nothing is connected before something is sent. */
export function knownDestination(target: Target, dial: Dial): Destination {
  return target.protocol === "HTTP"
    ? httpDestination(target, dial)
    : tcpDestination(target.port, dial, undefined);
}

function httpDestination(
  { port, path, host }: Extract<Target, { readonly protocol: "HTTP" }>,
  dial: Dial,
): Destination {
  const agent = Object.assign(new http.Agent({ keepAlive: true, maxSockets: 1 }), {
    createConnection(_: object, made: (error: Error | null, socket?: net.Socket) => void) {
      const dialled = dial(port);
      if (dialled instanceof net.Socket) return dialled;
      dialled.then((socket) => made(null, socket), made);
      return undefined;
    },
  });
  return {
    acknowledges: true,
    send(batch) {
      const body = `[${batch.join(",")}]`;
      const headers = {
        Host: host,
        "Content-Type": "application/json",
        "Content-Length": Buffer.byteLength(body),
      };
      const request = http.request({ agent, port, method: "POST", path, headers });
      const done = new Promise<void>((resolve, reject) => {
        request.once("error", reject);
        request.once("response", (response) => {
          const { statusCode = 0 } = response;
          response.once("error", reject);
          response.resume();
          response.once("end", () => {
            if (statusCode >= 200 && statusCode < 300) resolve();
            else reject(new Error(`the listener answered ${statusCode}`));
          });
        });
      });
      request.end(body);
      return { done, cancel: () => request.destroy(new Error("the listener did not answer")) };
    },
    close: () => agent.destroy(),
  };
}

function tcpDestination(port: number, dial: Dial, first: net.Socket | undefined): Destination {
  let socket = first;
  const write = async (text: string): Promise<void> => {
    socket ??= await connected(await dial(port));
    const open = socket;
    let closed = (): void => undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        closed = () => reject(new Error("the listener closed the connection"));
        open.once("close", closed);
        open.write(text, (error) => (error == null ? resolve() : reject(error)));
      });
    } catch (error) {
      open.destroy();
      socket = undefined;
      throw error;
    } finally {
      open.off("close", closed);
    }
  };
  return {
    acknowledges: false,
    send(batch) {
      const done = write(`${batch.join("\n")}\n`);
      return { done, cancel: () => socket?.destroy() };
    },
    close() {
      socket?.destroy();
      socket = undefined;
    },
  };
}

function connected(socket: net.Socket): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const isThere = (): void => {
      socket.removeListener("error", reject);
      // A failure shows at the next write; until then nobody listens for it.
      socket.on("error", () => undefined);
      socket.resume();
      // The sandbox does not stay alive for a subscriber.
      socket.unref();
      resolve(socket);
    };
    socket.once("error", reject);
    if (socket.connecting) socket.once("connect", isThere);
    else isThere();
  });
}
