export type { Credentials, ExtensionProgram, FunctionConfiguration, Program } from "./function.ts";
export type {
  ExtensionReport,
  Fault,
  InitFailure,
  InitPhase,
  InitReport,
  InvocationReport,
  InvocationStatus,
  LogSource,
  LogsDropped,
  RestoreReport,
  RuntimeDone,
  SandboxEvent,
  Span,
  Subscription,
  Tracing,
} from "./events.ts";
export { startFleet } from "./fleet.ts";
export type { Allocation, Fleet, FleetOptions } from "./fleet.ts";
export type { FleetAnswer, Invocation, InvokeRequest, Refusal } from "./waiting.ts";
export type { Excerpt, GivenAnswer, InvocationTap, ReceivedEvent } from "./tap.ts";
export type { AnswerStream } from "./answers.ts";
export type { InvocationAnswer, ResponseMode, StreamedAnswer } from "./invocation.ts";
export { logLinesOf } from "./report.ts";
export type { CheckpointReport } from "./events.ts";
export type {
  Restore,
  RestoreOutcome,
  Snapshot,
  SnapshotEngine,
  Stage,
  Version,
} from "./snapstart/engine.ts";
export { criuHost } from "./snapstart/criu-host.ts";
export type { CriuHost } from "./snapstart/criu-host.ts";
export { criuEngine, openSnapshot } from "./snapstart/criu-engine.ts";
export type { CriuEngineOptions } from "./snapstart/criu-engine.ts";
export { Publication, publishLimitOf } from "./snapstart/publication.ts";
export type { PublishOptions, Published } from "./snapstart/publication.ts";
export { replayEngine } from "./snapstart/replay-engine.ts";
export type { RefusedVariable } from "./variables.ts";
export { pollDirectory } from "./queues/directory-queue.ts";
export type { DirectoryQueueOptions, Poller, QueueNotice } from "./queues/directory-queue.ts";
export { openSharedApi } from "./listeners/shared-api.ts";
export type { SharedApi, SharedApiOptions } from "./listeners/shared-api.ts";
export { requireAuthorizer } from "./authorizers/authorizers.ts";
export type { AuthorizerMeans } from "./authorizers/authorizers.ts";
export { authorizersOfApi } from "./authorizers/options.ts";
export type { AuthorizerOptions, DoorAuthorization, RouteAuthorization } from "./authorizers/options.ts";
export { openDoor } from "./listeners/open-door.ts";
export type { Certificate, CorsOptions, DoorOptions, DoorType } from "./listeners/door-options.ts";
export type { HttpListener } from "./listeners/http-listener.ts";
export { listenInvokeApi } from "./listeners/invoke-api.ts";
export type { InvokeApiOptions } from "./listeners/invoke-api.ts";
export type { Functions, PublishedFunction } from "./listeners/invoke-target.ts";
export type { AsyncOptions } from "./async-invocations.ts";
export type { DeadLetter, DestinationRecord } from "./destination-record.ts";
export { httpDestination } from "./http-destination.ts";
export type { HttpDestination, HttpDestinationOptions } from "./http-destination.ts";
export { bubblewrapFault } from "./isolation/isolation.ts";
export { outboundFault } from "./isolation/outbound.ts";
export type { Isolation } from "./isolation/isolation.ts";
export { mergeLayers } from "./layers.ts";
