/** Events that carry messages (event-formats: SQS, SNS, Kafka). */
import { createHash } from "node:crypto";
import { arn, base64Of, type Fresh, sampleRegion } from "./fresh.ts";

export function sqs(fresh: Fresh): unknown {
  const body = JSON.stringify({ orderId: 1042, customer: "Ada" });
  const sent = fresh.now.getTime();
  return {
    Records: [
      {
        messageId: fresh.uuid(),
        receiptHandle: fresh.base64(120),
        body,
        attributes: {
          ApproximateReceiveCount: "1",
          SentTimestamp: String(sent - 12),
          SenderId: `AIDA${fresh.hex(17).toUpperCase()}`,
          ApproximateFirstReceiveTimestamp: String(sent),
        },
        messageAttributes: {
          kind: { stringValue: "order", stringListValues: [], binaryListValues: [], dataType: "String" },
        },
        md5OfBody: createHash("md5").update(body).digest("hex"),
        eventSource: "aws:sqs",
        eventSourceARN: arn("sqs", "orders"),
        awsRegion: sampleRegion,
      },
    ],
  };
}

export function sns(fresh: Fresh): unknown {
  const topic = arn("sns", "orders");
  const subscription = `${topic}:${fresh.uuid()}`;
  const site = `https://sns.${sampleRegion}.amazonaws.com`;
  return {
    Records: [
      {
        EventSource: "aws:sns",
        EventVersion: "1.0",
        EventSubscriptionArn: subscription,
        Sns: {
          Type: "Notification",
          MessageId: fresh.uuid(),
          TopicArn: topic,
          Subject: "A new order",
          Message: JSON.stringify({ orderId: 1042, customer: "Ada" }),
          Timestamp: fresh.now.toISOString(),
          SignatureVersion: "1",
          Signature: fresh.base64(256),
          SigningCertUrl: `${site}/SimpleNotificationService-${fresh.hex(32)}.pem`,
          UnsubscribeUrl: `${site}/?Action=Unsubscribe&SubscriptionArn=${subscription}`,
          MessageAttributes: { kind: { Type: "String", Value: "order" } },
        },
      },
    ],
  };
}

export function kafka(fresh: Fresh): unknown {
  const brokers = [1, 2].map(
    (n) => `b-${n}.shop.${fresh.hex(6)}.c2.kafka.${sampleRegion}.amazonaws.com:9092`,
  );
  return {
    eventSource: "aws:kafka",
    eventSourceArn: arn("kafka", `cluster/shop/${fresh.uuid()}-2`),
    bootstrapServers: brokers.join(","),
    records: {
      "orders-0": [
        {
          topic: "orders",
          partition: 0,
          offset: 15,
          timestamp: fresh.now.getTime(),
          timestampType: "CREATE_TIME",
          key: base64Of("1042"),
          value: base64Of(JSON.stringify({ orderId: 1042, customer: "Ada" })),
          headers: [{ kind: [...Buffer.from("order")] }],
        },
      ],
    },
  };
}
