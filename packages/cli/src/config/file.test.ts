import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isUserFailure } from "../user-failure.ts";
import { parseYaml } from "./document.ts";
import { readConfig } from "./file.ts";
import { nearest } from "./nearest.ts";
import { jsonSchema } from "./schema.ts";

const common = { host: "127.0.0.1", port: 3000 };

function written(text: string, name = "anylambda.yaml"): string {
  const file = join(mkdtempSync(join(tmpdir(), "anylambda-config-")), name);
  writeFileSync(file, text);
  return file;
}

const read = (text: string, only?: readonly string[]) => readConfig(written(text), common, only);

/** The failure as a person sees it, or what was read. */
function said(text: string, only?: readonly string[]): string {
  try {
    return JSON.stringify(read(text, only));
  } catch (error) {
    if (!isUserFailure(error)) throw error;
    return [error.message, ...error.lines, error.hint ?? ""].join("\n");
  }
}

describe("anylambda.yaml", () => {
  it("is read: defaults, shared variables, files relative to it, doors with ports in turn", () => {
    const { file, orders } = read(`
region: eu-central-1
env: { STAGE: dev, LEVEL: 1, ON: true }
functions:
  api:
    command: node server.js --flag
    code: api
    memory: 256
    env: { STAGE: test }
    envFile: .env
    layers: [layers/a, layers/b]
    doors:
      - function-url
      - { type: http-api, routes: ["GET /items/{id}"], stage: v1 }
      - { type: rest, port: 3001, routes: [ANY /x] }
    queues: [orders]
  worker:
    command: [python3, "my app.py"]
    adapter: none
    doors: []
    watch: false
`);
    const at = (name: string): string => join(file, "..", name);
    expect(orders).toMatchObject([
      {
        command: ["node", "server.js", "--flag"],
        host: "127.0.0.1",
        watch: true,
        queues: [at("orders")],
        options: {
          name: "api",
          memory: 256,
          timeout: 30,
          region: "eu-central-1",
          code: at("api"),
          env: { STAGE: "test", LEVEL: "1", ON: "true" },
          envFile: at(".env"),
          layer: [at("layers/a"), at("layers/b")],
          concurrency: 3,
        },
        doors: [
          { name: "function-url", port: 3000 },
          { name: "http-api", port: 3002, more: { routes: ["GET /items/{id}"], stage: "v1" } },
          { name: "rest", port: 3001, more: { resources: ["ANY /x"] } },
        ],
      },
      {
        command: ["python3", "my app.py"],
        options: { name: "worker", adapter: "none", env: { STAGE: "dev" } },
        doors: [],
        watch: false,
      },
    ]);
  });

  it("says where and what is wrong, what is allowed, and what was probably meant", () => {
    const faults = [
      "functions:\n  api:\n    memry: 5\n",
      "functions:\n  api:\n    memory: 64\n",
      "functions:\n  api:\n    memory: much\n",
      "functions:\n  api:\n    doors: [function-ulr]\n",
      "functions:\n  api:\n    doors:\n      - type: alb\n        rotes: [x]\n",
      "functions:\n  api:\n    doors: [{ type: alb, routes: [x] }]\n",
      "functions:\n  api:\n    doors: [{ type: alb, api: shop }]\n",
      "functions:\n  api:\n    doors: [{ type: rest, port: 4000 }]\n  worker:\n    doors: [{ type: alb, port: 4000 }]\n",
      "functions:\n  api:\n    doors: [{ type: rest, api: shop, stage: a }]\n  worker:\n    doors: [{ type: rest, api: shop }]\n",
      "functions:\n  api:\n    doors: [{ type: rest, api: shop, routes: [GET /x] }]\n  worker:\n    doors: [{ type: rest, api: shop, routes: [GET /x] }]\n",
      "functions:\n  api:\n    doors: [{ type: http-api, routes: [items] }]\n",
      "functions:\n  api:\n    command: 5\n",
      "functions:\n  api:\n    command: node x.js | tee log\n",
      "functions:\n  api:\n    env: { 1A: x }\n",
      "functions:\n  api:\n    throttle: maybe\n    timeout: 1000\n",
      "functions:\n  a b: {}\n",
      "function: {}\n",
      "functions: []\n",
      "functions: {}\n",
      "a: [\n",
      "",
    ];
    expect(faults.map((text) => said(text)).join("\n\n")).toMatchSnapshot();
  });

  it("gives the functions that are wanted, and knows which are not there", () => {
    const text = "functions:\n  api: { command: a }\n  worker: { command: b }\n";
    expect(read(text, ["worker"]).orders.map(({ options }) => options.name)).toEqual(["worker"]);
    expect(said(text, ["wroker"])).toContain("Did you mean worker?");
  });

  it("fails in words only, whatever it is given", () => {
    const word = fc.constantFrom(
      "functions",
      "api",
      "memory",
      "doors",
      "type",
      "alb",
      "command",
      "env",
      "x",
      5,
      null,
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        word,
        fc.array(tie("tree"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom("functions", "api", "memory", "doors", "type", "env"), tie("tree"), {
          maxKeys: 4,
        }),
      ),
    }));
    fc.assert(fc.property(tree, (value) => typeof said(JSON.stringify(value)) === "string"));
  });

  it("has its schema for editors in docs, as it is", () => {
    const file = new URL("../../../../docs/anylambda.schema.json", import.meta.url);
    if (process.env["UPDATE_DOCS"] === "1") writeFileSync(file, `${JSON.stringify(jsonSchema(), null, 2)}\n`);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(jsonSchema());
  });

  it("has every key in docs/dev.md, and the examples there are read", () => {
    const text = readFileSync(new URL("../../../../docs/dev.md", import.meta.url), "utf8");
    const { properties } = jsonSchema() as Schema;
    const own = properties["functions"]?.additionalProperties?.properties ?? {};
    const doors = own["doors"]?.items?.anyOf?.find((one) => one.properties !== undefined)?.properties ?? {};
    const routes =
      doors["routes"]?.items?.anyOf?.find((one) => one.properties !== undefined)?.properties ?? {};
    const authorizers = properties["authorizers"]?.additionalProperties?.properties ?? {};
    const known = [properties, own, doors, routes, authorizers].flatMap(Object.keys);
    expect(Object.keys(routes).length * Object.keys(authorizers).length).toBeGreaterThan(0);
    for (const key of known) expect(text, key).toContain(`| \`${key}\` |`);
    const [reference = ""] = text.split("## A SAM template");
    const rows = [...reference.matchAll(/^\| `(\$?\w+)` \|/gm)].map(([, key]) => key);
    expect(rows.filter((key) => !known.includes(key ?? ""))).toEqual([]);
    const doorsPage = readFileSync(new URL("../../../../docs/front-doors.md", import.meta.url), "utf8");
    const examples = [...(text + doorsPage).matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g)];
    expect(examples.length).toBeGreaterThan(2);
    for (const [, name = "", example = ""] of examples) {
      const file = written(example, name);
      mkdirSync(join(file, "..", "api"));
      expect(readConfig(file, common).orders.length).toBeGreaterThan(0);
    }
  });
});

interface Schema {
  readonly properties: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

describe("parseYaml", () => {
  it("knows the place of every key and value", () => {
    const yaml = parseYaml("x", "a:\n  b: 1\n  c:\n    - d: 2\n    - 3\n");
    expect(yaml.place(["a", "b"])).toEqual({ line: 2, column: 3 });
    expect(yaml.place(["a", "c", 0], "d")).toEqual({ line: 4, column: 7 });
    expect(yaml.place(["a", "c", 1])).toEqual({ line: 5, column: 7 });
    expect(yaml.place(["a", "nowhere"])).toEqual({ line: 1, column: 1 });
  });
});

describe("nearest", () => {
  it("finds the word that was meant, and none for another", () => {
    expect(nearest("memry", ["memory", "timeout"])).toBe("memory");
    expect(nearest("Memory", ["memory"])).toBe("memory");
    expect(nearest("zzzz", ["memory", "timeout"])).toBeUndefined();
  });
});
