// Programs that are killed and are there again at the same address.
import { fork } from "node:child_process";
import { once } from "node:events";

/**
 * Parent's side: starts `file` and kills it when told. Its successor stands by, loaded, so that the time without one is
 * the time that was asked for. `onMessage` hears what the program says, `onBegin` that there is a new one.
 */
export async function revivable(file, host, { onMessage = () => {}, onBegin = () => {} } = {}) {
  let port = 0;
  let next = standBy();
  let current;

  function standBy() {
    const child = fork(file, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    return once(child, "message").then(() => child);
  }

  async function begin() {
    const child = await next;
    next = standBy();
    const listening = once(child, "message");
    child.send({ type: "listen", host, port });
    const [message] = await listening;
    if (message.error !== undefined) throw new Error(`${file}: ${message.error}`);
    port = message.port;
    child.on("message", onMessage);
    current = child;
    onBegin();
  }

  await begin();
  return {
    address: () => ({ host, port }),
    /** Says something to the one that runs; lost when there is none. */
    tell(message) {
      if (current?.connected === true) current.send(message, () => {});
    },
    /** SIGKILL; after `pauseMs` the next one takes over. */
    async kill(pauseMs) {
      // On a busy machine its successor may not be there yet, and the pause would be longer than was asked for.
      await next;
      const child = current;
      current = undefined;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      await begin();
    },
    async stop() {
      for (const child of [current, await next]) child?.kill("SIGKILL");
    },
  };
}

/** The program's side: listens where it is told, and breaks off a connection when it is told. */
export function serveWhenTold(server, onMessage = () => {}) {
  const sockets = [];
  server.on("connection", (socket) => {
    sockets.push(socket);
    socket.on("close", () => sockets.splice(sockets.indexOf(socket), 1));
  });
  process.on("message", (message) => {
    if (message.type === "listen") {
      server.once("error", ({ message: error }) => say({ error }));
      server.listen(message.port, message.host, () => say({ port: server.address().port }));
    } else if (message.type === "cut") {
      const socket = sockets[message.number % sockets.length];
      if (message.number % 2 === 0) socket?.resetAndDestroy();
      else socket?.destroy();
    } else onMessage(message);
  });
  // Whoever started us may have been killed as well.
  process.on("disconnect", () => process.exit());
  say({ type: "ready" });
}

/** To whoever started this process; if nobody is there any more, "disconnect" is on its way. */
export function say(message) {
  process.send(message, () => {});
}
