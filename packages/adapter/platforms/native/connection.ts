/**
 * Connections over the host's sockets.
 *
 * 1. A number is in `sockets` exactly as long as the host has it open.
 * 2. The host is asked first and waited for only when it has nothing: most reads and nearly all writes need no turn
 *    of the loop.
 * 3. An event settles what can be settled by then; one that comes too early settles nothing and does no harm.
 */
import type { Address, Connection } from "../../src/platform.ts";
import type { Host } from "./host.ts";

interface Waiting<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

interface Write extends Waiting<void> {
  readonly pieces: readonly Uint8Array[];
  readonly length: number;
  taken: number;
}

interface Fill extends Waiting<boolean> {
  readonly bytes: Uint8Array;
  at: number;
}

interface Socket {
  connecting: Waiting<Connection> | undefined;
  reading: Waiting<Uint8Array | null> | undefined;
  filling: Fill | undefined;
  /** Called when something comes that nobody reads. */
  guard: (() => void) | undefined;
  /** In the order they were asked for; the first is on its way. */
  writing: Write[];
}

const sockets: (Socket | undefined)[] = [];

export function connect(host: Host, address: Address): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const id = "path" in address ? host.connectUnix(address.path) : host.connect(address.host, address.port);
    const socket: Socket = {
      connecting: { resolve, reject },
      reading: undefined,
      filling: undefined,
      guard: undefined,
      writing: [],
    };
    sockets[id] = socket;
    goOn(host, id, socket);
  });
}

/** An event for the socket. */
export function onSocket(host: Host, id: number): void {
  const socket = sockets[id];
  if (socket !== undefined) goOn(host, id, socket);
}

function goOn(host: Host, id: number, socket: Socket): void {
  if (socket.connecting !== undefined) {
    goOnConnecting(host, id, socket, socket.connecting);
    return;
  }
  if (socket.writing.length > 0) goOnWriting(host, id, socket.writing);
  if (socket.reading !== undefined) goOnReading(host, id, socket, socket.reading);
  else if (socket.filling !== undefined) goOnFilling(host, id, socket, socket.filling);
  else if (socket.guard !== undefined) goOnGuarding(host, id, socket, socket.guard);
}

function goOnConnecting(host: Host, id: number, socket: Socket, connecting: Waiting<Connection>): void {
  try {
    if (!host.connected(id)) return;
    socket.connecting = undefined;
    connecting.resolve(connectionOf(host, id, socket));
  } catch (error) {
    drop(host, id);
    connecting.reject(error);
  }
}

function goOnReading(host: Host, id: number, socket: Socket, reading: Waiting<Uint8Array | null>): void {
  try {
    const bytes = host.read(id);
    if (bytes === undefined) return;
    socket.reading = undefined;
    reading.resolve(bytes);
  } catch (error) {
    socket.reading = undefined;
    reading.reject(error);
  }
}

function goOnFilling(host: Host, id: number, socket: Socket, filling: Fill): void {
  try {
    for (;;) {
      const at = host.readInto(id, filling.bytes, filling.at);
      if (at < 0 || at === filling.bytes.length) {
        socket.filling = undefined;
        filling.resolve(at >= 0);
        return;
      }
      // Only when there was nothing at all comes an event.
      if (at === filling.at) return;
      filling.at = at;
    }
  } catch (error) {
    socket.filling = undefined;
    filling.reject(error);
  }
}

function goOnGuarding(host: Host, id: number, socket: Socket, guard: () => void): void {
  try {
    if (host.read(id) === undefined) return;
  } catch {
    // Broken is as good as closed.
  }
  socket.guard = undefined;
  guard();
}

function goOnWriting(host: Host, id: number, writing: Write[]): void {
  try {
    for (let write = writing[0]; write !== undefined; write = writing[0]) {
      write.taken += host.write(id, write.pieces, write.taken);
      if (write.taken < write.length) return;
      writing.shift();
      write.resolve();
    }
  } catch (error) {
    for (const write of writing.splice(0)) write.reject(error);
  }
}

function connectionOf(host: Host, id: number, socket: Socket): Connection {
  let open = true;
  return {
    read: () =>
      new Promise((resolve, reject) => {
        socket.guard = undefined;
        const bytes = open ? host.read(id) : null;
        if (bytes === undefined) socket.reading = { resolve, reject };
        else resolve(bytes);
      }),
    readInto: (bytes, from) =>
      new Promise((resolve, reject) => {
        socket.guard = undefined;
        if (!open) {
          resolve(false);
          return;
        }
        socket.filling = { resolve, reject, bytes, at: from };
        goOnFilling(host, id, socket, socket.filling);
      }),
    write(pieces) {
      const length = lengthOf(pieces);
      let taken = 0;
      if (open && socket.writing.length === 0) {
        try {
          taken = host.write(id, pieces, 0);
        } catch (error) {
          return Promise.reject(error);
        }
        if (taken === length) return undefined;
      }
      return new Promise((resolve, reject) => {
        if (!open) throw closed();
        socket.writing.push({ resolve, reject, pieces, length, taken });
      });
    },
    guard(handler) {
      if (!open) return;
      socket.guard = handler;
      goOnGuarding(host, id, socket, handler);
    },
    close() {
      if (!open) return;
      open = false;
      socket.guard = undefined;
      drop(host, id);
      socket.reading?.resolve(null);
      socket.reading = undefined;
      socket.filling?.resolve(false);
      socket.filling = undefined;
      for (const write of socket.writing.splice(0)) write.reject(closed());
    },
  };
}

function drop(host: Host, id: number): void {
  sockets[id] = undefined;
  host.close(id);
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  let length = 0;
  // By number: an iterator costs the interpreter more than the write.
  // eslint-disable-next-line typescript/prefer-for-of
  for (let i = 0; i < pieces.length; i++) length += (pieces[i] as Uint8Array).length;
  return length;
}

function closed(): Error {
  return Object.assign(new Error("write EPIPE: the connection is closed"), { code: "EPIPE" });
}
