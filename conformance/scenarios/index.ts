/** All scenarios, in the order of the page. */
import type { Topic } from "../harness/scenario.ts";
import { methodsTopic, pathsTopic, queriesTopic } from "./requests.ts";

export const topics: readonly Topic[] = [methodsTopic, pathsTopic, queriesTopic];
