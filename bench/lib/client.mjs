// A client that costs next to nothing, so that differences between subjects are theirs: one connection, one
// request at a time, the response measured by its content-length or its chunked end.
import { connect } from "node:net";

export async function openClient(url) {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  let received = Buffer.alloc(0);
  let waiting;
  socket.on("data", (bytes) => {
    received = received.length === 0 ? bytes : Buffer.concat([received, bytes]);
    const length = responseLength(received);
    if (length === undefined || received.length < length) return;
    const response = received.subarray(0, length);
    received = received.subarray(length);
    waiting?.resolve(response);
  });
  for (const end of ["error", "close"])
    socket.on(end, () => waiting?.reject(new Error(`connection to ${url} ended`)));

  return {
    /** Sends bytes, answers the bytes of the whole response. */
    ask: (bytes) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(bytes);
      }),
    get: (path) => Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`),
    post: (path, body, type = "application/json") =>
      Buffer.concat([
        Buffer.from(
          `POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`,
        ),
        Buffer.from(body),
      ]),
    close: () => socket.destroy(),
  };
}

/** Bytes of the first response in `bytes`, `undefined` while its head is not complete. */
function responseLength(bytes) {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = bytes.toString("latin1", 0, end).toLowerCase();
  const length = /\r\ncontent-length: *(\d+)/.exec(head);
  if (length !== null) return end + 4 + Number(length[1]);
  if (!/\r\ntransfer-encoding: *chunked/.test(head)) return end + 4;
  const last = bytes.indexOf("0\r\n\r\n", end + 4);
  return last < 0 ? undefined : last + 5;
}

export function statusOf(response) {
  return Number(response.toString("latin1", 9, 12));
}
