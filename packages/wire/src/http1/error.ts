/**
 * What can be wrong with a peer's HTTP/1.1. `closed` is no fault of syntax: the connection ended before the first
 * byte of a response, which is how a stale kept-alive connection shows itself.
 */
export type Http1Fault =
  | "closed"
  | "truncated"
  | "bad-status-line"
  | "bad-field"
  | "bad-length"
  | "bad-transfer-coding"
  | "bad-chunk"
  | "too-large"
  | "unexpected-interim"
  | "bad-request";

/** The only error the codec throws, whatever bytes it is fed. */
export class Http1Error extends Error {
  override readonly name = "Http1Error";
  readonly fault: Http1Fault;

  constructor(fault: Http1Fault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** Foreign text for a message: short, printable, quoted. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
