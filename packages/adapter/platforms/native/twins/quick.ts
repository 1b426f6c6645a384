/** Twin of `wire/src/quick.ts`. */
import type { HeaderList, ResponseLimits, WholeResponse } from "@anylambda/wire";
import type { Host } from "../host.ts";

declare const host: Host;

/** Status, reusable, start and end of fields and of body: written by the host, read at once. */
const found = new Int32Array(6);

class Whole implements WholeResponse {
  readonly status: number;
  readonly reusable: boolean;
  readonly fields: Uint8Array;
  readonly body: Uint8Array;
  readonly #bytes: Uint8Array;
  readonly #limits: ResponseLimits;

  constructor(bytes: Uint8Array, limits: ResponseLimits) {
    this.status = found[0] as number;
    this.reusable = found[1] === 1;
    this.fields = bytes.subarray(found[2], found[3]);
    this.body = bytes.subarray(found[4], found[5]);
    this.#bytes = bytes;
    this.#limits = limits;
  }

  get reason(): string {
    return host.plainHead(this.#bytes, 0, this.#limits)?.first.slice(13) ?? "";
  }

  get headers(): HeaderList {
    return host.plainHead(this.#bytes, 0, this.#limits)?.fields ?? [];
  }
}

export function wholeResponse(
  bytes: Uint8Array,
  bodiless: boolean,
  limits: ResponseLimits,
): WholeResponse | undefined {
  if (!host.wholeResponse(bytes, bodiless, limits.headBytes, limits.fields, found)) return undefined;
  return new Whole(bytes, limits);
}

export const bodyForms = { text: 0, base64: 1, raw: 2 } as const;
export const targetForms = {
  decodedPath: 0,
  encodedPath: 1,
  decodedParameters: 2,
  encodedParameters: 3,
} as const;
export const relayKinds = { absent: 0, word: 1, number: 2, text: 3 } as const;
export const relay: Host["relay"] = host.relay;
export const fieldValues: Host["fieldValues"] = host.fieldValues;
export const jsonSketch: Host["jsonSketch"] = host.jsonSketch;
export const quickRequest: Host["quickRequest"] = host.quickRequest;
export const quickAnswer: Host["quickAnswer"] = host.quickAnswer;
export const isJson: Host["isJson"] = host.isJson;
