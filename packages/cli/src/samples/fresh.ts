/** Ids and times of a sample: new each time, as on AWS, so that nothing can come to rely on one of them. */
import { randomBytes, randomUUID } from "node:crypto";

export interface Fresh {
  readonly now: Date;
  uuid(): string;
  /** Lower-case hexadecimal digits. */
  hex(length: number): string;
  digits(length: number): string;
  base64(bytes: number): string;
}

export const sampleRegion = "us-east-1";
export const sampleAccount = "123456789012";

export function freshness(now: Date = new Date()): Fresh {
  return {
    now,
    uuid: () => randomUUID(),
    hex: (length) =>
      randomBytes(Math.ceil(length / 2))
        .toString("hex")
        .slice(0, length),
    // Not beginning with 0: AWS's numbers in texts never do.
    digits: (length) =>
      Array.from(randomBytes(length), (byte, at) => (at === 0 ? 1 + (byte % 9) : byte % 10)).join(""),
    base64: (bytes) => randomBytes(bytes).toString("base64"),
  };
}

export function arn(service: string, resource: string): string {
  return `arn:aws:${service}:${sampleRegion}:${sampleAccount}:${resource}`;
}

/** `2026-11-22T10:00:00Z`, as EventBridge writes times. */
export function toTheSecond(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

export function base64Of(text: string): string {
  return Buffer.from(text).toString("base64");
}
