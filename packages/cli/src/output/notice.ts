/** Everything a command can tell: what the sandbox reports, and what the command itself has to say. */
import type { SandboxEvent } from "@anylambda/sandbox";
import type { Engine } from "../adapters.ts";

export type Notice = (SandboxEvent & OfFunction) | CommandNotice;

/** Where there are several functions: whose event it is. */
interface OfFunction {
  readonly function?: string;
}

export type CommandNotice =
  | {
      readonly type: "starting";
      readonly name: string;
      readonly command: string;
      /** What runs the adapter; absent without one. */
      readonly adapter?: Engine;
      /** Value of `PORT`; absent when the function speaks the Runtime API itself. */
      readonly appPort?: number;
      readonly memorySizeMb: number;
      readonly timeoutSeconds: number;
    }
  | {
      readonly type: "listening";
      /** Of the first door. */
      readonly url: string;
      readonly doors: readonly { readonly door: string; readonly url: string }[];
      /** Directories whose files become messages. */
      readonly queues: readonly string[];
      /** Of the Invoke API: what an SDK takes as its endpoint. */
      readonly invokeUrl: string;
      readonly name: string;
      /** Where there are several functions: the name again. */
      readonly function?: string;
      /** Of the dashboard, with the token that opens it. */
      readonly dashboardUrl?: string;
    }
  /** Of several functions: the dashboard of them all. */
  | { readonly type: "dashboard"; readonly url: string }
  /** `files` changed, relative to where the command was started; none when the configuration did. */
  | { readonly type: "reloading"; readonly name: string; readonly files: readonly string[] }
  | { readonly type: "reloaded"; readonly name: string; readonly durationMs: number }
  /** The configuration file no longer has it. */
  | { readonly type: "removed"; readonly name: string }
  | { readonly type: "warning"; readonly message: string }
  | {
      readonly type: "failure";
      readonly message: string;
      readonly hint?: string;
      /** What else helps: an excerpt, or the last lines a program wrote. */
      readonly lines: readonly string[];
    }
  | { readonly type: "stopping"; readonly signal: string };

/** The one way anything is printed. */
export interface Reporter {
  readonly tell: (notice: Notice) => void;
}
