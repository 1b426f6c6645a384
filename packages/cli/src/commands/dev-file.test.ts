import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { fixtures, type Running, run, start, stopAll } from "../testing/command.ts";

afterEach(stopAll);

const app = (answer: string) => `
import { createServer } from "node:http";
createServer((request, response) => setTimeout(() => response.end(${JSON.stringify(answer)} + " " + process.env.STAGE), 5)).listen(process.env.PORT);
`;

const config = (stage: string) => `
env: { STAGE: ${stage} }
functions:
  api: { command: node app.mjs, code: api, env: { STAGE: mine } }
  worker: { command: node app.mjs, code: worker, concurrency: 2 }
`;

/** Two functions, and what changes them. */
function project(): { readonly directory: string; write(name: string, text: string): void } {
  const directory = mkdtempSync(join(tmpdir(), "anylambda-dev-"));
  const write = (name: string, text: string): void => writeFileSync(join(directory, name), text);
  for (const name of ["api", "worker", "api/node_modules"]) mkdirSync(join(directory, name));
  write("api/app.mjs", app("one"));
  write("worker/app.mjs", app("worker"));
  write("anylambda.yaml", config("dev"));
  return { directory, write };
}

interface Up extends Running {
  /** Of the Function URL of each. */
  readonly urls: Readonly<Record<string, string>>;
  ask(name: string): Promise<string>;
}

async function up(directory: string, ...args: readonly string[]): Promise<Up> {
  const dev = start(["dev", "--json", "--port", "0", ...args], { cwd: directory });
  await dev.saying(/"type":"dashboard"/);
  const urls: Record<string, string> = {};
  for (const name of ["api", "worker"]) {
    const [line] = await dev.saying(new RegExp(`.*"type":"listening".*"name":"${name}".*`));
    urls[name] = (JSON.parse(line) as { url: string }).url;
  }
  const ask = async (name: string): Promise<string> => (await fetch(urls[name] as string)).text();
  return { ...dev, urls, ask };
}

describe("anylambda dev with anylambda.yaml", () => {
  it("serves every function of the directory's file, each with its own variables, and says whose each event is", async () => {
    const { directory } = project();
    const dev = await up(directory);
    expect(await Promise.all([dev.ask("api"), dev.ask("worker")])).toEqual(["one mine", "worker dev"]);
    await dev.saying(/"type":"report".*"function":"worker"/);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
  });

  it("runs changed code, without losing a request of a load, and leaves the others alone", async () => {
    const { directory, write } = project();
    const dev = await up(directory);
    expect(await dev.ask("api")).toBe("one mine");
    const load = { over: false, asked: 0 };
    const client = async (): Promise<Set<string>> => {
      const answers = new Set<string>();
      while (!load.over) {
        const response = await fetch(dev.urls["worker"] as string);
        answers.add(`${response.status} ${await response.text()}`);
        load.asked += 1;
      }
      return answers;
    };
    const clients = [client(), client(), client()];
    for (let change = 1; change <= 3; change += 1) {
      write("worker/app.mjs", app(`worker${change}`));
      await expect.poll(() => dev.ask("worker"), { timeout: 20_000 }).toBe(`worker${change} dev`);
    }
    load.over = true;
    const seen = new Set((await Promise.all(clients)).flatMap((answers) => [...answers]));
    expect(load.asked).toBeGreaterThan(10);
    expect([...seen].filter((answer) => !/^200 worker\d? dev$/.test(answer))).toEqual([]);
    // What git ignores, and node_modules, is nobody's code.
    write("api/node_modules/x.js", "changed");
    write("api/app.mjs", app("two"));
    await expect.poll(() => dev.ask("api"), { timeout: 20_000 }).toBe("two mine");
    dev.signal("SIGINT");
    const { stdout } = await dev.result;
    const reloads = stdout.split("\n").filter((line) => line.includes('"type":"reloading"'));
    expect(reloads.filter((line) => line.includes('"name":"api"')).length).toBe(1);
    expect(reloads.join("\n")).not.toContain("node_modules");
  });

  it("follows its file: only what has changed, and nothing for what is not understood", async () => {
    const { directory, write } = project();
    const dev = await up(directory);
    await dev.ask("worker");
    write("anylambda.yaml", "functions: [");
    await dev.saying(/"type":"failure".*anylambda\.yaml:/);
    expect(await dev.ask("worker")).toBe("worker dev");
    write("anylambda.yaml", config("test"));
    await expect.poll(() => dev.ask("worker"), { timeout: 20_000 }).toBe("worker test");
    write("anylambda.yaml", `${config("test")}  third: { command: node app.mjs, code: api }\n`);
    const [line] = await dev.saying(/.*"type":"listening".*"name":"third".*/);
    expect(await (await fetch((JSON.parse(line) as { url: string }).url)).text()).toBe("one test");
    write("anylambda.yaml", `functions:\n  third: { command: node app.mjs, code: api }\n`);
    await dev.saying(/"type":"removed".*"name":"worker"/);
    await expect(dev.ask("worker")).rejects.toThrow();
    dev.signal("SIGINT");
    const { stdout } = await dev.result;
    expect(stdout.match(/"type":"reloading","[^}]*"name":"worker"/g)?.length).toBe(1);
  });

  it("has one address for an API of several functions, whose routes follow the file", async () => {
    const { directory, write } = project();
    const shared = (routes: string): string => `
functions:
  api:
    command: node app.mjs
    code: api
    doors: [{ type: http-api, api: shop, routes: ["GET /items"] }]
  worker:
    command: node app.mjs
    code: worker
    doors: [{ type: http-api, api: shop, routes: ${routes} }]
`;
    write("anylambda.yaml", shared('["GET /orders"]'));
    const dev = await up(directory);
    expect(dev.urls["api"]).toBe(dev.urls["worker"]);
    const asked = async (path: string): Promise<string> => {
      const response = await fetch(new URL(path, dev.urls["api"]));
      return `${response.status} ${await response.text()}`;
    };
    expect(await asked("items")).toBe("200 one undefined");
    expect(await asked("orders")).toBe("200 worker undefined");
    expect(await asked("new")).toContain("404");
    write("anylambda.yaml", shared('["GET /new"]'));
    await expect.poll(() => asked("new"), { timeout: 20_000 }).toBe("200 worker undefined");
    expect(await asked("orders")).toContain("404");
    expect(await asked("items")).toBe("200 one undefined");
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
  });

  it("waits for code that does not start to be mended", async () => {
    const { directory, write } = project();
    write("api/app.mjs", "throw new Error('broken');");
    const dev = start(["dev", "--json", "--port", "0", "--function", "api"], { cwd: directory });
    await dev.saying(/"type":"failure"/);
    const [line] = await dev.saying(/.*"type":"listening".*/);
    write("api/app.mjs", app("mended"));
    await dev.saying(/"type":"reloaded"/);
    expect(await (await fetch((JSON.parse(line) as { url: string }).url)).text()).toBe("mended mine");
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
  });

  it("ends with the failure where nobody watches", async () => {
    const { directory, write } = project();
    write("api/app.mjs", "throw new Error('broken');");
    const { code, stderr } = await run(["dev", "--port", "0", "--no-watch"], { cwd: directory });
    expect(code).toBe(1);
    expect(stderr).toContain("broken");
    expect(stderr).toMatch(/^error: anylambda\.yaml, api: The runtime /);
    expect(stderr).toMatch(/hint: {2}Try it alone: cd api && PORT=\d+ node app\.mjs\n$/);
  });

  it("says of which function it cannot start something, and which key is to be mended", async () => {
    const { directory, write } = project();
    const said = async (text: string): Promise<string> => {
      write("anylambda.yaml", `functions:\n  api: { command: node app.mjs, code: api }\n  bad: ${text}\n`);
      const { code, stderr } = await run(["dev", "--port", "0"], { cwd: directory });
      expect(code).toBe(1);
      return stderr.replaceAll(directory, "DIR");
    };
    expect(await said("{ command: nodde app.mjs }")).toBe(
      'error: anylambda.yaml, bad: There is no program called "nodde"\n' +
        "hint:  Check the spelling, and that it is installed and in your PATH.\n",
    );
    expect(await said("{ command: node app.mjs, code: nowhere }")).toBe(
      "error: anylambda.yaml, bad: There is no directory DIR/nowhere\nhint:  code takes a directory.\n",
    );
    expect(await said("{}")).toContain("hint:  Say how your app is started: command: node server.js\n");
    expect(await said("{ command: node app.mjs, layers: [nowhere] }")).toContain("layers");
  });

  it("says which options belong into the file, and which need one", async () => {
    const { directory } = project();
    const refused = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await run(["dev", ...args], { cwd: directory });
      expect(code).toBe(2);
      return stderr;
    };
    expect(await refused("--memory", "256")).toContain("--memory belongs into");
    expect(await refused("--config", "anylambda.yaml", "--", "node")).toContain("not both");
    expect(await refused("--function", "api", "--", "node")).toContain(
      "--function is for the functions of a file",
    );
  });
});

describe("anylambda dev with a SAM template", () => {
  it("serves its function behind the doors of its events, and names what it leaves out", async () => {
    const { directory, write } = project();
    cpSync(join(fixtures, "app.mjs"), join(directory, "api", "app.mjs"));
    write(
      "stack.yaml",
      `
Resources:
  Api:
    Type: AWS::Serverless::Function
    Metadata: { AnyLambda: { Command: node app.mjs } }
    Properties:
      CodeUri: api
      VpcConfig: {}
      FunctionUrlConfig: { AuthType: AWS_IAM }
      Environment: { Variables: { STAGE: !Ref AWS::Region } }
      Events: { All: { Type: HttpApi, Properties: { Method: ANY, Path: "/{proxy+}" } } }
`,
    );
    const dev = start(["dev", "--json", "--port", "0", "--config", "stack.yaml"], { cwd: directory });
    const [line] = await dev.saying(/.*"type":"listening".*/);
    const { url, doors } = JSON.parse(line) as { url: string; doors: { door: string; url: string }[] };
    expect(doors.map(({ door }) => door)).toEqual(["function-url", "http-api"]);
    await dev.saying(/"type":"warning".*wants a signature \(AuthType AWS_IAM\)/);
    expect((await fetch(url)).status).toBe(403);
    expect((await fetch(new URL("x", doors[1]?.url))).status).toBe(200);
    await dev.saying(/"type":"warning".*Resources\.Api\.Properties\.VpcConfig/);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
  });
});

describe("anylambda dev --watch -- COMMAND", () => {
  it("runs changed code", async () => {
    const { directory, write } = project();
    const code = join(directory, "api");
    const dev = start(["dev", "--json", "--port", "0", "--watch", "-e", "STAGE=x", "--", "node", "app.mjs"], {
      cwd: code,
    });
    const [line] = await dev.saying(/.*"type":"listening".*/);
    const { url } = JSON.parse(line) as { url: string };
    const ask = async (): Promise<string> => (await fetch(url)).text();
    expect(await ask()).toBe("one x");
    write("api/app.mjs", app("two"));
    await expect.poll(ask, { timeout: 20_000 }).toBe("two x");
    expect(readFileSync(join(code, "app.mjs"), "utf8")).toContain("two");
    await dev.saying(/"type":"reloading"[^\n]*"name":"api"/);
    await dev.saying(/"type":"reloaded"[^\n]*"name":"api"/);
    dev.signal("SIGINT");
    expect((await dev.result).code).toBe(0);
  });
});
