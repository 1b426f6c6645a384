/** LWA's faults B1 to B40, one sentence each. A test compares the list with the scenarios that show them. */
export interface Fault {
  readonly id: string;
  readonly what: string;
  /** Why no scenario shows it. */
  readonly unseen: string | undefined;
}

const sentences: readonly (readonly [what: string, unseen?: string])[] = [
  ["A raw query with a space, a double quote, `<`, `>` or a very long one panics"],
  ["An odd `Host` or `x-forwarded-proto` panics"],
  ["A body that is no base64 but says so panics"],
  ["An empty list of values in a multi-valued query panics"],
  ["An app that breaks off in the middle of its body panics the adapter"],
  ["A response header in Latin-1 ends the process"],
  ["A client context, identity or deadline of an unexpected form ends the process"],
  ["An answer of the Runtime API that is no invocation, or a hang-up, ends the process"],
  ["A fault that ends the process loses the environment and everything under way in it"],
  ["Repeated request headers collapse to the last value"],
  ["Repeated response headers keep only their first value, `vary` among them"],
  ["The query's order is random and its spelling another"],
  ["Error trailers of a broken stream are sent as body, and the answer counts as a success"],
  ["The prelude has lists and loses values that are not ASCII"],
  ["Front doors that cannot stream, and messages, get a stream"],
  ["The base path is cut off repeatedly and within names"],
  ["`?` in a path becomes a query as well; `..` and `\\` are rewritten"],
  ["The client's framing and hop-by-hop headers are believed: requests hang or are cut"],
  ["Messages: a failure is a success, what is no JSON becomes `null`, the app's JSON is rewritten"],
  ["An HTTP event with an unusual member becomes a message for `/events`"],
  ["The request context loses members and gains nulls"],
  ["Lists of types decide about text and base64: bytes are lost, text is encoded, marks vanish"],
  ["The tenant header can be spoofed; the client's `authorization` passes when the source is missing"],
  ["The trace header of the front door is replaced; the app has no `_X_AMZN_TRACE_ID`"],
  ["What is compressed already, tiny or marked `no-transform` is compressed; strong validators stay"],
  ["Without `rawQueryString` the query is lost"],
  ["VPC Lattice and WebSocket events are not mapped"],
  ["An empty list of cookies wipes the `cookie` header"],
  ["No time limit anywhere: a hanging app holds the environment until Lambda kills it"],
  ["One attempt to register; the loss of a waiting call ends a working process; SIGTERM cuts off"],
  ["Workers ask in a tight loop, and a dead one is not replaced"],
  ["The proxy of the Runtime API: the documented form does not start, and registration goes through it"],
  ["Log: the wrong variable wins, credentials are logged, no line for a failed request, no time"],
  ["Values of variables that cannot be meant are taken for something else without a word"],
  ["Types of errors are those of Rust"],
  ["The readiness check asks 90 times a second for ever"],
  ["A request that meets a closing connection is not repeated"],
  ["A crashed app is not noticed, and nothing says so"],
  ["Context headers: raw UTF-8, control characters, no bound"],
  ["An answer that is too large is posted all the same"],
];

export const faults: readonly Fault[] = sentences.map(([what, unseen], index) => ({
  id: `B${index + 1}`,
  what,
  unseen,
}));
