/** The same tests for every example: asked directly and through `anylambda dev`, it answers the same. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { differences } from "./compare.ts";
import { type Door, doors } from "./doors.ts";
import { type Program, start } from "./programs.ts";
import { type ExampleRequest, exampleRequests } from "./requests.ts";
import { send } from "./send.ts";

export interface Example {
  readonly name: string;
  readonly directory: string;
  /** Why it cannot run on this machine: its tests are skipped, and the report says so. */
  readonly missing: string | undefined;
  /** It takes a path for what it decodes to, so that it cannot tell `%2F` from a slash. */
  readonly decodesPaths?: boolean;
  /** Makes the example ready to run; answers the program and its arguments. */
  prepare(): Promise<readonly [file: string, ...args: string[]]>;
}

const command = fileURLToPath(new URL("../../packages/cli/dist/bundle/anylambda.mjs", import.meta.url));
const bootMs = 30_000;
// What a terminal would hand over, and no more: an example must not live on the variables of the test runner.
const terminal = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/" };

/** The adapter's engines, and why one cannot run here. */
const engines = [
  { engine: "node", name: "adapter on Node", missing: undefined },
  { engine: "native", name: "native adapter", missing: missingNative() },
] as const;

function missingNative(): string | undefined {
  const platform = `linux-${process.arch}`;
  const file = fileURLToPath(new URL(`../../dist/native/${platform}/lambda-adapter`, import.meta.url));
  return existsSync(file) ? undefined : `not built: npm run build:native -- ${platform}`;
}

export function describeExample(example: Example): void {
  for (const { engine, name, missing } of engines)
    describeThrough(engine, { ...example, missing: example.missing ?? missing }, name);
}

function describeThrough(engine: "native" | "node", example: Example, adapter: string): void {
  describe.skipIf(example.missing !== undefined)(
    `${titleOf(example)}, directly and through anylambda dev with the ${adapter}`,
    () => {
      const programs: Program[] = [];
      let direct: Running;
      let through: Running;

      beforeAll(async () => {
        if (!existsSync(command)) throw new Error("The command is not built yet: run npm run build");
        const [file, ...args] = await example.prepare();
        direct = await startDirectly(example, file, args, programs);
        through = await startThrough(engine, example, file, args, programs);
      });
      afterAll(async () => {
        await Promise.all(programs.map((program) => program.stop("SIGKILL")));
      });

      test.for(exampleRequests.map((request) => [request.name, request] as const))(
        "%s",
        async ([, request]) => {
          const asked = await revalidating(direct.url, request);
          const left = await send(direct.url, asked);
          const right = await send(through.url, asked);
          expect(differences(asked, left, right)).toEqual([]);
        },
      );

      test("answers as many at once as a browser asks for", async () => {
        const request = namedRequest("GET a picture");
        const alone = await send(direct.url, request);
        const together = await Promise.all(Array.from({ length: 8 }, () => send(through.url, request)));
        expect(together.flatMap((answer) => differences(request, alone, answer))).toEqual([]);
      });
      test("ends with 0 on SIGTERM", async () => {
        expect(await direct.program.stop("SIGTERM")).toEqual({ code: 0, signal: null });
      });
      test("ends with 0 on Ctrl-C in anylambda dev", async () => {
        const ending = await through.program.stop("SIGINT");
        expect({ ...ending, output: through.program.output() }).toMatchObject({ code: 0, signal: null });
      });
    },
  );
}

/** Asked through each of the other front doors, all of them open on one function. */
export function describeDoors(example: Example): void {
  for (const { engine, name, missing } of engines)
    describeThroughDoors(engine, { ...example, missing: example.missing ?? missing }, name);
}

function describeThroughDoors(engine: "native" | "node", example: Example, adapter: string): void {
  describe.skipIf(example.missing !== undefined)(
    `${titleOf(example)}, directly and through the front doors with the ${adapter}`,
    () => {
      const programs: Program[] = [];
      let direct: Running;
      let through: Running;

      beforeAll(async () => {
        const [file, ...args] = await example.prepare();
        direct = await startDirectly(example, file, args, programs);
        const asked = doors.flatMap((door) => ["--door", `${door.name}:0`]);
        through = await startThrough(engine, example, file, args, programs, asked);
      });
      afterAll(async () => {
        await Promise.all(programs.map((program) => program.stop("SIGKILL")));
      });

      describe.each(doors.map((door) => [door.name, door] as const))("%s", (_, door) => {
        const cases = exampleRequests.map((request) => {
          const because = setAside(request, door, example);
          return [
            because === undefined ? request.name : `${request.name}: ${because}`,
            request,
            because,
          ] as const;
        });
        test.for(cases)("%s", async ([, request, because]) => {
          const asked = await revalidating(direct.url, request);
          const { pathname, origin } = new URL(urlOf(through, door));
          const left = await send(direct.url, asked);
          const right = await send(origin, {
            ...asked,
            target: `${pathname.replace(/\/$/, "")}${asked.target}`,
          });
          const found = differences(asked, left, right, door);
          if (because === undefined) expect(found).toEqual([]);
          else expect(found).not.toEqual([]);
        });
      });
      // Killed, it would leave the app behind.
      test("ends with 0 on Ctrl-C", async () => {
        expect(await direct.program.stop("SIGTERM")).toEqual({ code: 0, signal: null });
        const ending = await through.program.stop("SIGINT");
        expect({ ...ending, output: through.program.output() }).toMatchObject({ code: 0, signal: null });
      });
    },
  );
}

/** Why the door cannot carry the request so that this app would answer the same. */
function setAside(request: ExampleRequest, { cannotCarry }: Door, example: Example): string | undefined {
  return cannotCarry.find(
    ({ requests, noticedBy }) =>
      requests.includes(request.name) && !(noticedBy === "raw-path" && example.decodesPaths === true),
  )?.because;
}

function urlOf({ doors }: Running, door: Door): string {
  const found = doors.find((opened) => opened.door === door.name);
  if (found === undefined) throw new Error(`The door ${door.name} is not open`);
  return found.url;
}

/** Run directly twice: what differs here is the app's own doing, and no one else's. */
export function describeTwice(example: Example): void {
  describe.skipIf(example.missing !== undefined)(`${titleOf(example)}, directly twice`, () => {
    const programs: Program[] = [];
    afterAll(async () => {
      await Promise.all(programs.map((program) => program.stop("SIGKILL")));
    });

    test("answers every request the same, each with the status it had before", async () => {
      const [file, ...args] = await example.prepare();
      const one = await startDirectly(example, file, args, programs);
      const two = await startDirectly(example, file, args, programs);
      const found: string[] = [];
      const statuses: Record<string, number> = {};
      for (const request of exampleRequests) {
        const asked = await revalidating(one.url, request);
        const left = await send(one.url, asked);
        const right = await send(two.url, asked);
        statuses[request.name] = left.status;
        found.push(...differences(asked, left, right).map((difference) => `${request.name}: ${difference}`));
      }
      expect(found).toEqual([]);
      expect(statuses).toMatchSnapshot();
    });
  });
}

function titleOf({ name, missing }: Example): string {
  return missing === undefined ? name : `${name} (skipped: ${missing})`;
}

interface Running {
  readonly program: Program;
  readonly url: string;
  readonly doors: readonly { readonly door: string; readonly url: string }[];
}

async function startDirectly(
  example: Example,
  file: string,
  args: string[],
  all: Program[],
): Promise<Running> {
  const program = start({ file, args, cwd: example.directory, env: { ...terminal, PORT: "0" } });
  all.push(program);
  const [, url = ""] = await program.waitFor(/Listening on (http:\S+)/, bootMs);
  return { program, url, doors: [] };
}

async function startThrough(
  engine: string,
  example: Example,
  file: string,
  args: string[],
  all: Program[],
  options: readonly string[] = [],
): Promise<Running> {
  const program = start({
    file: process.execPath,
    args: [command, "dev", "--port", "0", "--json", "--adapter", engine, ...options, "--", file, ...args],
    cwd: example.directory,
    env: terminal,
  });
  all.push(program);
  const [line] = await program.waitFor(/^\{.*"type":"listening".*\}$/m, bootMs);
  return { program, ...(JSON.parse(line) as Pick<Running, "url" | "doors">) };
}

async function revalidating(base: string, request: ExampleRequest): Promise<ExampleRequest> {
  if (request.revalidate !== true) return request;
  const { headers } = await send(base, request);
  const etag = headers.find(([name]) => name.toLowerCase() === "etag")?.[1];
  if (etag === undefined) throw new Error(`${request.target} has no ETag`);
  return { ...request, headers: [...request.headers, ["if-none-match", etag]] };
}

function namedRequest(name: string): ExampleRequest {
  const request = exampleRequests.find((candidate) => candidate.name === name);
  if (request === undefined) throw new Error(`No example request is called "${name}"`);
  return request;
}
