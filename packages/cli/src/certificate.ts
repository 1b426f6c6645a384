/**
 * Certificates of doors: the user's own, or one for this machine, which is made once and kept in the user's cache.
 *
 *  (1) A key of ours is readable for its user only.
 *  (2) A kept certificate is used as long as it is whole, of the kept key, and valid for another day.
 */
import { X509Certificate, createPrivateKey } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import type { Certificate } from "@anylambda/sandbox";
import { systemCodeOf, userFailure } from "./user-failure.ts";

/** Where a door's certificate is: in two files, or made here. */
export type CertificateSource = "own" | CertificateFiles;

export interface CertificateFiles {
  /** Absolute, PEM. */
  readonly cert: string;
  readonly key: string;
}

/** Throws what is wrong with the files; makes the machine's own where there is none yet. */
export async function certificateOf(source: CertificateSource, env: NodeJS.ProcessEnv): Promise<Certificate> {
  return source === "own" ? ownCertificate(ownFiles(env)) : fromFiles(source);
}

function fromFiles({ cert, key }: CertificateFiles): Certificate {
  const certificate = { cert: read(cert), key: read(key) };
  try {
    createSecureContext(certificate);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw userFailure(`${cert} and ${key} are no certificate and its key: ${why}`, "Both are files in PEM.", {
      cause,
    });
  }
  return certificate;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const why = systemCodeOf(cause) === "ENOENT" ? "There is no file" : "Cannot read";
    throw userFailure(`${why} ${file}`, "--tls without files takes a certificate of this machine's own.", {
      cause,
    });
  }
}

export function ownFiles(env: NodeJS.ProcessEnv): CertificateFiles {
  const cache = env["XDG_CACHE_HOME"] ?? "";
  const place = join(cache.startsWith("/") ? cache : join(homedir(), ".cache"), "anylambda", "tls");
  return { cert: join(place, "localhost.pem"), key: join(place, "localhost.key.pem") };
}

async function ownCertificate(files: CertificateFiles): Promise<Certificate> {
  const kept = keptAt(files);
  if (kept !== undefined) return kept;
  // Its code is large, and needed once a year.
  const { makeCertificate } = await import("./make-certificate.ts");
  const certificate = await makeCertificate();
  keep(files, certificate);
  return certificate;
}

const dayMs = 86_400_000;

/** Invariant 2. */
function keptAt({ cert, key }: CertificateFiles): Certificate | undefined {
  try {
    const kept = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
    const read = new X509Certificate(kept.cert);
    const isValid =
      Date.parse(read.validTo) > Date.now() + dayMs && read.checkPrivateKey(createPrivateKey(kept.key));
    if (!isValid) return undefined;
    // Somebody may have opened it to others.
    chmodSync(key, 0o600);
    return kept;
  } catch {
    return undefined;
  }
}

function keep(files: CertificateFiles, { cert, key }: Certificate): void {
  try {
    mkdirSync(join(files.key, ".."), { recursive: true, mode: 0o700 });
    for (const [file, text] of [
      [files.key, key],
      [files.cert, cert],
    ] as const) {
      // Two commands may do so at once: each file is there as a whole, and a pair that does not fit is made anew.
      const beside = `${file}.${process.pid}`;
      writeFileSync(beside, text, { mode: 0o600 });
      renameSync(beside, file);
    }
  } catch (cause) {
    const code = systemCodeOf(cause) ?? String(cause);
    throw userFailure(
      `Cannot keep a certificate at ${files.cert} (${code})`,
      "Name your own: --tls-cert, --tls-key.",
      {
        cause,
      },
    );
  }
}
