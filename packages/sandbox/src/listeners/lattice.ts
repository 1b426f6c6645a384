/** A VPC Lattice service with the function as its target, as a real HTTP server (spec event-formats.md 11 and 15). */
import { type ClientResponse, MAX_PAYLOAD_BYTES } from "@anylambda/wire";
import * as lattice from "@anylambda/wire/front-doors/lattice";
import { nodeCodec } from "@anylambda/wire/node";
import type { Fleet } from "../fleet.ts";
import type { FunctionConfiguration } from "../function.ts";
import { latticeServiceOf } from "../identifiers.ts";
import type { LatticeOptions } from "./door-options.ts";
import { type Faults, type FrontDoor, type Place, contextOf, listenFrontDoor } from "./front-door.ts";
import { type HttpListener, schemeOf } from "./http-listener.ts";

/** Opens it. Rejects when the port is taken or the address is not this machine's. */
export function listenLattice(
  fleet: Fleet,
  options: Omit<LatticeOptions, "type"> = {},
): Promise<HttpListener> {
  return listenFrontDoor(fleet, options, (port) => doorOf(fleet.configuration, port, options));
}

function doorOf(
  configuration: FunctionConfiguration,
  port: number,
  options: Omit<LatticeOptions, "type">,
): FrontDoor {
  const { eventStructureVersion = "V2" } = options;
  // None of these is in an event of Lattice's.
  const scheme = schemeOf(options);
  const place: Place = { accountId: "", apiId: "", domainName: "", port, scheme };
  const service = latticeServiceOf(configuration);
  return {
    limits: { body: 6_291_456, head: 65_536 },
    maxEventBytes: MAX_PAYLOAD_BYTES,
    faults,
    added: () => [],
    ask(request, arrival) {
      const context = contextOf(place, arrival, "");
      return {
        event:
          eventStructureVersion === "V1"
            ? lattice.toEventV1(request, context, nodeCodec)
            : lattice.toEventV2(request, context, service, nodeCodec),
        fromResult: (result) => lattice.fromResult(result, nodeCodec),
      };
    },
  };
}

/** Of Lattice's own answers nothing is recorded but their existence: a bare status stands for each. */
function bare(status: number): ClientResponse {
  return { status, headers: [], body: new Uint8Array(0) };
}

const faults: Faults = {
  badTarget: bare(400),
  headTooLarge: bare(431),
  bodyTooLarge: bare(413),
  eventTooLarge: bare(413),
  throttled: bare(503),
  unavailable: bare(503),
  timeout: bare(504),
  bug: bare(500),
};
