/** For people: who said it, a bar, what was said. The plain form is the same without colour. */
import { logLinesOf, type SandboxEvent } from "@anylambda/sandbox";
import type { CommandNotice, Notice, Reporter } from "./notice.ts";
import type { Paint, Tone } from "./paint.ts";

export interface TextForm {
  /** Takes the logs, the address, everything that is no complaint. */
  readonly write: (text: string) => void;
  /** Takes warnings and failures. */
  readonly complain: (text: string) => void;
  readonly paint: Paint;
  /** Nothing of the platform and of extensions. */
  readonly quiet: boolean;
}

export function textReporter(form: TextForm): Reporter {
  let width = 7;
  let column = 0;
  let last: Notice["type"] | undefined;
  return {
    tell(notice) {
      const number = "environmentNumber" in notice ? notice.environmentNumber : 1;
      const name = "function" in notice ? (notice.function ?? "") : "";
      // The bars stand in one column again from here on.
      if (number > 1) width = 9;
      if (name !== "") column = Math.max(column, name.length + 2);
      const follows = last === "listening";
      last = notice.type;
      tell({ ...form, width, number, name: name === "" ? "" : name.padEnd(column), follows }, notice);
    },
  };
}

/** How one notice is told. */
interface Form extends TextForm {
  /** Columns before the bar. */
  readonly width: number;
  /** Of the environment it comes from. The first is not numbered: most of the time it is the only one. */
  readonly number: number;
  /** Of the function, where there are several; with room behind it. */
  readonly name: string;
  /** Addresses were told before, with an empty line behind them. */
  readonly follows: boolean;
}

function tell(form: Form, notice: Notice): void {
  const { paint } = form;
  switch (notice.type) {
    case "starting":
    case "stopping":
    case "reloading":
    case "reloaded":
    case "removed":
      platform(form, [sentenceOf(notice)]);
      return;
    case "dashboard":
      if (!form.quiet) form.write(`  ${paint("quiet", `${notice.url}  (dashboard)`)}\n\n`);
      return;
    case "listening":
      form.write(listeningText(form, notice));
      return;
    case "warning":
      form.complain(`${paint("warning", "warning:")} ${notice.message}\n`);
      return;
    case "failure":
      form.complain(failureText(paint, notice));
      return;
    case "log":
      log(form, notice);
      return;
    case "restoreStart":
      platform(form, [...logLinesOf(notice), ...(notice.engine === "replay" ? [replayed] : [])]);
      return;
    case "chaos":
      platform(form, [chaosText(notice)]);
      return;
    // Whatever else a sandbox tells is told as Lambda's log has it, or not at all.
    default:
      platform(form, logLinesOf(notice));
  }
}

function chaosText({ action, amount, requestId }: Extract<SandboxEvent, { type: "chaos" }>): string {
  const unit = action === "cutStream" ? "bytes" : "ms";
  return `CHAOS ${action} ${amount} ${unit}${requestId === undefined ? "" : ` RequestId: ${requestId}`}`;
}

function platform(form: Form, lines: readonly string[]): void {
  if (form.quiet) return;
  for (const text of lines) form.write(line(form, "platform", "lambda", form.paint("quiet", text.trimEnd())));
}

function log(form: Form, event: Extract<SandboxEvent, { type: "log" }>): void {
  const { source } = event;
  if (source.kind === "extension" && form.quiet) return;
  // What was written as one message to the framed log channel may have several lines.
  for (const text of logLinesOf(event).flatMap((message) => message.split("\n"))) {
    if (source.kind === "function") form.write(line(form, "app", "app", text));
    else
      form.write(line(form, "extension", source.name === "lambda-adapter" ? "adapter" : source.name, text));
  }
}

function line({ paint, width, number, name }: Form, tone: Tone, who: string, text: string): string {
  const numbered = number === 1 ? who : `${who} ${number}`;
  return `${paint(tone, `${name}${numbered.padEnd(width)} │`)} ${text}\n`;
}

function listeningText(
  { paint, quiet, follows }: Form,
  {
    doors,
    queues,
    invokeUrl,
    name,
    dashboardUrl,
    function: one,
  }: Extract<CommandNotice, { type: "listening" }>,
): string {
  // A Function URL by itself is what everybody expects.
  const named = doors.length > 1 || doors.some(({ door }) => door !== "function-url");
  const width = Math.max(...doors.map(({ url }) => url.length));
  const lines = doors.map(({ door, url }, at) => {
    const end = at === 0 ? paint("quiet", "Ctrl-C ends it") : "";
    const parts = named ? [door.padEnd(12), end] : [end];
    const gap = " ".repeat(width - url.length + 2);
    return `  ${paint("address", url)}${gap}${parts.join("  ")}`.trimEnd();
  });
  for (const directory of queues) {
    lines.push(`  ${paint("address", directory)}  ${paint("quiet", "files here become SQS messages")}`);
  }
  // The file is where the answer goes: the AWS CLI insists on one.
  const hint = `aws lambda invoke --endpoint-url ${invokeUrl} --function-name ${name} answer.json`;
  if (!quiet && dashboardUrl !== undefined) lines.push(`  ${paint("quiet", `${dashboardUrl}  (dashboard)`)}`);
  if (!quiet) lines.push(`  ${paint("quiet", hint)}`);
  // Of several, whose addresses these are; a function without any has only its name for the Invoke API.
  if (one !== undefined) lines.unshift(`  ${paint("app", one)}`);
  return `${follows ? "" : "\n"}${lines.join("\n")}\n\n`;
}

function sentenceOf(
  notice: Extract<CommandNotice, { type: "starting" | "stopping" | "reloading" | "reloaded" | "removed" }>,
): string {
  switch (notice.type) {
    case "stopping":
      return `${notice.signal}: shutting down`;
    case "reloading": {
      const [first, ...others] = notice.files;
      const more = others.length === 0 ? "" : ` and ${others.length} more`;
      return `Reloading ${notice.name}: ${first === undefined ? "its configuration changed" : `${first}${more} changed`}`;
    }
    case "reloaded":
      return `Reloaded ${notice.name} in ${Math.round(notice.durationMs)} ms`;
    case "removed":
      return `Ended ${notice.name}`;
    case "starting": {
      const { name, memorySizeMb, timeoutSeconds, appPort, adapter } = notice;
      const details = [name, `${memorySizeMb} MB`, `${timeoutSeconds} s`];
      if (appPort !== undefined) details.push(`PORT=${appPort}`);
      if (adapter !== undefined) details.push(adapterNames[adapter]);
      return `Starting ${notice.command} (${details.join(", ")})`;
    }
  }
}

/** At each start: nobody may take what he sees for a restore. */
const replayed = "Replay: the app is started anew, its memory is not restored";

const adapterNames = { native: "native adapter", node: "adapter on Node" } as const;

function failureText(
  paint: Paint,
  {
    message,
    hint,
    lines,
  }: { readonly message: string; readonly hint?: string; readonly lines: readonly string[] },
): string {
  return [
    `${paint("failure", "error:")} ${message}`,
    ...lines.map((text) => `  ${text}`),
    ...(hint === undefined ? [] : [`${paint("warning", "hint:")}  ${hint}`]),
    "",
  ].join("\n");
}
