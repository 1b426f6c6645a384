/** What a front door can be told. One structure for whoever opens doors: the command's options, a file, a test. */

import type { DoorAuthorization, RouteAuthorization } from "../authorizers/options.ts";

/** A front door and its configuration, in AWS's words and with AWS's defaults. */
export type DoorOptions =
  | FunctionUrlOptions
  | HttpApiOptions
  | RestApiOptions
  | AlbOptions
  | LatticeOptions
  | WebSocketApiOptions;

export type DoorType = DoorOptions["type"];

/** Where a door is on this machine. */
export interface Listening {
  /** Address to listen on; loopback unless told otherwise. */
  readonly host?: string | undefined;
  /** 0, the default, takes a free port. */
  readonly port?: number | undefined;
  /** Speaks TLS, with this certificate; plain text unless told otherwise. */
  readonly tls?: Certificate | undefined;
}

/** In PEM: the certificate, with those that it rests upon behind it, and its key. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** As `Cors` of a Function URL and `CorsConfiguration` of an HTTP API. */
export interface CorsOptions {
  /** `*`, origins, or, for an HTTP API, `https://*`. */
  readonly allowOrigins?: readonly string[] | undefined;
  readonly allowMethods?: readonly string[] | undefined;
  readonly allowHeaders?: readonly string[] | undefined;
  readonly exposeHeaders?: readonly string[] | undefined;
  readonly allowCredentials?: boolean | undefined;
  /** Seconds. */
  readonly maxAge?: number | undefined;
}

export interface FunctionUrlOptions extends Listening {
  readonly type: "function-url";
  /** `BUFFERED` unless told otherwise. */
  readonly invokeMode?: "BUFFERED" | "RESPONSE_STREAM" | undefined;
  /** `AWS_IAM` wants a signature and believes it: nothing here can check one. `NONE` unless told otherwise. */
  readonly authType?: "NONE" | "AWS_IAM" | undefined;
  readonly cors?: CorsOptions | undefined;
}

export interface HttpApiOptions extends Listening, DoorAuthorization {
  readonly type: "http-api";
  /** `2.0` unless told otherwise. */
  readonly payloadFormatVersion?: "1.0" | "2.0" | undefined;
  /** `$default`, the default, or a name that all paths begin with. */
  readonly stage?: string | undefined;
  /** Route keys: `GET /items/{id}`, `ANY /{proxy+}`, `$default`; `$default` alone unless told otherwise. */
  readonly routes?: readonly string[] | undefined;
  readonly stageVariables?: Readonly<Record<string, string>> | undefined;
  readonly cors?: CorsOptions | undefined;
  /** 30,000, which is also the most, unless told otherwise. */
  readonly timeoutMs?: number | undefined;
}

export interface RestApiOptions extends Listening, DoorAuthorization {
  readonly type: "rest";
  /** First segment of all paths; `prod` unless told otherwise. */
  readonly stage?: string | undefined;
  /** Methods and their resources: `GET /items/{id}`; `ANY /` and `ANY /{proxy+}` unless told otherwise. */
  readonly resources?: readonly string[] | undefined;
  readonly stageVariables?: Readonly<Record<string, string>> | undefined;
  /** None unless told otherwise: then every body is text, and bytes that are not UTF-8 are lost. */
  readonly binaryMediaTypes?: readonly string[] | undefined;
  /** 29,000 unless told otherwise; with `STREAM` the time to the first byte. */
  readonly timeoutMs?: number | undefined;
  /** `BUFFERED` unless told otherwise. */
  readonly responseTransferMode?: "BUFFERED" | "STREAM" | undefined;
}

export interface AlbOptions extends Listening {
  readonly type: "alb";
  /** The target group's `lambda.multi_value_headers.enabled`; off unless told otherwise. */
  readonly multiValueHeaders?: boolean | undefined;
  /** Off unless told otherwise, as for every Lambda target. */
  readonly healthCheck?: HealthCheckOptions | undefined;
}

export interface HealthCheckOptions {
  /** `/` unless told otherwise. */
  readonly path?: string | undefined;
  /** 35,000 unless told otherwise. */
  readonly intervalMs?: number | undefined;
}

export interface LatticeOptions extends Listening {
  readonly type: "lattice";
  /** The target group's event structure; `V2` unless told otherwise. */
  readonly eventStructureVersion?: "V1" | "V2" | undefined;
}

export interface WebSocketApiOptions extends Listening {
  readonly type: "websocket";
  /** The path of the endpoint; `prod` unless told otherwise. */
  readonly stage?: string | undefined;
  /** `$connect`, `$disconnect` and `$default` unless told otherwise; others are keys that messages name. */
  readonly routes?: readonly string[] | undefined;
  /** `$request.body.action` unless told otherwise. */
  readonly routeSelectionExpression?: string | undefined;
  /** Those of `routes` whose answer's body goes back over the connection; none unless told otherwise. */
  readonly routeResponses?: readonly string[] | undefined;
  /** Who may connect: of type `request` or `iam`. What it says is in all events of the connection. */
  readonly authorization?: RouteAuthorization | undefined;
  /** After how long without a message a connection is closed, ms; 600,000 unless told otherwise. */
  readonly idleTimeoutMs?: number | undefined;
  /** After how long any connection is closed, ms; 7,200,000 unless told otherwise. */
  readonly maxConnectionMs?: number | undefined;
  /** 29,000 unless told otherwise. */
  readonly timeoutMs?: number | undefined;
}
