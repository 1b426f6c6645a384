/** A real Chromium without a window, for the tests of the dashboard. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const candidates = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** `undefined` where there is none: tests that need it are skipped by name. */
export const chromiumFile: string | undefined = candidates.find((file) => existsSync(file));

/** Each has a profile of its own, which goes with it. */
export function startBrowser(): Promise<Browser> {
  if (chromiumFile === undefined) throw new Error("There is no Chromium");
  return chromium.launch({
    executablePath: chromiumFile,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
