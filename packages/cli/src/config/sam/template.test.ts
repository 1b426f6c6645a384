import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isUserFailure } from "../../user-failure.ts";
import { readConfig } from "../file.ts";
import { type Scope, resolveValue } from "./resolve.ts";

function read(text: string, name = "template.yaml") {
  const file = join(mkdtempSync(join(tmpdir(), "anylambda-sam-")), name);
  writeFileSync(file, text);
  return { ...readConfig(file, { host: "127.0.0.1", port: 3000 }), directory: join(file, "..") };
}

const shop = `
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: { Type: String, Default: dev }
  Secret: { Type: String }
Mappings:
  Sizes: { dev: { memory: 256 }, prod: { memory: 1024 } }
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
Globals:
  Function:
    Timeout: 7
    Environment: { Variables: { STAGE: !Ref Stage, SHARED: global } }
  Api: { Cors: "*" }
Resources:
  Tools:
    Type: AWS::Serverless::LayerVersion
    Properties: { ContentUri: layers/tools }
  Shop:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub "shop-\${Stage}"
      CodeUri: shop/
      Handler: run.sh
      Runtime: nodejs20.x
      MemorySize: !FindInMap [Sizes, !Ref Stage, memory]
      VpcConfig: { SubnetIds: [a] }
      Description: nothing that matters here
      ReservedConcurrentExecutions: 5
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 2 }
      AutoPublishAlias: live
      Layers:
        - !Sub arn:aws:lambda:\${AWS::Region}:753240598075:layer:LambdaAdapterLayerX86:25
        - !Ref Tools
        - arn:aws:lambda:us-east-1:1:layer:other:1
      Environment:
        Variables:
          AWS_LAMBDA_EXEC_WRAPPER: /opt/bootstrap
          SHARED: own
          WORKER: !GetAtt Worker.Arn
          TABLE: !Ref Table
          URL: !Join ["/", ["https:", "", !Ref "AWS::URLSuffix"]]
          ONLY_DEV: !If [IsDev, yes, !Ref AWS::NoValue]
          ONLY_PROD: !If [IsDev, !Ref AWS::NoValue, yes]
          SECRET: !Ref Secret
      FunctionUrlConfig: { AuthType: NONE, Cors: { AllowOrigins: ["*"], MaxAge: 5 } }
      LoggingConfig: { LogFormat: JSON, ApplicationLogLevel: WARN, LogGroup: x }
      Events:
        Get: { Type: HttpApi, Properties: { Method: get, Path: "/items/{id}" } }
        All: { Type: HttpApi }
        Old: { Type: Api, Properties: { Method: any, Path: /old } }
        Nightly: { Type: Schedule, Properties: { Schedule: rate(1 day) } }
  Worker:
    Type: AWS::Lambda::Function
    Properties:
      Code: worker
      Runtime: provided.al2023
      Handler: bootstrap
      EphemeralStorage: { Size: 1024 }
  Web:
    Type: AWS::Serverless::Function
    Metadata: { AnyLambda: { Command: [node, server.js], AppPort: 8080 } }
    Properties: { PackageType: Image }
  Table: { Type: AWS::DynamoDB::Table }
Outputs: { X: { Value: !GetAtt Shop.Arn } }
`;

describe("a SAM template", () => {
  const { orders, warnings, directory } = read(shop);
  const of = (name: string) => orders.find(({ options }) => options.name === name);

  it("gives its functions, with globals, parameters, mappings and conditions resolved", () => {
    expect(orders.map(({ options }) => options.name)).toEqual(["shop-dev", "Worker", "Web"]);
    expect(of("shop-dev")).toMatchObject({
      command: ["./run.sh"],
      options: {
        code: join(directory, "shop"),
        memory: 256,
        timeout: 7,
        handler: "run.sh",
        concurrency: 5,
        reserved: 5,
        provisioned: 2,
        alias: ["live"],
        logFormat: "json",
        logLevel: "WARN",
        layer: [join(directory, "layers/tools")],
        env: {
          STAGE: "dev",
          SHARED: "own",
          WORKER: "arn:aws:lambda:us-east-1:123456789012:function:Worker",
          TABLE: "Table",
          URL: "https://amazonaws.com",
          ONLY_DEV: "yes",
          SECRET: "",
        },
      },
      doors: [
        {
          name: "function-url",
          port: 3000,
          more: { authType: "NONE", cors: { allowOrigins: ["*"], maxAge: 5 } },
        },
        {
          name: "http-api",
          api: "ServerlessHttpApi",
          port: 3001,
          more: { routes: ["GET /items/{id}", "$default"] },
        },
        { name: "rest", api: "ServerlessRestApi", port: 3002, more: { resources: ["ANY /old"] } },
      ],
    });
    expect(of("shop-dev")?.options.env).not.toHaveProperty("ONLY_PROD");
    expect(of("shop-dev")?.options.env).not.toHaveProperty("AWS_LAMBDA_EXEC_WRAPPER");
  });

  it("gives functions of one API one port, and the API its stage", () => {
    const event = (type: string, more: string): string =>
      `Events: { E: { Type: ${type}, Properties: { ${more} } } }`;
    const one = (name: string, events: string): string =>
      `  ${name}: { Type: AWS::Serverless::Function, Properties: { Runtime: provided.al2023, ${events} } }\n`;
    const { orders: several, warnings: named } = read(
      "Resources:\n" +
        "  Own: { Type: AWS::Serverless::Api, Properties: { StageName: v2, EndpointConfiguration: REGIONAL } }\n" +
        one("A", event("HttpApi", "Method: GET, Path: /a")) +
        one("B", event("HttpApi", "Method: GET, Path: /b")) +
        one("C", event("Api", "Method: GET, Path: /c, RestApiId: !Ref Own")) +
        one("D", event("Api", "Method: GET, Path: /d, RestApiId: !Ref Own")),
    );
    expect(several.map(({ doors }) => doors[0])).toMatchObject([
      { name: "http-api", port: 3000, api: "ServerlessHttpApi", more: { routes: ["GET /a"] } },
      { name: "http-api", port: 3000, api: "ServerlessHttpApi", more: { routes: ["GET /b"] } },
      { name: "rest", port: 3001, api: "Own", more: { resources: ["GET /c"], stage: "v2" } },
      { name: "rest", port: 3001, api: "Own", more: { resources: ["GET /d"], stage: "v2" } },
    ]);
    expect(named.join("\n")).toBe(
      "template.yaml: not known here, and left out:\n  Resources.Own.Properties.EndpointConfiguration",
    );
  });

  it("runs that of README.md as it is, with our adapter for its layer", () => {
    const readme = readFileSync(new URL("../../../../../README.md", import.meta.url), "utf8");
    const [, text = ""] = /```yaml\n(AWSTemplateFormatVersion[^]*?)```/.exec(readme) ?? [];
    const { orders: own, warnings: named } = read(text);
    expect(own).toMatchObject([
      {
        command: ["./run.sh"],
        options: { name: "App", env: { PORT: "8000" }, memory: 512 },
        doors: [{ name: "function-url", more: { authType: "AWS_IAM" } }],
      },
    ]);
    expect(own[0]?.options.layer ?? []).toEqual([]);
    expect(named).toEqual([]);
  });

  it("refuses sizes that AWS would, and names what was probably meant", () => {
    const withProperties = (properties: string): string =>
      `Resources:\n  F: { Type: AWS::Lambda::Function, Properties: { Runtime: provided, Code: ., ${properties} } }\n`;
    const sized = (properties: string) => () => read(withProperties(properties));
    expect(sized("MemorySize: 12")).toThrow(
      "Resources.F.Properties.MemorySize is 12, and must be a whole number from 128 to 10240",
    );
    expect(sized("Timeout: 5000")).toThrow("Timeout is 5000, and must be a whole number from 1 to 900");
    expect(sized("EphemeralStorage: { Size: much }")).toThrow('Size is "much"');
    expect(read(withProperties("Memorysize: 512")).warnings[0]).toContain(
      "Resources.F.Properties.Memorysize: did you mean MemorySize?",
    );
  });

  it("knows what to start: a command beside the properties, the adapter's layer, or bootstrap", () => {
    expect(of("Web")).toMatchObject({ command: ["node", "server.js"], options: { appPort: 8080 } });
    expect(of("Worker")).toMatchObject({
      command: [],
      options: { adapter: "none", memory: 128, timeout: 3, ephemeralStorage: 1024 },
    });
  });

  it("names what it leaves out, and what nobody here can know, each in one list with its path", () => {
    expect(warnings.join("\n")).toMatchInlineSnapshot(`
      "template.yaml: not known here, and left out:
        Globals.Api.Cors
        Resources.Shop.Properties.VpcConfig
        Resources.Shop.Properties.Layers[2] (arn:aws:lambda:us-east-1:1:layer:other:1)
        Resources.Shop.Properties.LoggingConfig.LogGroup
        Resources.Shop.Properties.Events.Nightly (Schedule)
        Resources.Table (AWS::DynamoDB::Table)
      template.yaml: not to be known here:
        Resources.Shop.Properties.Environment.Variables.TABLE: Table is made by AWS: "Table" stands for it
        Resources.Shop.Properties.Environment.Variables.SECRET: the parameter Secret has no default"
    `);
  });

  it("leaves out a function it cannot run, says how it could, and fails when no other is left", () => {
    const alone =
      "Resources:\n  F: { Type: AWS::Lambda::Function, Properties: { Runtime: java21, Handler: x, Code: . } }\n";
    expect(() => read(alone)).toThrow("nothing here to run the runtime java21 with");
    const both = `${alone}  G: { Type: AWS::Lambda::Function, Properties: { Runtime: provided, Code: . } }\n`;
    expect(read(both).orders.map(({ options }) => options.name)).toEqual(["G"]);
    expect(read(both).warnings[0]).toContain("AnyLambda");
  });

  it("runs a handler by its language's client, where that is installed", () => {
    const text =
      "Resources:\n  F: { Type: AWS::Serverless::Function, Properties: { Runtime: python3.12, Handler: app.main } }\n";
    expect(read(text).orders[0]).toMatchObject({
      command: ["python3", "-m", "awslambdaric", "app.main"],
      options: { adapter: "none", handler: "app.main" },
    });
  });

  it("is known by its name, or by its resources", () => {
    const text =
      "Resources:\n  G: { Type: AWS::Lambda::Function, Properties: { Runtime: provided, Code: . } }\n";
    expect(read(text, "sam.yaml").orders.length).toBe(1);
    expect(() => read("Resources: {}\n")).toThrow("has no function");
  });

  it("fails in words only, whatever stands in it", () => {
    const key = fc.constantFrom(
      "Ref",
      "Fn::If",
      "Fn::Select",
      "Fn::Split",
      "Fn::FindInMap",
      "Fn::Sub",
      "Fn::Join",
      "Fn::GetAtt",
      "Layers",
      "Events",
      "Environment",
      "Code",
      "x",
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom("a", "${a}", "AWS::NoValue", 1, null, true),
        fc.array(tie("tree"), { maxLength: 3 }),
        fc.dictionary(key, tie("tree"), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (properties) => {
        const template = { Resources: { F: { Type: "AWS::Lambda::Function", Properties: properties } } };
        try {
          read(JSON.stringify(template));
        } catch (error) {
          if (!isUserFailure(error)) throw error;
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("resolveValue", () => {
  const unknown: string[] = [];
  const scope: Scope = {
    parameters: { Name: "n" },
    mappings: {},
    conditions: {},
    resources: { F: { type: "AWS::Serverless::Function", ref: "f" } },
    region: "eu-west-1",
    accountId: "1",
    unknown: (path, what) => unknown.push(`${path}: ${what}`),
  };
  const resolved = (value: unknown) => resolveValue(value, scope, "P");

  it("substitutes, joins, splits, selects and encodes", () => {
    expect(resolved({ "Fn::Sub": "${Name}-${AWS::Region}-${!Literal}-${F.Arn}" })).toBe(
      "n-eu-west-1-${Literal}-arn:aws:lambda:eu-west-1:1:function:f",
    );
    expect(resolved({ "Fn::Sub": ["${A}", { A: { Ref: "Name" } }] })).toBe("n");
    expect(resolved({ "Fn::Join": [",", ["a", { Ref: "Name" }]] })).toBe("a,n");
    expect(resolved({ "Fn::Select": [1, { "Fn::Split": ["-", "a-b"] }] })).toBe("b");
    expect(resolved({ "Fn::Base64": "x" })).toBe("eA==");
    expect(resolved([{ Ref: "AWS::NoValue" }, { Ref: "F" }])).toEqual(["f"]);
  });

  it("names what it cannot know", () => {
    unknown.length = 0;
    resolved({ a: { "Fn::ImportValue": "x" }, b: { Ref: "Nowhere" } });
    expect(unknown).toEqual(["P.a: Fn::ImportValue is not known here", "P.b: there is no Nowhere"]);
  });
});
