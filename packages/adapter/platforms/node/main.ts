import { serveInvocations } from "../../src/loop.ts";
import { passSnapshot } from "../../src/restore.ts";
import { run } from "../../src/run.ts";
import { nodePlatform } from "./platform.ts";

// A log that nobody takes is no reason to end: without a listener the broken pipe would be an exception.
process.stdout.on("error", () => {});

await run(nodePlatform, () => ({ serveInvocations, passSnapshot }));
