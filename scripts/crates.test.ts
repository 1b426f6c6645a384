import { describe, expect, it } from "vitest";
import { crateFaults, isAllowed } from "./crates.mjs";

describe("isAllowed", () => {
  it.each([
    "MIT",
    "MIT OR GPL-3.0-only",
    "GPL-2.0 OR (MIT AND Zlib)",
    "MIT/Apache-2.0",
    "BSD-3-Clause AND MIT",
  ])("takes %s", (expression) => {
    expect(isAllowed(expression)).toBe(true);
  });
  it.each([
    "",
    "GPL-3.0-only",
    "MIT AND GPL-3.0-only",
    "(MIT",
    "MIT MIT",
    "MIT OR",
    "Apache-2.0 WITH LLVM-exception",
  ])("refuses %j", (expression) => {
    expect(isAllowed(expression)).toBe(false);
  });
});

describe("crateFaults", () => {
  const registry = "registry+https://github.com/rust-lang/crates.io-index";
  const lock = `[[package]]\nname = "good"\nversion = "1.0.0"\nsource = "${registry}"\nchecksum = "${"0".repeat(64)}"\n`;
  const good = { name: "good", version: "1.0.0", source: registry, license: "MIT" };

  it("finds nothing wrong with a pinned crate of crates.io under a licence that is allowed", () => {
    expect(crateFaults([good, { ...good, name: "ours", source: null, license: null }], lock)).toEqual([]);
  });
  it("names what comes from elsewhere, is not pinned, or has another licence", () => {
    const faults = crateFaults(
      [
        { ...good, source: "git+https://example.com/good" },
        { ...good, version: "1.0.1" },
        { ...good, license: "GPL-3.0-only" },
      ],
      lock,
    );
    expect(faults).toEqual([
      "good 1.0.0 comes from git+https://example.com/good, not from crates.io",
      "good 1.0.1 has no checksum in Cargo.lock",
      "good 1.0.0 has the licence GPL-3.0-only",
    ]);
  });
});
