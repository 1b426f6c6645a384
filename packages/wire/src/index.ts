export type { Codec } from "./codec.ts";
export { concat } from "./concat.ts";
export { headerOf, headersOf } from "./message.ts";
export type { HeaderField, HeaderList, HttpRequest, HttpResponse } from "./message.ts";
export {
  bodyForms,
  fieldValues,
  isJson,
  jsonSketch,
  quickRequest,
  relay,
  relayKinds,
  targetForms,
  wholeResponse,
} from "./quick.ts";
export type {
  AnswerShape,
  QuickAnswerRules,
  QuickRequestRules,
  Relay,
  RelayPlan,
  RelayRules,
  TargetForm,
  Template,
  WholeResponse,
} from "./quick.ts";
export { droppedFields } from "./fields.ts";
export {
  MAX_PAYLOAD_BYTES,
  fromInvocationHead,
  headNames,
  invocationHeadOf,
  runtimeHeaders,
  runtimePaths,
  toInvocationHead,
} from "./runtime-api.ts";
export type { ErrorBody, InvocationHead } from "./runtime-api.ts";
export { extensionHeaders, extensionPaths } from "./extensions-api.ts";
export type {
  ExtensionEvent,
  ExtensionEventType,
  InvokeEvent,
  ShutdownEvent,
  ShutdownReason,
} from "./extensions-api.ts";
export type { ClientRequest, ClientResponse, DoorContext, InvocationResult } from "./front-doors/door.ts";
export { EventError } from "./front-doors/event-request.ts";
export type { RequestForApp } from "./front-doors/event-request.ts";
export type { AnswerBytes } from "./front-doors/answer-body.ts";
export { kindOf } from "./front-doors/recognise.ts";
export type { EventKind } from "./front-doors/recognise.ts";
export { isObject } from "./json.ts";
export { decodePath, decodedPairs } from "./percent.ts";
export { sliceMember } from "./slice-member.ts";
export type { JsonObject } from "./json.ts";
export { Http1Error } from "./http1/error.ts";
export type { Http1Fault } from "./http1/error.ts";
export { isBodilessMethod, joinSmall, writeRequest } from "./http1/request.ts";
export { ResponseReader, defaultResponseLimits } from "./http1/response.ts";
export type { ResponseEvent, ResponseLimits } from "./http1/response.ts";
export {
  HTTP_INTEGRATION_RESPONSE,
  PreludeReader,
  errorTrailers,
  writeChunk,
  writeLastChunk,
  writePrelude,
} from "./streaming.ts";
export type { Prelude, PreludeShape } from "./streaming.ts";
