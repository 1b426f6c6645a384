/** Chooses the form in which a command tells what happens. */
import { gathered } from "./gathered.ts";
import { groupedReporter } from "./grouped.ts";
import { jsonReporter } from "./json.ts";
import { laterReporter } from "./later.ts";
import type { Reporter } from "./notice.ts";
import { paintFor } from "./paint.ts";
import { textReporter } from "./text.ts";

export interface OutputOptions {
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
}

export function reporterFor(
  { json = false, quiet = false }: OutputOptions,
  stream: NodeJS.WriteStream,
): Reporter {
  const { write, flush } = gathered(stream);
  if (json) return laterReporter(jsonReporter(write));
  const complain = (text: string): void => {
    flush();
    process.stderr.write(text);
  };
  const text = textReporter({ write, complain, paint: paintFor(stream, process.env), quiet });
  return laterReporter(groupedReporter(text));
}
