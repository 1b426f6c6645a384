/** Ports of this machine: one that is free, and why one cannot be used. */
import { type AddressInfo, createServer } from "node:net";
import { systemCodeOf, type UserFailure, userFailure } from "./user-failure.ts";

/** Free at this moment; whoever asked should take it at once. */
export async function freePort(): Promise<number> {
  return bindOnce("127.0.0.1", 0);
}

/** Says in time what would otherwise be said after the app has booted. */
export async function requirePort(host: string, port: number, option?: string): Promise<void> {
  try {
    await bindOnce(host, port);
  } catch (error) {
    throw portFailure(host, port, error, option);
  }
}

/** `option` is the one that asked for the port. */
export function portFailure(host: string, port: number, cause: unknown, option = "--port"): UserFailure {
  const where = `${host}:${port}`;
  switch (systemCodeOf(cause) ?? "") {
    case "EADDRINUSE":
      return userFailure(
        `Port ${port} is in use by another program`,
        `End that program, choose another port (${option} 3001), or let a free one be found (${option} 0).`,
        { cause },
      );
    case "EACCES":
      return userFailure(`You may not listen on ${where}`, "Choose a port above 1023.", { cause });
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return userFailure(
        `This machine has no address ${host}`,
        "Leave --host out for this machine only, or use 0.0.0.0 for all its addresses.",
        { cause },
      );
    default:
      return userFailure(`Cannot listen on ${where}: ${String(cause)}`, undefined, { cause });
  }
}

function bindOnce(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, host, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
