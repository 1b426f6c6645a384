/** The front doors as the adapter uses them: one row a kind of event. */
import type {
  AnswerBytes,
  AnswerShape,
  Codec,
  EventKind,
  HttpResponse,
  JsonObject,
  PreludeShape,
  RequestForApp,
  TargetForm,
} from "@anylambda/wire";
import { MAX_PAYLOAD_BYTES, isObject, targetForms } from "@anylambda/wire";
import * as alb from "@anylambda/wire/front-doors/alb";
import * as functionUrl from "@anylambda/wire/front-doors/function-url";
import * as httpApi1 from "@anylambda/wire/front-doors/http-api-1";
import * as httpApi2 from "@anylambda/wire/front-doors/http-api-2";
import * as lattice from "@anylambda/wire/front-doors/lattice";
import * as rest from "@anylambda/wire/front-doors/rest";
import * as webSocket from "@anylambda/wire/front-doors/websocket";
import type { Config } from "./config.ts";

/** The adapter's half of a front door, for one event. */
export interface Door {
  toHttp(): RequestForApp;
  /** For events whose request can be made of members as they stand, and their answer in a shape that is told. */
  readonly inPlace?: InPlace;
  /** `method` is the request's: whether a body may follow depends on it. */
  fromHttp(response: HttpResponse, method: string): AnswerForLambda;
  /** How the prelude of a streamed answer is written; absent where the door cannot stream. */
  readonly prelude?: PreludeShape;
  /** Largest answer the door takes, bytes of JSON. */
  readonly maxAnswerBytes: number;
}

/** What is to be known of members whose values nobody reads. */
interface InPlace {
  /** How the target is written, and whether the headers may also stand in a map of lists. */
  readonly target: TargetForm;
  readonly hasLists: boolean;
  /** Throws what `toHttp` throws. */
  method(): string;
  /** As `fromHttp` writes. */
  answerShape(): AnswerShape;
}

interface AnswerForLambda {
  readonly payload: AnswerBytes;
  /** What could not be carried over, for the log. */
  readonly remarks: readonly string[];
}

const none: readonly string[] = [];

/** The door through which the event came; `undefined` for events that are passed through. */
export function doorOf(kind: EventKind, event: unknown, config: Config, codec: Codec): Door | undefined {
  if (!isObject(event)) return undefined;
  const maxAnswerBytes = MAX_PAYLOAD_BYTES;
  switch (kind) {
    case "function-url":
      return {
        toHttp: () => functionUrl.toHttp(event, codec),
        inPlace: {
          target: targetForms.encodedPath,
          hasLists: false,
          method: () => functionUrl.methodOf(event),
          answerShape: functionUrl.answerShape,
        },
        fromHttp: (response, method) => plain(functionUrl.fromHttp(response, method, codec)),
        prelude: "joined",
        maxAnswerBytes,
      };
    case "http-api-2.0":
      return {
        toHttp: () => httpApi2.toHttp(event, codec),
        inPlace: {
          // Where it is not quite decoded (`httpApi2.toHttp`), that shows in a character which is not taken as it stands.
          target: targetForms.decodedPath,
          hasLists: false,
          method: () => httpApi2.methodOf(event),
          answerShape: httpApi2.answerShape,
        },
        fromHttp: (response, method) => plain(httpApi2.fromHttp(response, method, codec)),
        // An HTTP API cannot stream. A Function URL behind a domain of the user's own looks the same but for the
        // domain, and a function that was told to stream is more likely behind that.
        ...(!isExecuteApi(event) && { prelude: "joined" as const }),
        maxAnswerBytes,
      };
    case "http-api-1.0":
      return {
        toHttp: () => httpApi1.toHttp(event, codec),
        inPlace: {
          target: targetForms.decodedParameters,
          hasLists: true,
          method: () => httpApi1.methodOf(event),
          answerShape: httpApi1.answerShape,
        },
        fromHttp: (response, method) => plain(httpApi1.fromHttp(response, method, codec)),
        maxAnswerBytes,
      };
    case "rest":
      return {
        toHttp: () => rest.toHttp(event, codec),
        inPlace: {
          target: targetForms.decodedParameters,
          hasLists: true,
          method: () => rest.methodOf(event),
          answerShape: rest.answerShape,
        },
        fromHttp: (response, method) => plain(rest.fromHttp(response, method, codec)),
        prelude: "lists",
        maxAnswerBytes,
      };
    case "alb":
      return {
        toHttp: () => alb.toHttp(event, codec),
        inPlace: {
          target: targetForms.encodedParameters,
          hasLists: true,
          method: () => alb.methodOf(event),
          answerShape: () => alb.answerShape(alb.isMultiValue(event)),
        },
        fromHttp: (response, method) => albAnswer(response, method, alb.isMultiValue(event), codec),
        maxAnswerBytes: alb.ALB_MAX_ANSWER_BYTES,
      };
    case "lattice-1":
    case "lattice-2":
      return {
        toHttp: () => lattice.toHttp(event, codec),
        fromHttp: (response, method) =>
          withCookieRemark(lattice.fromHttp(response, method, codec), alb.lostCookies(response, false), ""),
        maxAnswerBytes,
      };
    case "websocket": {
      const base = config.webSocketPath;
      if (base === undefined) return undefined;
      return {
        toHttp: () => webSocket.toHttp(event, base, codec),
        fromHttp: (response) => plain(webSocket.fromHttp(response, codec)),
        maxAnswerBytes,
      };
    }
    case "authorizer":
    case "records":
    case "other":
      return undefined;
  }
}

function plain(payload: AnswerBytes): AnswerForLambda {
  return { payload, remarks: none };
}

function albAnswer(
  response: HttpResponse,
  method: string,
  multiValue: boolean,
  codec: Codec,
): AnswerForLambda {
  return withCookieRemark(
    alb.fromHttp(response, method, multiValue, codec),
    alb.lostCookies(response, multiValue),
    ": enable multi-value headers on the target group to keep them",
  );
}

function withCookieRemark(payload: AnswerBytes, lost: number, mend: string): AnswerForLambda {
  if (lost === 0) return { payload, remarks: none };
  return {
    payload,
    remarks: [`${lost} set-cookie header(s) were left out, because the front door takes one${mend}`],
  };
}

function isExecuteApi(event: JsonObject): boolean {
  const context = event["requestContext"];
  const domain = isObject(context) ? context["domainName"] : undefined;
  return typeof domain === "string" && domain.includes(".execute-api.");
}
