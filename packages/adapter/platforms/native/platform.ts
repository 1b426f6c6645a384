/** The adapter's machine, as the native host gives it: engine QuickJS, one loop, everything else in Rust. */
import type { Platform } from "../../src/platform.ts";
import { connect, onSocket } from "./connection.ts";
import { happened } from "./host.ts";
import type { Host } from "./host.ts";

export function nativePlatform(host: Host): Platform {
  const actions = new Map<number, () => void>();
  const programs = new Map<number, (status: number) => void>();
  const terminations: (() => void)[] = [];

  host.listen((kind, id, value) => {
    if (kind === happened.socket) onSocket(host, id);
    else if (kind === happened.timer) {
      const action = actions.get(id);
      actions.delete(id);
      action?.();
    } else if (kind === happened.program) {
      programs.get(id)?.(value);
      programs.delete(id);
    } else for (const handler of terminations.splice(0)) handler();
  });

  return {
    env: host.env,
    codec: host,
    connect: (address) => connect(host, address),
    now: () => ({ wall: host.wall(), monotonic: host.monotonic() }),
    onTerminate(handler) {
      terminations.push(handler);
      host.catchTerminate();
    },
    compress: async (coding, bytes) => host.compress(coding, bytes),
    compressor(coding) {
      const compress = host.compressor(coding);
      return { write: async (bytes) => compress(bytes), end: async () => compress() };
    },
    after(ms, action) {
      const id = host.after(ms);
      actions.set(id, action);
      return () => {
        if (actions.delete(id)) host.cancel(id);
      };
    },
    run: ([file, ...args]) => new Promise((resolve) => programs.set(host.run(file, args), resolve)),
    print: (line) => host.print(line),
    exit: (code) => host.exit(code),
  };
}
