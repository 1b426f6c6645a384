import { createServer } from "node:net";
import type { Socket } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { describePlatform } from "../../testing/platform-contract.ts";
import { listen } from "../../testing/raw-app.ts";
import { nodePlatform } from "./platform.ts";

describePlatform("Node", nodePlatform);

interface Handle {
  setNoDelay(on: boolean): number;
}

describe("nodePlatform", () => {
  it("sets TCP_NODELAY before anything is written", async () => {
    const accepted: Socket[] = [];
    const server = createServer((socket) => accepted.push(socket));
    const port = await listen(server, 0, "127.0.0.1");
    const first = await nodePlatform.connect({ host: "127.0.0.1", port });
    await vi.waitUntil(() => accepted.length > 0);
    // The kernel's flag cannot be read from JavaScript; the call that sets it can be seen on the handles' prototype.
    const { _handle } = accepted[0] as Socket & { readonly _handle: Handle };
    const setNoDelay = vi.spyOn(Object.getPrototypeOf(_handle) as Handle, "setNoDelay");
    const second = await nodePlatform.connect({ host: "127.0.0.1", port });
    expect(setNoDelay.mock.calls).toEqual([[true]]);
    setNoDelay.mockRestore();
    first.close();
    second.close();
    for (const socket of accepted) socket.destroy();
    server.close();
  });
});
