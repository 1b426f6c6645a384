/** What an authorizer can be told, in AWS's words and with AWS's defaults unless told otherwise. */

export type AuthorizerOptions =
  | JwtAuthorizerOptions
  | CognitoAuthorizerOptions
  | RequestAuthorizerOptions
  | TokenAuthorizerOptions
  | IamAuthorizerOptions;

export type AuthorizerType = AuthorizerOptions["type"];

/** Which of them each API can have, as on AWS. */
export const authorizersOfApi: Readonly<
  Record<"http-api" | "rest" | "websocket", readonly AuthorizerType[]>
> = {
  "http-api": ["jwt", "request", "iam"],
  rest: ["cognito", "request", "token", "iam"],
  websocket: ["request", "iam"],
};

/** Where the keys of an issuer are, and whether they are asked for. */
export interface KeySource {
  /** A file or an `http(s)://` URL with a JSON Web Key Set; what the issuer's discovery document names when absent. */
  readonly keys?: string | undefined;
  /** Believes every token: neither signature nor claims are looked at. For work without an identity provider. */
  readonly unverified?: boolean | undefined;
}

/** Of HTTP APIs. */
export interface JwtAuthorizerOptions extends KeySource {
  readonly type: "jwt";
  /** `iss` of its tokens: a URL. */
  readonly issuer: string;
  /** One of these must be in `aud`, or be `client_id` where there is no `aud`. */
  readonly audience: readonly string[];
  /** `$request.header.Authorization` unless told otherwise. */
  readonly identitySource?: string | undefined;
}

/** Of REST APIs: tokens of user pools. */
export interface CognitoAuthorizerOptions extends KeySource {
  readonly type: "cognito";
  /** Their issuers: `https://cognito-idp.REGION.amazonaws.com/POOL`. */
  readonly issuers: readonly string[];
  /** `Authorization` unless told otherwise. */
  readonly header?: string | undefined;
  /** A regular expression that all of the header must match; else 401 without a look at the token. */
  readonly validationExpression?: string | undefined;
}

/** A Lambda function that gets the request: of HTTP, REST and WebSocket APIs. */
export interface RequestAuthorizerOptions {
  readonly type: "request";
  /** Name of the function. */
  readonly function: string;
  /** `$request.header.X`, `method.request.querystring.X`, …; a request without one of them gets 401. */
  readonly identitySource?: readonly string[] | undefined;
  /** How long an answer is used again for the same values of the sources; 300 unless told otherwise, 0: never. */
  readonly ttlSeconds?: number | undefined;
  /** HTTP APIs: format of the event; `2.0` unless told otherwise. */
  readonly payloadFormatVersion?: "1.0" | "2.0" | undefined;
  /** HTTP APIs: whether `{"isAuthorized": true}` is an answer; unless told otherwise only a policy is. */
  readonly simpleResponses?: boolean | undefined;
}

/** A Lambda function that gets one header: of REST APIs. */
export interface TokenAuthorizerOptions {
  readonly type: "token";
  readonly function: string;
  /** `Authorization` unless told otherwise. */
  readonly header?: string | undefined;
  /** A regular expression that all of the header must match; else 401 without a call of the function. */
  readonly validationExpression?: string | undefined;
  /** 300 unless told otherwise, 0: never. */
  readonly ttlSeconds?: number | undefined;
}

/** Asks for a signature and believes it: nothing here can check one. */
interface IamAuthorizerOptions {
  readonly type: "iam";
}

/** Who may call a route. */
export interface RouteAuthorization {
  readonly authorizer: AuthorizerOptions;
  /** A token must have one of these; any will do where there is none. */
  readonly scopes?: readonly string[] | undefined;
}

/** Of a door with routes: for all of them, and for single ones. */
export interface DoorAuthorization {
  /** For routes that say nothing themselves. */
  readonly authorization?: RouteAuthorization | undefined;
  /** By route key; `NONE` opens a route. */
  readonly routeAuthorizations?: Readonly<Record<string, RouteAuthorization | "NONE">> | undefined;
}

/** `undefined`: everybody may. */
export function authorizationOf(
  { authorization, routeAuthorizations = {} }: DoorAuthorization,
  routeKey: string,
): RouteAuthorization | undefined {
  const own = Object.hasOwn(routeAuthorizations, routeKey) ? routeAuthorizations[routeKey] : undefined;
  if (own === "NONE") return undefined;
  return own ?? authorization;
}
