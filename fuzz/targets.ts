/** Everything that is fuzzed. */
import type { Target } from "./target.ts";
import { doors } from "./targets/doors.ts";
import { asciiJsonTarget, sliceMemberTarget } from "./targets/json.ts";
import { prelude } from "./targets/prelude.ts";
import { response } from "./targets/response.ts";

export const targets: readonly Target[] = [response, prelude, sliceMemberTarget, asciiJsonTarget, doors];
