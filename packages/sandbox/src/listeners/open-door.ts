/** The one way to open a front door, whichever it is. */
import type { AuthorizerMeans } from "../authorizers/authorizers.ts";
import type { Fleet } from "../fleet.ts";
import { listenAlb } from "./alb.ts";
import type { DoorOptions } from "./door-options.ts";
import { listenFunctionUrl } from "./function-url.ts";
import { listenHttpApi } from "./http-api.ts";
import type { HttpListener } from "./http-listener.ts";
import { listenLattice } from "./lattice.ts";
import { listenRestApi } from "./rest-api.ts";

/**
 * Several may be open on one fleet. Rejects when the port is taken, the address is not this machine's, or a route is none.
 * `url` of what it gives is where a client begins: with the stage, and `ws://` for a WebSocket API.
 */
export async function openDoor(
  fleet: Fleet,
  options: DoorOptions,
  means: AuthorizerMeans = {},
): Promise<HttpListener> {
  switch (options.type) {
    case "function-url":
      return listenFunctionUrl(fleet, options);
    case "http-api":
      return listenHttpApi(fleet, options, means);
    case "rest":
      return listenRestApi(fleet, options, means);
    case "alb":
      return listenAlb(fleet, options);
    case "lattice":
      return listenLattice(fleet, options);
    case "websocket": {
      // With a library of its own, which others do not have to wait for.
      const { listenWebSocketApi } = await import("./websocket-api.ts");
      return listenWebSocketApi(fleet, options, means);
    }
  }
}
