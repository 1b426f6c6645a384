/** What a test and the puppet say to each other. */
import type { Address } from "../../packages/adapter/src/platform.ts";
import type { Codec } from "../../packages/wire/src/codec.ts";

export type SentBytes = { readonly base64: string } | { readonly fill: number; readonly length: number };

export type Call = { readonly id: number } & (
  | { readonly op: "connect"; readonly connection: number; readonly address: Address }
  | { readonly op: "read" | "guard" | "close"; readonly connection: number }
  | { readonly op: "readInto"; readonly connection: number; readonly length: number; readonly from: number }
  | { readonly op: "write"; readonly connection: number; readonly pieces: readonly SentBytes[] }
  // As text: JSON has no infinity.
  | { readonly op: "after"; readonly timer: number; readonly ms: string }
  | { readonly op: "cancel"; readonly timer: number }
  | { readonly op: "now" }
  | { readonly op: "run"; readonly command: readonly [file: string, ...args: string[]] }
  | { readonly op: "convert"; readonly name: keyof Codec; readonly input: string | SentBytes }
  | { readonly op: "fault"; readonly rejected: boolean }
);

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly message: string; readonly code: string | undefined };
}
