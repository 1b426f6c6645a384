import { run } from "../../src/run.ts";
import type { Later } from "../../src/run.ts";
import type { Host } from "./host.ts";
import { nativePlatform } from "./platform.ts";

declare const host: Host;

let later: Later | undefined;
await run(nativePlatform(host), () => (later ??= host.later()));
