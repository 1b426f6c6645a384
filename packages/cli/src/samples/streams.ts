/** Events that carry records of a stream (event-formats: DynamoDB, Kinesis, Firehose). */
import { arn, base64Of, type Fresh, sampleAccount, sampleRegion, toTheSecond } from "./fresh.ts";

export function dynamodb(fresh: Fresh): unknown {
  const keys = { id: { N: "1042" } };
  return {
    Records: [
      {
        eventID: fresh.hex(32),
        eventName: "MODIFY",
        eventVersion: "1.1",
        eventSource: "aws:dynamodb",
        awsRegion: sampleRegion,
        dynamodb: {
          ApproximateCreationDateTime: Math.floor(fresh.now.getTime() / 1000),
          Keys: keys,
          NewImage: { ...keys, customer: { S: "Ada" }, state: { S: "paid" }, items: { L: [{ S: "lamp" }] } },
          OldImage: { ...keys, customer: { S: "Ada" }, state: { S: "new" }, items: { L: [{ S: "lamp" }] } },
          SequenceNumber: fresh.digits(21),
          SizeBytes: 78,
          StreamViewType: "NEW_AND_OLD_IMAGES",
        },
        eventSourceARN: arn("dynamodb", `table/orders/stream/${toTheSecond(fresh.now).slice(0, -1)}.000`),
      },
    ],
  };
}

export function kinesis(fresh: Fresh): unknown {
  const sequenceNumber = fresh.digits(56);
  return {
    Records: [
      {
        kinesis: {
          kinesisSchemaVersion: "1.0",
          partitionKey: "order-1042",
          sequenceNumber,
          data: base64Of(JSON.stringify({ orderId: 1042, customer: "Ada" })),
          approximateArrivalTimestamp: fresh.now.getTime() / 1000,
        },
        eventSource: "aws:kinesis",
        eventVersion: "1.0",
        eventID: `shardId-000000000006:${sequenceNumber}`,
        eventName: "aws:kinesis:record",
        invokeIdentityArn: `arn:aws:iam::${sampleAccount}:role/orders-role`,
        awsRegion: sampleRegion,
        eventSourceARN: arn("kinesis", "stream/orders"),
      },
    ],
  };
}

export function firehose(fresh: Fresh): unknown {
  return {
    invocationId: fresh.uuid(),
    deliveryStreamArn: arn("firehose", "deliverystream/orders"),
    region: sampleRegion,
    records: [
      {
        recordId: fresh.digits(56),
        approximateArrivalTimestamp: fresh.now.getTime(),
        data: base64Of(JSON.stringify({ orderId: 1042, customer: "Ada" })),
      },
    ],
  };
}
