/** Colour, or none. */
import { styleText } from "node:util";

export type Tone = "app" | "extension" | "platform" | "address" | "failure" | "warning" | "quiet";

export type Paint = (tone: Tone, text: string) => string;

const styles = {
  app: "cyan",
  extension: "magenta",
  platform: "blue",
  address: ["bold", "cyan"],
  failure: ["bold", "red"],
  warning: "yellow",
  quiet: "dim",
} as const satisfies Record<Tone, Parameters<typeof styleText>[0]>;

export const inColour: Paint = (tone, text) => styleText(styles[tone], text);

export const inPlain: Paint = (_tone, text) => text;

/** https://no-color.org: any value but the empty one means no colour. */
export function paintFor(stream: { readonly isTTY?: boolean }, variables: NodeJS.ProcessEnv): Paint {
  const unwanted = variables["NO_COLOR"] !== undefined && variables["NO_COLOR"] !== "";
  return stream.isTTY === true && !unwanted && variables["TERM"] !== "dumb" ? inColour : inPlain;
}
