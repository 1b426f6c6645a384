import { isObject, sliceMember } from "@anylambda/wire";
import { nodeCodec } from "@anylambda/wire/node";
import { asciiJson } from "../../packages/adapter/src/context-headers.ts";
import type { Target } from "../target.ts";
import { holds, parsed, same } from "../target.ts";

const jsonWords = [
  "requestContext",
  "a",
  "__proto__",
  '"',
  "\\",
  '\\"',
  "\\\\",
  "\\u0061",
  ":",
  ",",
  "{",
  "}",
  "[",
  "]",
  " ",
  "\n",
  "1e400",
  "-0",
  "12345678901234567890",
];

export const sliceMemberTarget: Target = {
  name: "slice-member",
  isJson: true,
  words: jsonWords,
  check(input) {
    const text = nodeCodec.utf8Decode(input);
    const value = parsed(text);
    if (value === undefined) return;
    const members = isObject(value) ? value : {};
    for (const key of [...Object.keys(members), "requestContext", "", "absent"]) {
      const slice = sliceMember(text, key);
      if (!Object.hasOwn(members, key))
        holds(`a slice for ${JSON.stringify(key)}, which is not there`, slice === undefined);
      else {
        holds(`no slice for ${JSON.stringify(key)}`, slice !== undefined && text.includes(slice));
        same(`the slice for ${JSON.stringify(key)}`, JSON.parse(slice ?? ""), members[key]);
      }
    }
  },
};

export const asciiJsonTarget: Target = {
  name: "ascii-json",
  isJson: true,
  words: [...jsonWords, "\t", "\r", "é", "\u007f", "\u2028", "😀"],
  check(input) {
    const text = nodeCodec.utf8Decode(input);
    const ascii = asciiJson(text);
    holds("not printable ASCII", /^[\x20-\x7e]*$/.test(ascii));
    const value = parsed(text);
    if (value !== undefined) same("its value", JSON.parse(ascii), value);
  },
};
