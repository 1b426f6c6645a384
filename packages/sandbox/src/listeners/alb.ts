/** An Application Load Balancer with the function as its target, as a real HTTP server (spec event-formats.md 9, 15). */
import { type ClientResponse, MAX_PAYLOAD_BYTES } from "@anylambda/wire";
import * as alb from "@anylambda/wire/front-doors/alb";
import { nodeCodec } from "@anylambda/wire/node";
import type { Fleet } from "../fleet.ts";
import { targetGroupArnOf } from "../identifiers.ts";
import type { AlbOptions, HealthCheckOptions } from "./door-options.ts";
import { type Faults, type FrontDoor, type Place, contextOf, listenFrontDoor } from "./front-door.ts";
import { type HttpListener, schemeOf } from "./http-listener.ts";

/** Opens it. Rejects when the port is taken or the address is not this machine's. */
export async function listenAlb(fleet: Fleet, options: Omit<AlbOptions, "type"> = {}): Promise<HttpListener> {
  const targetGroupArn = targetGroupArnOf(fleet.configuration);
  const target = { targetGroupArn, multiValueHeaders: options.multiValueHeaders ?? false };
  const listener = await listenFrontDoor(fleet, options, (port) => doorOf(port, schemeOf(options), target));
  if (options.healthCheck === undefined) return listener;
  const stop = checkHealth(fleet, target, options.healthCheck);
  return {
    ...listener,
    close: () => {
      stop();
      return listener.close();
    },
  };
}

function doorOf(port: number, scheme: Place["scheme"], target: alb.AlbTarget): FrontDoor {
  // None of these is in an event of a load balancer's.
  const place: Place = { accountId: "", apiId: "", domainName: "", port, scheme };
  return {
    limits: { body: 1_048_576, head: 65_536, field: 16_384, line: 16_384 },
    maxEventBytes: MAX_PAYLOAD_BYTES,
    faults,
    added: () => [],
    ask(request, arrival) {
      // 9.2. Node calls a request an upgrade only where somebody listens for one, so that this is an ordinary one.
      if (request.headers.some(([name, value]) => isWebSocket(name, value))) return page(400, "Bad Request");
      return {
        event: alb.toEvent(request, contextOf(place, arrival, ""), target, nodeCodec),
        fromResult: (result) => alb.fromResult(result, target.multiValueHeaders, nodeCodec),
      };
    },
  };
}

function isWebSocket(name: string, value: string): boolean {
  return name.toLowerCase() === "upgrade" && value.toLowerCase() === "websocket";
}

/**
 * One check after the other, as long as the door is open. What comes of them is the function's affair: a target group
 * whose only target is ill sends it requests all the same.
 */
function checkHealth(
  fleet: Fleet,
  target: alb.AlbTarget,
  { path = "/", intervalMs = 35_000 }: HealthCheckOptions,
): () => void {
  const payload = Buffer.from(JSON.stringify(alb.healthCheckEvent(path, target)));
  let running = false;
  const timer = setInterval(() => {
    if (running) return;
    running = true;
    void fleet.invoke({ payload }).ended.then(() => (running = false));
  }, intervalMs);
  return () => clearInterval(timer);
}

function page(status: number, reason: string): ClientResponse {
  const title = `${status} ${reason}`;
  const body =
    `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n` +
    `</body>\r\n</html>\r\n`;
  const headers = [
    ["Content-Type", "text/html"],
    ["Server", "awselb/2.0"],
  ] as const;
  return { status, headers, body: Buffer.from(body) };
}

const badGateway = page(502, "Bad Gateway");
const tooLarge = page(413, "Request Entity Too Large");

const faults: Faults = {
  badTarget: page(400, "Bad Request"),
  headTooLarge: page(400, "Bad Request"),
  bodyTooLarge: tooLarge,
  eventTooLarge: tooLarge,
  throttled: badGateway,
  unavailable: badGateway,
  timeout: page(504, "Gateway Time-out"),
  bug: badGateway,
};
