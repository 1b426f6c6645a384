/** What a person would call an event, and the HTTP status of an answer. Pure; nothing in an event can make it throw. */
import { isObject, kindOf } from "@anylambda/wire";

export interface Description {
  readonly title: string;
  readonly kind: string;
}

export function describeEvent(event: unknown): Description {
  if (!isObject(event)) return { title: "event", kind: "event" };
  const kind = kindOf(event);
  const http = within(event, "requestContext", "http");
  const method = textOf(event["httpMethod"]) ?? textOf(event["method"]) ?? textOf(http["method"]);
  const path = textOf(event["rawPath"]) ?? textOf(event["raw_path"]) ?? textOf(event["path"]);
  if (method !== undefined && path !== undefined) return { title: `${method} ${path}`, kind };
  const route = textOf(within(event, "requestContext")["routeKey"]);
  if (kind === "websocket" && route !== undefined) return { title: route, kind };
  return notHttp(event);
}

function notHttp(event: Readonly<Record<string, unknown>>): Description {
  const records = Array.isArray(event["Records"]) ? (event["Records"] as unknown[]) : [];
  const first = isObject(records[0]) ? records[0] : {};
  const source = textOf(first["eventSource"]) ?? textOf(first["EventSource"]) ?? textOf(event["eventSource"]);
  if (source !== undefined) {
    const kind = source.replace(/^aws:/, "").toLowerCase();
    const count =
      records.length === 0 ? "" : `, ${records.length} ${records.length === 1 ? "record" : "records"}`;
    return { title: `${kind}${count}`, kind };
  }
  const detail = textOf(event["detail-type"]);
  if (detail !== undefined) return { title: detail, kind: "eventbridge" };
  const trigger = textOf(event["triggerSource"]);
  if (trigger !== undefined) return { title: trigger, kind: "cognito" };
  if (event["deliveryStreamArn"] !== undefined) return { title: "firehose", kind: "firehose" };
  if (event["awslogs"] !== undefined) return { title: "logs", kind: "logs" };
  const keys = Object.keys(event);
  return {
    title: keys.length === 0 ? "{}" : `{ ${keys.slice(0, 4).join(", ")}${keys.length > 4 ? ", …" : ""} }`,
    kind: "event",
  };
}

/** Of a proxy answer, or of the prelude of a streamed one. */
export function statusCodeOf(answer: string, streamed: boolean): number | undefined {
  const end = streamed ? answer.indexOf("\0") : answer.length;
  // Nobody writes the head of an answer behind a body of megabytes: what is cut off is not looked at.
  const document = parsed(end < 0 ? answer : answer.slice(0, end));
  const status = isObject(document) ? document["statusCode"] : undefined;
  return typeof status === "number" && Number.isInteger(status) ? status : undefined;
}

export function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function within(
  event: Readonly<Record<string, unknown>>,
  ...path: readonly string[]
): Record<string, unknown> {
  let found: unknown = event;
  for (const name of path) found = isObject(found) ? found[name] : undefined;
  return isObject(found) ? { ...found } : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value.slice(0, 200) : undefined;
}
