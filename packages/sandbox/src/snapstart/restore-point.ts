/**
 * The call in which a runtime passes the snapshot (environment.md 6.2): `GET /runtime/restore/next` blocks until a
 * copy of the runtime was restored, and is answered with 200 and nothing else.
 */
import type { ServerResponse } from "node:http";
import { runtimePaths } from "@anylambda/wire";

export const restoreNextPath: string = runtimePaths.restoreNext;

export class RestorePoint {
  #poll: ServerResponse | undefined;

  park(poll: ServerResponse): void {
    this.#poll = poll;
  }

  /** Clients require exactly 200 (environment.md 6.3). */
  release(): void {
    const poll = this.#poll;
    this.#poll = undefined;
    poll?.writeHead(200, ["Content-Length", "0"]);
    poll?.end();
  }
}
