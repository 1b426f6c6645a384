// Invocations of the Invoke API over kept connections, as many at once as are asked for.
import { openClient, statusOf } from "./client.mjs";

/** `send(body, type)` resolves with the whole answer; connections are made as they are needed and kept. */
export function invokeClient(url, name) {
  const free = [];
  const all = [];
  return {
    async send(body, type = "RequestResponse") {
      const client = free.pop() ?? (await openClient(url));
      if (!all.includes(client)) all.push(client);
      try {
        const answer = await client.ask(requestOf(url, name, body, type));
        free.push(client);
        return { status: statusOf(answer), text: answer.toString("latin1") };
      } catch (error) {
        all.splice(all.indexOf(client), 1);
        throw error;
      }
    },
    connections: () => all.length,
    close: () => {
      for (const client of all) client.close();
    },
  };
}

function requestOf(url, name, body, type) {
  const { host } = new URL(url);
  return Buffer.from(
    `POST /2015-03-31/functions/${name}/invocations HTTP/1.1\r\nhost: ${host}\r\n` +
      `x-amz-invocation-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
