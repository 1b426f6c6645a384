/** A Lambda Function URL as a real HTTP server on this machine (spec event-formats.md 7 and 15). */
import { type ClientResponse, MAX_PAYLOAD_BYTES, type Prelude, headerOf } from "@anylambda/wire";
import * as functionUrl from "@anylambda/wire/front-doors/function-url";
import { nodeCodec } from "@anylambda/wire/node";
import type { Fleet } from "../fleet.ts";
import type { FunctionConfiguration } from "../function.ts";
import { urlIdOf } from "../identifiers.ts";
import { corsOf } from "./cors.ts";
import { jsonAnswer, textAnswer, typedError } from "./door-answers.ts";
import type { FunctionUrlOptions } from "./door-options.ts";
import { type Faults, type FrontDoor, type Place, contextOf, listenFrontDoor } from "./front-door.ts";
import { type HttpListener, schemeOf } from "./http-listener.ts";
import { callerOf } from "./iam-caller.ts";
import type { StreamForm } from "./streamed-answer.ts";

/** Opens the front door. Rejects when the port is taken or the address is not this machine's. */
export function listenFunctionUrl(
  fleet: Fleet,
  options: Omit<FunctionUrlOptions, "type"> = {},
): Promise<HttpListener> {
  return listenFrontDoor(fleet, options, (port) => doorOf(fleet.configuration, port, options));
}

function doorOf(
  configuration: FunctionConfiguration,
  port: number,
  options: Omit<FunctionUrlOptions, "type">,
): FrontDoor {
  const { invokeMode = "BUFFERED", authType = "NONE", cors } = options;
  const scheme = schemeOf(options);
  const apiId = urlIdOf(configuration);
  const domainName = `${apiId}.lambda-url.${configuration.region}.on.aws`;
  const signed = authType === "AWS_IAM";
  const place: Place = {
    accountId: signed ? configuration.accountId : "anonymous",
    apiId,
    domainName,
    port,
    scheme,
  };
  const sharing = cors === undefined ? undefined : corsOf(cors, "function-url");
  return {
    limits: { body: maxBodyBytes, head: 1_048_576 },
    maxEventBytes: MAX_PAYLOAD_BYTES,
    faults,
    streams: invokeMode === "RESPONSE_STREAM",
    added: ({ uuid }) => [["x-amzn-RequestId", uuid]],
    ask(request, arrival) {
      const preflight = sharing?.preflight(request);
      if (preflight !== undefined) return preflight;
      const caller = signed ? callerOf(request, configuration) : undefined;
      if (signed && caller === undefined) return forbidden;
      const share = (response: ClientResponse): ClientResponse =>
        sharing?.share(request, response) ?? response;
      return {
        event: functionUrl.toEvent(request, contextOf(place, arrival, arrival.uuid), nodeCodec, caller),
        requestId: arrival.uuid,
        fromResult: (result) => share(functionUrl.fromResult(result, nodeCodec)),
        ...(invokeMode === "RESPONSE_STREAM" && { stream: streamForm(share) }),
      };
    },
  };
}

function streamForm(share: (response: ClientResponse) => ClientResponse): StreamForm {
  const shared = ({ status, headers }: Prelude): Prelude => {
    const response = share({ status, headers, body: nothing });
    return { status, headers: [...response.headers] };
  };
  return {
    head: ({ status, headers }: Prelude): Prelude => {
      const typed = headerOf(headers, "content-type") !== undefined || status === 204 || status === 304;
      return shared({ status, headers: typed ? headers : [...headers, octets] });
    },
    bare: (contentType: string | undefined): Prelude =>
      shared({ status: 200, headers: [["Content-Type", contentType ?? octets[1]]] }),
    failed: badGateway,
    malformed: badGateway,
  };
}

const nothing = new Uint8Array(0);
const octets = ["Content-Type", "application/octet-stream"] as const;

/** Request payload limit of a synchronous invocation (environment.md 5.6). */
const maxBodyBytes = 6_291_456;

const badGateway = textAnswer(502, "Internal Server Error");

const forbidden = typedError(
  403,
  `{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}`,
  "AccessDeniedException",
);

/** The status is AWS's; its exact text is not established (event-formats.md 7.2). */
const tooLarge = typedError(
  413,
  `{"message":"Request must be smaller than ${maxBodyBytes} bytes for the InvokeFunction operation"}`,
  "RequestTooLargeException",
);

const faults: Faults = {
  badTarget: jsonAnswer(400, `{"message":"Bad Request"}`),
  headTooLarge: jsonAnswer(431, `{"message":"Request Header Fields Too Large"}`),
  bodyTooLarge: tooLarge,
  eventTooLarge: tooLarge,
  throttled: typedError(
    429,
    `{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}`,
    "TooManyRequestsException",
  ),
  unavailable: typedError(503, `{"Type":"Service","Message":"Service unavailable"}`, "ServiceException"),
  timeout: badGateway,
  bug: badGateway,
};
