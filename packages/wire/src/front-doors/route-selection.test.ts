import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { selectedKey } from "./route-selection.ts";

const action = "$request.body.action";

describe("selectedKey", () => {
  it.each([
    [action, '{"action":"join"}', "join"],
    [action, '{"action":7}', "7"],
    [action, '{"action":true}', "true"],
    ["${request.body.service}/${request.body.action}", '{"service":"chat","action":"join"}', "chat/join"],
    ["${request.body.version}-beta", '{"version":2}', "2-beta"],
    ["$request.body.data.kind", '{"data":{"kind":"a"}}', "a"],
    ["$request.body.list[1].kind", '{"list":[1,{"kind":"b"}]}', "b"],
    ["\\$default", "no json", "$default"],
    ["fixed", "no json", "fixed"],
  ])("of %s and %s is %s (10.2)", (expression, text, key) => {
    expect(selectedKey(expression, text)).toBe(key);
  });

  it.each(["", "join", "{", "null", "[]", "7", "{}", '{"action":null}', '{"Action":"join"}', '{"action":'])(
    "of a message %j that lacks the member is none",
    (text) => expect(selectedKey(action, text)).toBeUndefined(),
  );

  it("does not take what every object has for a member of the message", () => {
    for (const name of ["constructor", "__proto__", "toString"])
      expect(selectedKey(`$request.body.${name}`, "{}")).toBeUndefined();
  });

  it("bears any expression and any message", () => {
    fc.assert(
      fc.property(fc.string(), fc.oneof(fc.string(), fc.json()), (expression, text) => {
        const key = selectedKey(expression, text);
        expect(key === undefined || typeof key === "string").toBe(true);
      }),
    );
  });

  it("is evaluated once, whatever the message holds", () => {
    const text = JSON.stringify({ action: "$request.body.secret $& $1", secret: "s" });
    expect(selectedKey(action, text)).toBe("$request.body.secret $& $1");
  });
});
