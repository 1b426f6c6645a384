/** How a command ends. The table stands in `--help`. */
export const exitCodes = [
  { name: "done", code: 0, meaning: "done; dev: ended with Ctrl-C or SIGTERM" },
  {
    name: "failed",
    code: 1,
    meaning: "the app did not start, the function failed, a file or port is unusable",
  },
  { name: "usage", code: 2, meaning: "an option or argument that is not understood" },
  { name: "bug", code: 70, meaning: "a bug in anylambda itself" },
  { name: "interrupted", code: 130, meaning: "Ctrl-C before the answer (invoke), or a second Ctrl-C (dev)" },
] as const;

export type ExitName = (typeof exitCodes)[number]["name"];

export function exitCodeOf(name: ExitName): number {
  return exitCodes.find((row) => row.name === name)?.code ?? 70;
}

export function exitCodeHelp(): string {
  return `\nExit codes:\n${exitCodes.map(({ code, meaning }) => `  ${String(code).padEnd(5)}${meaning}`).join("\n")}`;
}
