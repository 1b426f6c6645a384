/** What is wrong with a function of a file, in the file's words: most sentences were made for options. Pure. */
import { type UserFailure, userFailure } from "../user-failure.ts";

/** `file` as a person knows it. */
export function inFile({ message, hint, lines }: UserFailure, file: string, name: string): UserFailure {
  const words = /^anylambda\.ya?ml$/.test(file) ? {} : wordsOfTemplates;
  const mended = hint === undefined ? undefined : asKeys(hint, words);
  return userFailure(`${file}, ${name}: ${asKeys(message, words)}`, mended, { lines });
}

type Words = Readonly<Record<string, string>>;

const wordsOfTemplates: Words = {
  code: "CodeUri",
  layers: "Layers",
  command: "Metadata.AnyLambda.Command",
  appPort: "Metadata.AnyLambda.AppPort",
};

/** `--app-port 3000` is `appPort: 3000` there. */
function asKeys(text: string, words: Words): string {
  const word = (key: string): string => words[key] ?? key;
  return text
    .replace(
      /^(.*)anylambda dev (?:--app-port (\d+) )?-- (.+)$/,
      (_, before: string, port: string, command: string) =>
        `${before}${word("command")}: ${command}${port === undefined ? "" : `, ${word("appPort")}: ${port}`}`,
    )
    .replace("--no-adapter", "adapter: none")
    .replaceAll(/-e (\w+)=([^\s,]*[^\s,.])/g, "env: { $1: $2 }")
    .replaceAll(/--([a-z]+(?:-[a-z]+)*)(?: (\d+))?/g, (_, option: string, value?: string) => {
      const key =
        option === "layer" ? "layers" : option.replaceAll(/-(.)/g, (_all, one: string) => one.toUpperCase());
      return value === undefined ? word(key) : `${word(key)}: ${value}`;
    });
}
