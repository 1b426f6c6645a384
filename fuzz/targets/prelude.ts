import { PreludeReader, writeRequest } from "@anylambda/wire";
import { nodeCodec } from "@anylambda/wire/node";
import type { Target } from "../target.ts";
import { holds, same, splitsOf } from "../target.ts";

export const prelude: Target = {
  name: "prelude",
  isJson: false,
  words: [
    "\0",
    "\0\0\0\0\0\0\0\0",
    '{"statusCode":',
    '"headers":{',
    '"multiValueHeaders":{"a":["b"]}',
    '"cookies":["a=1"]',
    "200",
    "null",
    "\\u0000",
    '"a":"b\\r\\n"',
    "}",
    "[",
    ",",
  ],
  check(bytes) {
    const whole = readPrelude([bytes]);
    if (typeof whole === "object") {
      const { status, headers } = whole.prelude;
      holds("a status that is none", Number.isInteger(status) && status >= 200 && status <= 599);
      writeRequest({ method: "GET", target: "/", headers, body: new Uint8Array(0) }, nodeCodec);
    }
    for (const pieces of splitsOf(bytes)) same(`${pieces.length} pieces`, readPrelude(pieces), whole);
  },
};

function readPrelude(
  pieces: readonly Uint8Array[],
): { prelude: { status: number; headers: [string, string][] }; body: string } | string {
  const reader = new PreludeReader(nodeCodec);
  for (const [at, piece] of pieces.entries()) {
    const outcome = reader.read(piece);
    if (outcome === undefined) continue;
    if (outcome === "malformed") return outcome;
    const body = Buffer.concat([outcome.body, ...pieces.slice(at + 1)]).toString("latin1");
    const { status, headers } = outcome.prelude;
    return { prelude: { status, headers: headers.map(([name, value]) => [name, value]) }, body };
  }
  return "unfinished";
}
