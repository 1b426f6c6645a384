import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { directory } from "../testing/harness.ts";
import { issuer } from "../testing/issuer.ts";
import { judgeOf } from "./tokens.ts";

const past = Math.floor(Date.now() / 1000) - 60;

describe("judgeOf", () => {
  it("believes a token that the issuer signed, by the keys that its discovery document names", async () => {
    await using one = await issuer();
    const judge = judgeOf({}, [one.url], ["shop"]);
    const verdict = await judge.judge(`Bearer ${await one.token({ groups: ["a"] })}`);
    expect(verdict).toMatchObject({ kind: "believed", claims: { iss: one.url, sub: "ada", groups: ["a"] } });
    expect(await judge.judge(await one.token())).toMatchObject({ kind: "believed" });
    // Both are asked for once (key-sets.ts 1).
    expect(one.asked).toEqual(["/.well-known/openid-configuration", "/keys"]);
  });

  it("refuses, with AWS's words where they are known", async () => {
    await using one = await issuer();
    await using other = await issuer();
    const judge = judgeOf({ keys: `${one.url}/keys` }, [one.url], ["shop", "web"]);
    const said = async (token: string): Promise<string> => {
      const verdict = await judge.judge(token);
      return verdict.kind === "refused" ? verdict.description : verdict.kind;
    };
    expect(await said("abc")).toBe("token contains an invalid number of segments");
    expect(await said("a.b.c")).toBe("the token is malformed");
    expect(await said(await one.token({ aud: "else" }))).toBe("the token does not have a valid audience");
    expect(await said(await one.token({ aud: ["else", "web"] }))).toBe("believed");
    // `client_id` is looked at without `aud` only.
    expect(await said(await one.token({ aud: undefined, client_id: "shop" }))).toBe("believed");
    expect(await said(await one.token({ aud: "else", client_id: "shop" }))).toBe(
      "the token does not have a valid audience",
    );
    expect(await said(await one.token({ exp: past }))).toBe("the token has expired");
    expect(await said(await one.token({ exp: undefined }))).toBe("the token has no valid exp");
    expect(await said(await one.token({ nbf: past + 600 }))).toBe("the token is not valid yet");
    expect(await said(await one.token({ iss: "http://127.0.0.1:1" }))).toBe(
      "the token does not have a valid issuer",
    );
    expect(await said(await one.token({}, { kid: "k9" }))).toBe("no key of the issuer matches the token");
    expect(await said(await other.token({ iss: one.url }))).toBe("the signature is not valid");
    const [head = "", payload = "", signature = ""] = (await one.token()).split(".");
    const forged = Buffer.from(JSON.stringify({ iss: one.url, aud: "shop", sub: "eve", exp: past + 7200 }));
    expect(await said(`${head}.${forged.toString("base64url")}.${signature}`)).toBe(
      "the signature is not valid",
    );
    const none = Buffer.from(`{"alg":"none"}`).toString("base64url");
    expect(await said(`${none}.${payload}.`)).toBe("the signing method is not valid");
  });

  it("takes RSA only, as API Gateway does", async () => {
    await using one = await issuer("ES256");
    const judge = judgeOf({}, [one.url]);
    expect(await judge.judge(await one.token())).toEqual({
      kind: "refused",
      description: "the signing method is not valid",
    });
  });

  it("reads keys of a file again when it has changed (key-sets.ts 1)", async () => {
    await using one = await issuer();
    await using two = await issuer();
    const keys = join(directory(), "keys.json");
    writeFileSync(keys, JSON.stringify(one.keySet));
    const judge = judgeOf({ keys }, [one.url, two.url]);
    expect(await judge.judge(await one.token())).toMatchObject({ kind: "believed" });
    expect(await judge.judge(await two.token())).toMatchObject({ kind: "refused" });
    const next = join(directory(), "next.json");
    writeFileSync(next, JSON.stringify(two.keySet));
    renameSync(next, keys);
    expect(await judge.judge(await two.token())).toMatchObject({ kind: "believed" });
    expect(one.asked).toEqual([]);
  });

  it("says why it cannot decide, and lets nobody in", async () => {
    await using one = await issuer();
    const token = await one.token();
    const broken = join(directory(), "broken.json");
    writeFileSync(broken, "{}");
    const whyWith = async (keys: string | undefined, url = one.url): Promise<string> => {
      const verdict = await judgeOf({ keys }, [url]).judge(
        url === one.url ? token : await one.token({ iss: url }),
      );
      return verdict.kind === "undecided" ? verdict.why : verdict.kind;
    };
    expect(await whyWith("/nowhere/keys.json")).toBe("there is no file /nowhere/keys.json");
    expect(await whyWith(broken)).toContain("is no JSON Web Key Set");
    expect(await whyWith(`${one.url}/missing`)).toContain(`no keys from ${one.url}/missing`);
    expect(await whyWith(undefined, `${one.url}/tenant`)).toContain("status 404");
    expect(await whyWith(undefined, "http://127.0.0.1:1")).toContain(
      "no discovery document from http://127.0.0.1:1/",
    );
  });

  it("believes anybody when it is told not to verify, but takes no token for what is none", async () => {
    const judge = judgeOf({ unverified: true }, ["https://issuer.example"], ["shop"]);
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const token = `${part({ alg: "none" })}.${part({ sub: "ada", exp: past })}.`;
    expect(await judge.judge(`Bearer ${token}`)).toEqual({
      kind: "believed",
      claims: { sub: "ada", exp: past },
    });
    expect(await judge.judge("ada")).toMatchObject({ kind: "refused" });
  });
});
