/** What is typed, or stands in a file, about TLS. */
import { resolve } from "node:path";
import { type CertificateSource, ownFiles } from "./certificate.ts";
import type { PlannedDoor } from "./doors.ts";
import { userFailure } from "./user-failure.ts";

export interface TlsOptions {
  readonly tls?: boolean | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
}

/** What holds for all doors; `undefined`: nothing was said. */
export function typedTls({ tls, tlsCert: cert, tlsKey: key }: TlsOptions): CertificateSource | undefined {
  if (cert !== undefined && key !== undefined) return { cert: resolve(cert), key: resolve(key) };
  if (cert !== undefined || key !== undefined)
    throw userFailure(
      `${cert === undefined ? "--tls-key" : "--tls-cert"} alone is not enough`,
      "A certificate and its key go together: --tls-cert FILE --tls-key FILE.",
    );
  return tls === true ? "own" : undefined;
}

/** Of a door in a file; what is typed holds for doors that say nothing. */
export function doorTls(
  given: boolean | { readonly cert: string; readonly key: string } | undefined,
  typed: CertificateSource | undefined,
  directory: string,
): CertificateSource | undefined {
  if (given === undefined) return typed;
  if (typeof given === "boolean") return given ? "own" : undefined;
  return { cert: resolve(directory, given.cert), key: resolve(directory, given.key) };
}

/** Clients do not trust it by themselves; `undefined` where none of the doors has it. */
export function ownCertificateWarning(
  doors: readonly PlannedDoor[],
  urls: readonly string[],
  env: NodeJS.ProcessEnv,
): string | undefined {
  const url = urls.find((_, at) => doors[at]?.tls === "own");
  if (url === undefined) return undefined;
  const { cert } = ownFiles(env);
  return (
    `${url} has a certificate that this machine has made for itself, and that clients do not trust unless they are told: ` +
    `curl --cacert ${cert}, NODE_EXTRA_CA_CERTS=${cert}`
  );
}
