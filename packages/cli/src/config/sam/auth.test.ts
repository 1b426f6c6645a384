import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ConfigFile, readConfig } from "../file.ts";

function read(text: string): ConfigFile {
  const file = join(mkdtempSync(join(tmpdir(), "anylambda-sam-auth-")), "template.yaml");
  writeFileSync(file, text);
  return readConfig(file, { host: "127.0.0.1", port: 3000 });
}

const template = `
Transform: AWS::Serverless-2016-10-31
Globals:
  HttpApi:
    Auth: { DefaultAuthorizer: Users }
    CorsConfiguration: { AllowOrigins: ["https://shop.example"] }
Resources:
  Shop:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        Authorizers:
          Users:
            JwtConfiguration: { issuer: "https://issuer.example", audience: [shop] }
            IdentitySource: $request.header.Authorization
            AuthorizationScopes: [read]
          Gate:
            FunctionArn: !GetAtt Gate.Arn
            AuthorizerPayloadFormatVersion: 1.0
            EnableFunctionDefaultPermissions: true
            Identity: { Headers: [X-Key], QueryStrings: [q], Context: [routeKey], ReauthorizeEvery: 30 }
          Simple:
            FunctionArn: !GetAtt Gate.Arn
            AuthorizerPayloadFormatVersion: "2.0"
            EnableSimpleResponses: true
            FunctionInvokeRole: arn:aws:iam::123456789012:role/x
  Old:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      Auth:
        DefaultAuthorizer: Pool
        Authorizers:
          Pool: { UserPoolArn: "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Ab1", Identity: { Header: X-Token } }
          Token: { FunctionArn: !GetAtt Gate.Arn, Identity: { ValidationExpression: "Bearer .*", ReauthorizeEvery: 0 } }
          Request: { FunctionArn: !GetAtt Gate.Arn, FunctionPayloadType: REQUEST, Identity: { QueryStrings: [key] } }
  Gate:
    Type: AWS::Serverless::Function
    Properties: { Runtime: provided.al2023, FunctionName: the-gate }
  App:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: provided.al2023
      Events:
        A: { Type: HttpApi, Properties: { ApiId: !Ref Shop, Method: GET, Path: /a } }
        B: { Type: HttpApi, Properties: { ApiId: !Ref Shop, Method: GET, Path: /b, Auth: { Authorizer: NONE } } }
        C: { Type: HttpApi, Properties: { ApiId: !Ref Shop, Method: GET, Path: /c, Auth: { Authorizer: Gate } } }
        D: { Type: HttpApi, Properties: { ApiId: !Ref Shop, Method: GET, Path: /d, Auth: { AuthorizationScopes: [write] } } }
        E: { Type: HttpApi, Properties: { ApiId: !Ref Shop, Method: GET, Path: /e, Auth: { Authorizer: AWS_IAM } } }
        F: { Type: HttpApi, Properties: { ApiId: !Ref Shop, Method: GET, Path: /f, Auth: { Authorizer: Simple } } }
        G: { Type: Api, Properties: { RestApiId: !Ref Old, Method: GET, Path: /g } }
        H: { Type: Api, Properties: { RestApiId: !Ref Old, Method: GET, Path: /h, Auth: { Authorizer: Token } } }
        I: { Type: Api, Properties: { RestApiId: !Ref Old, Method: GET, Path: /i, Auth: { Authorizer: Request } } }
`;

describe("Auth of a SAM template", () => {
  const { orders, warnings } = read(template);
  const [http, rest] = orders.find(({ options }) => options.name === "App")?.doors ?? [];
  const gate = { type: "request", function: "the-gate" };
  const users = { type: "jwt", issuer: "https://issuer.example", audience: ["shop"] };

  it("of an HTTP API: the default, with its globals, and what events say", () => {
    expect(http).toMatchObject({
      name: "http-api",
      api: "Shop",
      more: {
        routes: ["GET /a", "GET /b", "GET /c", "GET /d", "GET /e", "GET /f"],
        cors: { allowOrigins: ["https://shop.example"] },
        authorization: { authorizer: users, scopes: ["read"] },
        routeAuthorizations: {
          "GET /b": "NONE",
          "GET /c": {
            authorizer: {
              ...gate,
              identitySource: ["$request.header.X-Key", "$request.querystring.q", "$context.routeKey"],
              ttlSeconds: 30,
              payloadFormatVersion: "1.0",
            },
          },
          "GET /d": { authorizer: users, scopes: ["write"] },
          "GET /e": { authorizer: { type: "iam" } },
          "GET /f": { authorizer: { ...gate, payloadFormatVersion: "2.0", simpleResponses: true } },
        },
      },
    });
  });

  it("of a REST API: user pools, TOKEN and REQUEST", () => {
    const issuers = ["https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab1"];
    expect(rest).toMatchObject({
      name: "rest",
      more: {
        stage: "v1",
        resources: ["GET /g", "GET /h", "GET /i"],
        authorization: { authorizer: { type: "cognito", issuers, header: "X-Token" } },
        routeAuthorizations: {
          "GET /h": {
            authorizer: {
              type: "token",
              function: "the-gate",
              validationExpression: "Bearer .*",
              ttlSeconds: 0,
            },
          },
          "GET /i": { authorizer: { ...gate, identitySource: ["$request.querystring.key"] } },
        },
      },
    });
  });

  it("is read without a word", () => {
    expect(warnings).toEqual([]);
  });

  it("is named where it is not known, or asks for what is not there", () => {
    const { warnings: named } = read(`
Globals:
  Api: { Auth: { ApiKeyRequired: true, DefaultAuthorizer: AWS_IAM } }
Resources:
  Shop:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Nobody
        Authorizers:
          Far: { FunctionArn: "arn:aws:lambda:eu-west-1:1:function:far", AuthorizerPayloadFormatVersion: "2.0" }
          Users: { JwtConfiguration: { issuer: x }, OpenIdConnectUrl: y }
  App:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: provided.al2023
      Events:
        A: { Type: HttpApi, Properties: { ApiId: !Ref Shop, Auth: { Authorizer: Far, InvokeRole: x } } }
        B: { Type: Api, Properties: { Method: GET, Path: /, Auth: { ApiKeyRequired: true } } }
`);
    expect(named.join("\n")).toMatchInlineSnapshot(`
      "template.yaml: not known here, and left out:
        Resources.Shop.Properties.Auth.Authorizers.Far.FunctionArn (arn:aws:lambda:eu-west-1:1:function:far)
        Resources.Shop.Properties.Auth.Authorizers.Users.OpenIdConnectUrl
        Resources.Shop.Properties.Auth.DefaultAuthorizer (Nobody)
        Globals.Api.Auth.ApiKeyRequired
        Resources.App.Properties.Events.A.Properties.Auth.InvokeRole
        Resources.App.Properties.Events.A.Properties.Auth.Authorizer (Far)
        Resources.App.Properties.Events.B.Properties.Auth.ApiKeyRequired"
    `);
  });

  it("of the implicit API stands in Globals", () => {
    const { orders: implicit } = read(`
Globals: { Api: { Auth: { DefaultAuthorizer: AWS_IAM } } }
Resources:
  App:
    Type: AWS::Serverless::Function
    Properties: { Runtime: provided.al2023, Events: { A: { Type: Api, Properties: { Method: GET, Path: / } } } }
`);
    expect(implicit[0]?.doors).toMatchObject([
      { api: "ServerlessRestApi", more: { authorization: { authorizer: { type: "iam" } } } },
    ]);
  });
});
