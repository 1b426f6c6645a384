/**
 * What every front door has in common: the two ends it joins.
 *
 *     client ──ClientRequest──► toEvent ──event──► toHttp ──HttpRequest──► app
 *     client ◄─ClientResponse── fromResult ◄─result── fromHttp ◄─HttpResponse── app
 *
 * `toHttp` and `fromHttp` are the adapter's, `toEvent` and `fromResult` the sandbox's. One file a door holds all
 * four, so that each mapping stands beside its inverse and a property test closes the circle.
 */
import type { HeaderList } from "../message.ts";

/** A request as a client sent it to a front door, before any event was made of it. */
export interface ClientRequest {
  readonly method: string;
  /** Request target in origin-form as it stood on the request line, percent-encoding untouched. */
  readonly target: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
  /** Address of the client's end of the TCP connection. */
  readonly sourceIp: string;
  /** Of the client's connection, where it is TLS: such as `TLSv1.3` and `TLS_AES_128_GCM_SHA256`. */
  readonly tls?: { readonly version: string; readonly cipherSuite: string } | undefined;
}

/** What goes back to the client. Framing (`content-length`, `date`, `connection`) is the server's business. */
export interface ClientResponse {
  readonly status: number;
  /** Reason phrase, where the door lets the function choose one. */
  readonly reason?: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

/** What an invocation of the function gave to its front door. */
export interface InvocationResult {
  /** The function's answer, or the error document when `failed`. */
  readonly payload: Uint8Array;
  /** The function reported an error, died, or ran out of time. */
  readonly failed: boolean;
}

/** Identity of one front door and of one request through it; made by whoever plays the AWS side. */
export interface DoorContext {
  /** 12 digits, or `anonymous` for a Function URL without authorization. */
  readonly accountId: string;
  readonly apiId: string;
  readonly domainName: string;
  /** UUID for a Function URL (the Lambda request id) and for a REST API, 15 characters and `=` for an HTTP API. */
  readonly requestId: string;
  /** `X-Amzn-Trace-Id` to add when the client sent none. */
  readonly traceId: string;
  /** Unix time of arrival, ms. */
  readonly timeEpoch: number;
  /** Port the client spoke to. */
  readonly port: number;
  readonly scheme: "http" | "https";
}
