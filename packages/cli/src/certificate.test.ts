import { X509Certificate } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { certificateOf, ownFiles } from "./certificate.ts";
import { isUserFailure } from "./user-failure.ts";

function home(): NodeJS.ProcessEnv {
  return { XDG_CACHE_HOME: mkdtempSync(join(tmpdir(), "anylambda-tls-")) };
}

const modeOf = (file: string): number => statSync(file).mode & 0o777;

it("makes a certificate for this machine, and keeps it for its user only (1)", async () => {
  const env = home();
  const files = ownFiles(env);
  const made = await certificateOf("own", env);
  expect([modeOf(files.key), modeOf(join(files.key, ".."))]).toEqual([0o600, 0o700]);
  const read = new X509Certificate(made.cert);
  expect([read.checkHost("localhost"), read.checkIP("127.0.0.1"), read.checkIP("::1")]).toEqual([
    "localhost",
    "127.0.0.1",
    "::1",
  ]);
  expect(read.ca).toBe(false);
  const days = (Date.parse(read.validTo) - Date.parse(read.validFrom)) / 86_400_000;
  expect(days).toBeLessThan(398);
  chmodSync(files.key, 0o644);
  expect(await certificateOf("own", env)).toEqual(made);
  expect(modeOf(files.key)).toBe(0o600);
  expect(readdirSync(join(files.key, "..")).length).toBe(2);
});

it("makes another when what is kept is broken, or not of one key (2)", async () => {
  const env = home();
  const files = ownFiles(env);
  const first = await certificateOf("own", env);
  writeFileSync(files.cert, first.cert.slice(0, 200));
  const second = await certificateOf("own", env);
  expect(second.cert).not.toBe(first.cert);
  writeFileSync(files.key, first.key);
  const third = await certificateOf("own", env);
  expect([third.key === first.key, third.key === second.key]).toEqual([false, false]);
  expect(readFileSync(files.key, "utf8")).toBe(third.key);
});

it("takes files of the user, and says what is wrong with them", async () => {
  const env = home();
  const [one, other] = [await certificateOf("own", env), await certificateOf("own", home())];
  const place = mkdtempSync(join(tmpdir(), "anylambda-tls-"));
  const at = (name: string, text: string): string => {
    writeFileSync(join(place, name), text);
    return join(place, name);
  };
  const cert = at("cert.pem", one.cert);
  expect(await certificateOf({ cert, key: at("key.pem", one.key) }, env)).toEqual(one);
  const said = async (files: { cert: string; key: string }): Promise<string> => {
    const error: unknown = await certificateOf(files, env).catch((thrown: unknown) => thrown);
    if (!isUserFailure(error)) throw error;
    // Not the key.
    expect(`${error.message}${error.hint}`).not.toContain("PRIVATE");
    return error.message;
  };
  expect(await said({ cert, key: at("other.pem", other.key) })).toContain("key values mismatch");
  expect(await said({ cert: at("none.pem", "none"), key: at("key.pem", one.key) })).toContain(
    "are no certificate",
  );
  expect(await said({ cert, key: join(place, "missing.pem") })).toBe(
    `There is no file ${join(place, "missing.pem")}`,
  );
});
