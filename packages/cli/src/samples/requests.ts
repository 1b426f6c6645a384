/** Events of the HTTP front doors. Those that this product plays itself are made by the same code. */
import type { ClientRequest, DoorContext } from "@anylambda/wire";
import * as functionUrl from "@anylambda/wire/front-doors/function-url";
import * as httpApi2 from "@anylambda/wire/front-doors/http-api-2";
import { nodeCodec } from "@anylambda/wire/node";
import { arn, type Fresh, sampleAccount, sampleRegion } from "./fresh.ts";

const userAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
const sourceIp = "203.0.113.7";
const path = "/products/7";
const query = { color: ["red", "blue"], q: ["two words"] } as const;

function request(host: string, trace: string): ClientRequest {
  return {
    method: "GET",
    target: `${path}?color=red&color=blue&q=two%20words`,
    headers: [
      ["host", host],
      ["accept", "application/json"],
      ["cookie", "theme=dusk"],
      ["user-agent", userAgent],
      ["x-amzn-trace-id", trace],
      ["x-forwarded-for", sourceIp],
      ["x-forwarded-port", "443"],
      ["x-forwarded-proto", "https"],
    ],
    body: new Uint8Array(),
    sourceIp,
  };
}

function door(
  fresh: Fresh,
  more: Pick<DoorContext, "accountId" | "apiId" | "domainName" | "requestId">,
): DoorContext {
  return { ...more, traceId: traceOf(fresh), timeEpoch: fresh.now.getTime(), port: 443, scheme: "https" };
}

function traceOf(fresh: Fresh): string {
  return `Root=1-${Math.floor(fresh.now.getTime() / 1000).toString(16)}-${fresh.hex(24)}`;
}

function plainHeaders(host: string, fresh: Fresh): Record<string, string> {
  return Object.fromEntries(request(host, traceOf(fresh)).headers);
}

export function functionUrlRequest(fresh: Fresh): unknown {
  const id = fresh.hex(32);
  const domainName = `${id}.lambda-url.${sampleRegion}.on.aws`;
  const context = door(fresh, { accountId: "anonymous", apiId: id, domainName, requestId: fresh.uuid() });
  return functionUrl.toEvent(withoutForwarding(request(domainName, context.traceId)), context, nodeCodec);
}

export function httpApi(fresh: Fresh): unknown {
  const id = fresh.hex(10);
  const domainName = `${id}.execute-api.${sampleRegion}.amazonaws.com`;
  const requestId = `${fresh.hex(15)}=`;
  const context = door(fresh, { accountId: sampleAccount, apiId: id, domainName, requestId });
  const route = { stage: "$default", routeKey: "$default" };
  return httpApi2.toEvent(withoutForwarding(request(domainName, context.traceId)), context, route, nodeCodec);
}

/** The door adds these itself. */
function withoutForwarding(from: ClientRequest): ClientRequest {
  const added = /^x-(amzn-trace-id|forwarded-)/;
  return { ...from, headers: from.headers.filter(([name]) => !added.test(name)) };
}

export function restApi(fresh: Fresh): unknown {
  const apiId = fresh.hex(10);
  const domainName = `${apiId}.execute-api.${sampleRegion}.amazonaws.com`;
  const headers = plainHeaders(domainName, fresh);
  return {
    resource: "/{proxy+}",
    path,
    httpMethod: "GET",
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters: { color: "blue", q: "two words" },
    multiValueQueryStringParameters: query,
    pathParameters: { proxy: path.slice(1) },
    stageVariables: null,
    requestContext: {
      resourceId: fresh.hex(6),
      resourcePath: "/{proxy+}",
      httpMethod: "GET",
      extendedRequestId: `${fresh.hex(15)}=`,
      requestTime: commonLogTime(fresh.now),
      path: `/prod${path}`,
      accountId: sampleAccount,
      protocol: "HTTP/1.1",
      stage: "prod",
      domainPrefix: apiId,
      requestTimeEpoch: fresh.now.getTime(),
      requestId: fresh.uuid(),
      identity: { ...nobody, sourceIp, userAgent },
      domainName,
      deploymentId: fresh.hex(6),
      apiId,
    },
    body: null,
    isBase64Encoded: false,
  };
}

const nobody = {
  cognitoIdentityPoolId: null,
  accountId: null,
  cognitoIdentityId: null,
  caller: null,
  principalOrgId: null,
  accessKey: null,
  cognitoAuthenticationType: null,
  cognitoAuthenticationProvider: null,
  userArn: null,
  user: null,
} as const;

export function loadBalancer(fresh: Fresh): unknown {
  const targetGroupArn = arn("elasticloadbalancing", `targetgroup/shop/${fresh.hex(16)}`);
  return {
    requestContext: { elb: { targetGroupArn } },
    httpMethod: "GET",
    path,
    // A load balancer decodes nothing, and gives the last of repeated parameters.
    queryStringParameters: { color: "blue", q: "two%20words" },
    headers: plainHeaders(`shop-${fresh.digits(9)}.${sampleRegion}.elb.amazonaws.com`, fresh),
    body: "",
    isBase64Encoded: false,
  };
}

/** `05/Mar/2026:14:07:09 +0000` */
function commonLogTime(time: Date): string {
  const [, day, month, year, clock] = /^\w+, (\d+) (\w+) (\d+) (\S+)/.exec(time.toUTCString()) ?? [];
  return `${day}/${month}/${year}:${clock} +0000`;
}
