import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

/**
 * What axe finds fault with on a page, in words. Axe looks at one element after another: on a page that is drawn anew
 * meanwhile it takes a text for being where another is by then, and finds contrasts and names that nobody ever sees.
 * So that counts what it found while the page stood still.
 */
export async function faultsOf(page: Page): Promise<string[]> {
  const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  // Nothing glides, and clocks are drawn once a second.
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.evaluate(source);
  for (;;) {
    const { violations, moved } = await page.evaluate<Findings>(look);
    if (!moved)
      return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
  }
}

interface Findings {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
  readonly moved: boolean;
}

/** Runs in the page. */
const look = `(async () => {
  await document.fonts.ready;
  await Promise.all(document.getAnimations().map((one) => one.finished.catch(() => undefined)));
  let moved = false;
  const observer = new MutationObserver(() => { moved = true; });
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  const { violations } = await axe.run();
  moved ||= observer.takeRecords().length > 0;
  observer.disconnect();
  return { violations, moved };
})()`;
