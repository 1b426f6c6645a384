import type { Config } from "./config.ts";
import type { Address, HostAddress } from "./platform.ts";

/** Where the app takes requests: a socket that is named goes before the port. */
export function appAddress({ appSocket, host, port }: Config): Address {
  return appSocket === undefined ? { host, port } : { path: appSocket };
}

/** Where it is asked whether it is ready: a port of its own for that is a port beside a socket, too. */
export function readinessAddress(config: Config): Address {
  const { host, readinessPort } = config;
  return readinessPort === undefined ? appAddress(config) : { host, port: readinessPort };
}

/** For people. */
export function placeOf(address: Address): string {
  return "path" in address ? `unix:${address.path}` : authorityOf(address);
}

/** As it stands in a `host` field: an IPv6 address in brackets. */
export function authorityOf({ host, port }: HostAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
