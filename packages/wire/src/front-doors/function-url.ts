import type { Codec } from "../codec.ts";
import type { ClientRequest, ClientResponse, DoorContext, InvocationResult } from "./door.ts";

export function toEvent(_request: ClientRequest, _context: DoorContext, _codec: Codec): object {
  throw new Error("being written");
}

export function fromResult(_result: InvocationResult, _codec: Codec): ClientResponse {
  throw new Error("being written");
}
