/** A certificate for localhost, signed by itself. */
import type { Certificate } from "@anylambda/sandbox";
import { generate } from "selfsigned";

export async function makeCertificate(): Promise<Certificate> {
  const now = Date.now();
  const made = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    algorithm: "sha256",
    // A clock may be behind, as that of a container.
    notBeforeDate: new Date(now - dayMs),
    notAfterDate: new Date(now + lifeDays * dayMs),
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", digitalSignature: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
          { type: 7, ip: "::1" },
        ],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}

const dayMs = 86_400_000;
/** Browsers take none that is valid for longer than 398 days. */
const lifeDays = 390;
