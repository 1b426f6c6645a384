/**
 * What an environment tells, on its way: to whoever started the sandbox, to the subscribers of telemetry, and into
 * the log of the caller who asked for it.
 */
import type { SandboxEvent } from "./events.ts";
import type { FunctionConfiguration } from "./function.ts";
import type { Told } from "./invocation-events.ts";
import { type JsonLog, jsonLogOf, withLogged } from "./json-log.ts";
import type { Published } from "./snapstart/publication.ts";
import { logLinesOf } from "./report.ts";
import { telemetryContextOf } from "./telemetry/context.ts";
import type { Dial } from "./telemetry/destination.ts";
import { TelemetryHub } from "./telemetry/hub.ts";
import type { Variables } from "./variables.ts";

/** Who tells. */
export interface Narrator {
  /** Of the environment. */
  readonly id: string;
  readonly number: number;
  /** Takes every event, as it happens. */
  readonly report: (event: SandboxEvent) => void;
}

export class Teller {
  readonly telemetry: TelemetryHub;
  /** Takes the log of the running invocation, if its caller asked for it. */
  log: ((line: string) => void) | undefined;
  readonly #narrator: Narrator;
  readonly #jsonLog: JsonLog | undefined;

  constructor(
    configuration: FunctionConfiguration,
    variables: Pick<Variables, "runtime">,
    narrator: Narrator,
  ) {
    this.#narrator = narrator;
    const context = telemetryContextOf(configuration, variables, narrator.id);
    this.#jsonLog = jsonLogOf(configuration, context);
    this.telemetry = new TelemetryHub({ context, tell: (news) => this.tell(news) });
  }

  /** For a boot that begins where `dial` reaches. */
  telemetryFor(dial: Dial | undefined): TelemetryHub {
    this.telemetry.reach(dial);
    return this.telemetry;
  }

  /** A copy of what was published begins; its subscribers hear first of what became the snapshot. */
  beginCopy({ initEvents, snapshot }: Pick<Published, "initEvents" | "snapshot">): void {
    this.telemetry.open(initEvents);
    if (snapshot?.subscriptions !== undefined) this.telemetry.adopt(snapshot.subscriptions);
  }

  /** `time` is now, unless what is told knows better. */
  tell(told: Told & { readonly time?: Date }): SandboxEvent {
    const { id, number, report } = this.#narrator;
    // One spread, and behind plain members: of two V8 copies the second twenty times slower, on every invocation.
    const event = withLogged(
      { time: new Date(), environment: id, environmentNumber: number, ...told },
      this.#jsonLog,
    );
    report(event);
    this.telemetry.take(event);
    if (this.log !== undefined) for (const line of logLinesOf(event)) this.log(line);
    return event;
  }
}
