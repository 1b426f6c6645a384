/** Events that tell that something happened (event-formats: S3, EventBridge, CloudWatch Logs, Cognito). */
import { gzipSync } from "node:zlib";
import { arn, type Fresh, sampleAccount, sampleRegion, toTheSecond } from "./fresh.ts";

export function s3(fresh: Fresh): unknown {
  return {
    Records: [
      {
        eventVersion: "2.1",
        eventSource: "aws:s3",
        awsRegion: sampleRegion,
        eventTime: fresh.now.toISOString(),
        eventName: "ObjectCreated:Put",
        userIdentity: { principalId: `AWS:AIDA${fresh.hex(17).toUpperCase()}` },
        requestParameters: { sourceIPAddress: "203.0.113.7" },
        responseElements: {
          "x-amz-request-id": fresh.hex(16).toUpperCase(),
          "x-amz-id-2": fresh.base64(57),
        },
        s3: {
          s3SchemaVersion: "1.0",
          configurationId: fresh.uuid(),
          bucket: {
            name: "shop-pictures",
            ownerIdentity: { principalId: `A${fresh.hex(13).toUpperCase()}` },
            arn: "arn:aws:s3:::shop-pictures",
          },
          // Keys come form-encoded: this one is "in/dusk and hills.png".
          object: {
            key: "in/dusk+and+hills.png",
            size: 10_429,
            eTag: fresh.hex(32),
            sequencer: `00${fresh.hex(16).toUpperCase()}`,
          },
        },
      },
    ],
  };
}

export function eventbridge(fresh: Fresh): unknown {
  return {
    version: "0",
    id: fresh.uuid(),
    "detail-type": "Order Placed",
    source: "shop.orders",
    account: sampleAccount,
    time: toTheSecond(fresh.now),
    region: sampleRegion,
    resources: [],
    detail: { orderId: 1042, customer: "Ada", items: ["lamp"] },
  };
}

export function scheduled(fresh: Fresh): unknown {
  return {
    version: "0",
    id: fresh.uuid(),
    "detail-type": "Scheduled Event",
    source: "aws.events",
    account: sampleAccount,
    time: toTheSecond(fresh.now),
    region: sampleRegion,
    resources: [arn("events", "rule/every-morning")],
    detail: {},
  };
}

export function cloudwatchLogs(fresh: Fresh): unknown {
  const document = {
    messageType: "DATA_MESSAGE",
    owner: sampleAccount,
    logGroup: "/shop/orders",
    logStream: `web/${fresh.hex(12)}`,
    subscriptionFilters: ["errors"],
    logEvents: [
      { id: fresh.digits(56), timestamp: fresh.now.getTime(), message: "[ERROR] order 1042 has no items" },
    ],
  };
  return { awslogs: { data: gzipSync(JSON.stringify(document)).toString("base64") } };
}

export function cognito(fresh: Fresh): unknown {
  const pool = `${sampleRegion}_${fresh.hex(9)}`;
  return {
    version: "1",
    region: sampleRegion,
    userPoolId: pool,
    userName: fresh.uuid(),
    callerContext: { awsSdkVersion: "aws-sdk-unknown-unknown", clientId: fresh.hex(26) },
    triggerSource: "PreSignUp_SignUp",
    request: { userAttributes: { email: "ada@example.com" }, validationData: null },
    response: { autoConfirmUser: false, autoVerifyEmail: false, autoVerifyPhone: false },
  };
}
