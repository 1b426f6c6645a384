import { isObject } from "@anylambda/wire";
import type { JsonObject } from "@anylambda/wire";

/**
 * The name of the service an event that is not HTTP came from (spec event-formats.md 13), for
 * `ANYLAMBDA_PASS_THROUGH_ROUTES`. `undefined` when nothing tells: a direct invocation may look like anything.
 */
export function sourceOf(event: unknown): string | undefined {
  if (!isObject(event)) return undefined;
  const named =
    byName(event["eventSource"]) ??
    byName(firstRecord(event)?.["eventSource"] ?? firstRecord(event)?.["EventSource"]);
  if (named !== undefined) return named;
  for (const [source, test] of marks) if (test(event)) return source;
  return undefined;
}

/** `aws:sqs` is `sqs`; the two kinds of Kafka are one. */
function byName(value: unknown): string | undefined {
  if (value === "SelfManagedKafka" || value === "aws:kafka") return "kafka";
  if (typeof value !== "string" || !value.startsWith("aws:")) return undefined;
  return value.slice(4).toLowerCase();
}

function firstRecord(event: JsonObject): JsonObject | undefined {
  const records = event["Records"];
  const first: unknown = Array.isArray(records) ? records[0] : undefined;
  return isObject(first) ? first : undefined;
}

const has = (key: string) => (event: JsonObject) => event[key] !== undefined;

/** Marks of sources that do not name themselves; the first that holds. */
const marks: readonly (readonly [source: string, test: (event: JsonObject) => boolean])[] = [
  ["cloudfront", (event) => firstRecord(event)?.["cf"] !== undefined],
  ["firehose", (event) => has("deliveryStreamArn")(event) && Array.isArray(event["records"])],
  ["scheduled", (event) => event["detail-type"] === "Scheduled Event"],
  ["eventbridge", (event) => typeof event["detail-type"] === "string" && typeof event["source"] === "string"],
  ["logs", (event) => isObject(event["awslogs"])],
  ["codepipeline", has("CodePipeline.job")],
  [
    "cognito",
    (event) => typeof event["triggerSource"] === "string" && typeof event["userPoolId"] === "string",
  ],
  ["bedrock-agent", (event) => isObject(event["agent"]) && typeof event["messageVersion"] === "string"],
  ["authorizer", (event) => typeof event["methodArn"] === "string" || typeof event["routeArn"] === "string"],
  [
    "websocket",
    (event) =>
      isObject(event["requestContext"]) && typeof event["requestContext"]["connectionId"] === "string",
  ],
  [
    "cloudformation",
    (event) => typeof event["RequestType"] === "string" && typeof event["ResponseURL"] === "string",
  ],
  ["secrets-manager", (event) => typeof event["SecretId"] === "string" && typeof event["Step"] === "string"],
  ["appsync", (event) => isObject(event["info"]) && isObject(event["arguments"])],
  [
    "lex",
    (event) => isObject(event["bot"]) && (isObject(event["sessionState"]) || has("currentIntent")(event)),
  ],
  ["connect", (event) => event["Name"] === "ContactFlowEvent"],
  ["config", (event) => typeof event["invokingEvent"] === "string" && has("configRuleName")(event)],
  ["s3-object-lambda", (event) => isObject(event["getObjectContext"])],
];

/** Every name but those that stand behind `aws:` in an event. Compared with `docs/events.md` by a test. */
export const namedSources: readonly string[] = ["kafka", ...marks.map(([source]) => source)];
