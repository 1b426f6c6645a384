import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bubblewrapFault } from "./isolation/isolation.ts";
import { directory, fixture, of, rig } from "./testing/harness.ts";

const wrapperIn = (place: string, text = 'export WRAPPED=yes\nexec "$@"'): string => {
  const file = join(place, "wrapper");
  writeFileSync(file, `#!/bin/sh\necho "wrapped: $*"\n${text}\n`, { mode: 0o755 });
  return file;
};
const wrapped = (file: string) => ({ AWS_LAMBDA_EXEC_WRAPPER: file });
const command = fixture("runtime.mjs");

describe("AWS_LAMBDA_EXEC_WRAPPER (environment.md 4.9)", () => {
  it("is started with the command as its arguments, and stays the runtime's process by exec", async () => {
    await using r = await rig({ variables: wrapped(wrapperIn(directory())) });
    const { text } = await r.invoke({ do: "env" });
    expect(JSON.parse(text)).toMatchObject({ WRAPPED: "yes" });
    expect(r.lines()).toContain(`wrapped: ${command.file} ${command.args.join(" ")}`);
    // A runtime that is ended by a signal is seen as that: no shell stands before it.
    const { text: killed } = await r.invoke({ do: "kill", signal: "SIGKILL" });
    expect(killed).toContain("signal: killed");
  });

  it("is found in the code and in the layers, where these are", async () => {
    const optRoot = directory();
    wrapperIn(optRoot);
    await using inOpt = await rig({ optRoot, variables: wrapped("/opt/wrapper") });
    expect(JSON.parse((await inOpt.invoke({ do: "env" })).text)).toMatchObject({ WRAPPED: "yes" });
    const taskRoot = directory();
    wrapperIn(taskRoot);
    await using inTask = await rig({ taskRoot, variables: wrapped("/var/task/wrapper") });
    expect(JSON.parse((await inTask.invoke({ do: "env" })).text)).toMatchObject({ WRAPPED: "yes" });
  });

  it.skipIf(bubblewrapFault() !== undefined)("is found inside bubblewrap too", async () => {
    const optRoot = directory();
    wrapperIn(optRoot);
    const isolated = { isolation: "bubblewrap" } as const;
    await using r = await rig({ optRoot, variables: wrapped("/opt/wrapper") }, isolated);
    expect(JSON.parse((await r.invoke({ do: "env" })).text)).toMatchObject({ WRAPPED: "yes" });
  });

  it("is no affair of a function's own bootstrap", async () => {
    const taskRoot = directory();
    const text = `#!/bin/sh\nexec ${command.file} ${command.args.join(" ")}\n`;
    writeFileSync(join(taskRoot, "bootstrap"), text, { mode: 0o755 });
    const more = { taskRoot, command: undefined, variables: wrapped(wrapperIn(directory())) };
    await using r = await rig(more as object);
    const { text: answer } = await r.invoke({ do: "env" });
    expect(JSON.parse(answer)).not.toHaveProperty("WRAPPED");
    expect(JSON.parse(answer)).toHaveProperty("AWS_LAMBDA_EXEC_WRAPPER");
  });

  it("ends the runtime with 127 where it is missing, and with 126 where it is not executable", async () => {
    const failing = async (file: string): Promise<string> => {
      await using r = await rig({ variables: wrapped(file) });
      const { text } = await r.invoke({});
      expect(of(r.events, "report")[0]).toMatchObject({ status: "error", errorType: "Runtime.ExitError" });
      return text;
    };
    expect(await failing("/opt/nowhere")).toContain("exit status 127");
    const file = join(directory(), "plain");
    writeFileSync(file, "#!/bin/sh\n", { mode: 0o644 });
    expect(await failing(file)).toContain("exit status 126");
  });
});
