import { run } from "../../src/run.ts";
import type { Host } from "./host.ts";
import { nativePlatform } from "./platform.ts";

declare const host: Host;

await run(nativePlatform(host));
