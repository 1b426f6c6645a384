/**
 * What is different from LWA on purpose and is no fault of it, each with its reason. A scenario whose verdict is
 * "different" names one of these; one that no scenario names says why it cannot be seen.
 */
export interface Difference {
  readonly name: string;
  readonly why: string;
  /** Why no scenario shows it. */
  readonly unseen?: string;
}

export const differences: readonly Difference[] = [
  {
    name: "path untouched",
    why: "Characters that can travel in a request target are left as the client sent them; LWA rewrites paths as browsers rewrite addresses",
  },
  {
    name: "decoded path",
    why: "HTTP APIs decode `rawPath`, so a `%` or `#` in it is a literal and is encoded again; LWA takes it for an escape or the end",
  },
  {
    name: "query untouched",
    why: "A query that the event has verbatim is passed on verbatim; a space in one that has to be rebuilt is `%20`, which servers of paths and forms read alike",
  },
  {
    name: "cookies",
    why: "The `cookies` list is joined with `; ` (RFC 6265), and only when the event has no `cookie` header",
  },
  {
    name: "host",
    why: "Without a `Host` the app gets the front door's domain name, or `localhost`, not the adapter's own address",
  },
  {
    name: "framing",
    why: "`content-length` is computed from the body, and a GET without a body has none, as browsers send it",
  },
  {
    name: "context",
    why: "The request context reaches the app as the event has it, byte for byte, in ASCII; more of Lambda's headers are given and none is taken from the client",
  },
  {
    name: "answer maps",
    why: "An answer has only the header map that its front door reads: `headers` and `cookies`, or `multiValueHeaders`, or what the load balancer sent",
  },
  {
    name: "connection fields",
    why: "Fields of the app's connection and its framing end at the adapter; front doors would rename or drop them",
  },
  {
    name: "bytes decide",
    why: "Text or base64 is decided by the bytes, never by lists of types: valid UTF-8 without control characters is text",
  },
  {
    name: "status description",
    why: "A status nobody knows is described as `Unknown`, and reasons are spelled as the registry has them",
  },
  { name: "error types", why: "Failures have types that can be matched and messages that say what to do" },
  {
    name: "wrong values are told",
    why: "A variable whose value cannot be meant ends the start or leaves a warning; LWA silently takes the default",
  },
  {
    name: "pass-through",
    why: "The app's JSON is the answer byte for byte, and an app that answers 5xx fails the event",
  },
  { name: "prelude", why: "The prelude of a stream has no `content-length` and no fields of the connection" },
  { name: "compression", why: "What is compressed already, or must not be changed, is left alone" },
  { name: "shutdown", why: "SIGTERM lets what is under way finish" },
  { name: "snapshots", why: "SnapStart hooks and the restore call, as LWA has them since 1.1" },
  {
    name: "web socket",
    why: "Events of WebSocket APIs carry the connection's id and address, and can be mapped to requests",
  },
];
