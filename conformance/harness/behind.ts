/** An adapter in front of an app that runs already: events go in, what it posts comes out. */
import { createJournal } from "./journal.ts";
import type { Message } from "./messages.ts";
import { startRuntimeApi } from "./runtime-api.ts";
import type { Posted } from "./runtime-api.ts";
import type { Invocation } from "./scenario.ts";
import type { Subject } from "./stage.ts";
import { start } from "../../examples/testing/programs.ts";

/** A wait longer than this is a failure, ms. */
const LIMIT_MS = 20_000;

export interface Behind {
  invoke(invocation: Invocation): Promise<{ readonly kind: Posted["kind"]; readonly message: Message }>;
  stop(): Promise<void>;
}

/** `settings` are the function's variables, as the app's documents give them. */
export async function startBehind(
  subject: Subject,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<Behind> {
  const api = await startRuntimeApi("api");
  const journal = createJournal();
  const scene = { journal, rules: [], posted: [], calls: [] };
  api.play(scene);
  const program = start({
    file: subject.file,
    args: subject.args,
    cwd: process.cwd(),
    env: {
      PATH: process.env["PATH"] ?? "",
      AWS_LAMBDA_RUNTIME_API: api.authority,
      AWS_LAMBDA_FUNCTION_NAME: "shop",
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
      PORT: String(port),
      ...settings,
    },
  });
  return {
    async invoke(invocation) {
      // A scene an invocation: what was posted before is over.
      const posted: Posted[] = [];
      api.play({ ...scene, posted });
      api.invoke(invocation);
      await journal.until(() => posted.length > 0, LIMIT_MS);
      const [first] = posted;
      if (first === undefined) throw new Error(`${subject.name} did not answer:\n${program.output()}`);
      return first;
    },
    async stop() {
      await program.stop("SIGKILL");
      await api.close();
    },
  };
}

/** An answer as its client sees it, whatever shape of it the front door was given. */
export interface Seen {
  readonly status: number | string;
  /** In lower case and in order of their names; each value of its own, as `name: value`. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** Fields that belong to a connection or a moment; front doors replace them all. */
const dropped = /^(connection|keep-alive|content-length|transfer-encoding|date):/;

export function seenOf({
  kind,
  message,
}: {
  readonly kind: Posted["kind"];
  readonly message: Message;
}): Seen {
  if (kind === "error") return { status: "failed", headers: [], body: message.body };
  const { body } = message;
  const end = message.chunks === undefined ? -1 : body.indexOf(Buffer.alloc(8));
  const answer = JSON.parse(body.subarray(0, end < 0 ? undefined : end).toString("utf8")) as {
    readonly statusCode?: number;
    readonly headers?: Readonly<Record<string, string | string[]>>;
    readonly cookies?: readonly string[];
    readonly body?: string;
    readonly isBase64Encoded?: boolean;
  };
  if (typeof answer !== "object" || answer.statusCode === undefined)
    return { status: "JSON", headers: [], body };
  const headers = Object.entries(answer.headers ?? {}).flatMap(([name, values]) =>
    [values].flat().map((value) => `${name.toLowerCase()}: ${value}`),
  );
  const cookies = (answer.cookies ?? []).map((cookie) => `set-cookie: ${cookie}`);
  return {
    status: answer.statusCode,
    headers: [...headers, ...cookies]
      .filter((line) => !dropped.test(line))
      .toSorted((a, b) => a.localeCompare(b)),
    body:
      end < 0
        ? Buffer.from(answer.body ?? "", answer.isBase64Encoded ? "base64" : "utf8")
        : body.subarray(end + 8),
  };
}
