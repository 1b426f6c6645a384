// Builds LWA from the registry into target/, for the scenarios to be run against. Does nothing when it is there.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { LWA_VERSION, lwaBinary, lwaRoot } from "./lwa.mjs";

if (existsSync(lwaBinary())) {
  console.log(`LWA is there: ${lwaBinary()}`);
} else {
  const args = ["install", "lambda_web_adapter", "--version", LWA_VERSION, "--locked", "--root", lwaRoot()];
  // The profile of LWA's own releases (LWA #646), which its crate of February does not have yet: a panic ends the
  // process there, and does not only fail the invocation.
  const env = { ...process.env, CARGO_PROFILE_RELEASE_PANIC: "abort", CARGO_PROFILE_RELEASE_OPT_LEVEL: "s" };
  const { status, error } = spawnSync("cargo", args, { stdio: "inherit", env });
  if (error !== undefined)
    console.log(`skipped: cargo is missing (${error.message}), so LWA ${LWA_VERSION} cannot be built`);
  else if (status !== 0) process.exit(status ?? 1);
}
