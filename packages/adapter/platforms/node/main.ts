import { run } from "../../src/run.ts";
import { nodePlatform } from "./platform.ts";

await run(nodePlatform);
