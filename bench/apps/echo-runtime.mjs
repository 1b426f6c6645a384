// The smallest runtime: answers every event with itself, over one kept connection and no HTTP library.
import { connect } from "node:net";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const socket = connect({ host, port: Number(port), noDelay: true });
const root = "/2018-06-01/runtime/invocation";
const next = Buffer.from(`GET ${root}/next HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
let received = Buffer.alloc(0);
let answered = false;

socket.on("data", (bytes) => {
  received = received.length === 0 ? bytes : Buffer.concat([received, bytes]);
  for (;;) {
    const end = received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = received.toString("latin1", 0, end);
    const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    if (received.length < end + 4 + length) return;
    const body = received.subarray(end + 4, end + 4 + length);
    received = received.subarray(end + 4 + length);
    const id = /lambda-runtime-aws-request-id: *(\S+)/i.exec(head)?.[1];
    // What has no id is the 202 to an answer.
    if (id === undefined) {
      answered = true;
      socket.write(next);
    } else socket.write(answerOf(id, body));
  }
});
socket.on("close", () => process.exit(answered ? 0 : 1));
socket.write(next);

function answerOf(id, body) {
  const head = `POST ${root}/${id}/response HTTP/1.1\r\nhost: ${host}\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}
