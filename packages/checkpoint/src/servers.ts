/** What programs of a pod find on its localhost: the pod's own listening sockets, served from this process. */
import { type Server, type Socket, connect, createServer } from "node:net";

export class Servers {
  readonly #servers: Server[] = [];
  readonly #tunnels = new Set<Socket>();

  /** Begins to accept on a listening socket of the pod. Without `take`, connections lead to the same port of this machine. */
  listen(port: number, handle: unknown, take?: (socket: Socket) => void): void {
    const server = createServer({ noDelay: true }, take ?? ((inner) => this.#tunnel(inner, port)));
    this.#servers.push(server);
    server.listen(handle as never);
  }

  /** Accepts nothing any more; what is connected stays. */
  close(): void {
    for (const server of this.#servers.splice(0)) server.close();
  }

  /** Ends what leads to this machine. */
  cut(): void {
    for (const tunnel of this.#tunnels) tunnel.destroy();
  }

  /** Until one side ends. */
  #tunnel(inner: Socket, port: number): void {
    const outer = connect({ host: "127.0.0.1", port, noDelay: true });
    for (const [socket, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      this.#tunnels.add(socket);
      socket.pipe(other);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        this.#tunnels.delete(socket);
        other.destroy();
      });
    }
  }
}
