import { defineConfig } from "vitest/config";
import { useTestDirectory } from "./scripts/test-directory.ts";

useTestDirectory();

// Tests run the sources, not what was built from them: the "source" condition of each package's exports.
const source = { resolve: { conditions: ["source"] }, ssr: { resolve: { conditions: ["source"] } } };

/** On CI, whose two cores others use too, a test of real processes is tried again; `scripts/second-tries.mjs` names it. */
const retry = process.env["CI"] === "true" ? 2 : 0;

function room(name: string, include: string[], more: object = {}) {
  // A condition that comes late on a busy machine comes all the same.
  const expect = { poll: { timeout: 10_000 } };
  return { ...source, test: { name, include, testTimeout: 20_000, retry, expect, ...more } };
}

export default defineConfig({
  test: {
    reporters: ["default"],
    projects: [
      room("wire", ["packages/wire/**/*.test.ts"]),
      room("adapter", ["packages/adapter/**/*.test.ts"], { testTimeout: 20_000 }),
      room("checkpoint", ["packages/checkpoint/**/*.test.ts"], { testTimeout: 60_000 }),
      room("sandbox", ["packages/sandbox/**/*.test.ts"], { testTimeout: 60_000 }),
      room("dashboard", ["packages/dashboard/**/*.test.ts"]),
      room("cli", ["packages/cli/**/*.test.ts"], { testTimeout: 60_000 }),
      room("native", ["native/**/*.test.ts"], { testTimeout: 60_000 }),
      // The other of Lambda's architectures, emulated.
      room("native-arm64", ["native/native.test.ts", "native/platform.contract.test.ts"], {
        testTimeout: 120_000,
        env: { ANYLAMBDA_TEST_NATIVE: "linux-arm64" },
      }),
      room("workspace", ["scripts/**/*.test.ts"], { testTimeout: 120_000, hookTimeout: 120_000 }),
      room("fuzz", ["fuzz/**/*.test.ts"], { testTimeout: 60_000 }),
      room("conformance", ["conformance/**/*.test.ts"], { testTimeout: 120_000 }),
      room("examples", ["examples/*/*.test.ts"], { testTimeout: 120_000, hookTimeout: 300_000 }),
    ],
  },
});
