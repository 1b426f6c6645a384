import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { faultsOf } from "../testing/axe.ts";
import { chromiumFile, startBrowser } from "../testing/browser.ts";
import { type Running, start, stopAll } from "../testing/command.ts";

// `anylambda snapstart check --dashboard` of an app that answers 500 after each restore, whatever restores it here.

const words = ["snapstart", "check", "--dashboard", "--quiet", "--after", "0", "--json"];
const hook = ["-e", "AWS_LWA_SNAPSTART_AFTER_RESTORE_PATH=/after-restore"];
const app = ["--request", "GET /orders", "--", "node", "restored-badly.mjs"];

describe("anylambda snapstart check --dashboard", () => {
  it("prints its page before the check and its report after it, stays until Ctrl-C, and ends as without", async () => {
    const check = start([...words, ...hook, ...app]);
    const [, url = ""] = await check.complaining(/The report is at (http:\S+)/);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#[\w-]{22}$/);
    const [line] = await check.saying(/^\{.*\}$/m);
    await check.complaining(/Ctrl-C closes the page/);
    const { findings } = JSON.parse(line) as { findings: { kind: string; grade: string }[] };
    expect(findings).toContainEqual(expect.objectContaining({ kind: "answer-changed", grade: "fault" }));
    expect((await fetch(url)).status).toBe(200);
    check.signal("SIGINT");
    expect((await check.result).code).toBe(1);
    await expect(fetch(url)).rejects.toThrow();
  });

  it("says when its port is taken", async () => {
    const check = start([...words, ...app]);
    const [, port = ""] = await check.complaining(/127\.0\.0\.1:(\d+)/);
    const other = await start([...words, "--dashboard-port", port, ...app]).result;
    expect(other.code).toBe(1);
    expect(other.stderr).toContain("--dashboard-port");
    check.signal("SIGINT");
    await check.result;
  });
});

describe.skipIf(chromiumFile === undefined)("the page of a check in Chromium", () => {
  let check: Running;
  let url: URL;
  let browser: Browser;
  let page: Page;
  const errors: string[] = [];

  beforeAll(async () => {
    check = start([...words, ...hook, ...app]);
    const [, address = ""] = await check.complaining(/The report is at (http:\S+)/);
    url = new URL(address);
    browser = await startBrowser();
    // Open from the beginning: it shows how far the check is, and then its report, without being loaded again.
    const early = await browser.newPage();
    await early.goto(url.href);
    await early.getByText("Booting the app, twice").waitFor();
    // Everything is in view, though hardly anything has happened when it is asked for.
    await early.keyboard.press("v");
    await early.locator(".lane").nth(4).waitFor();
    await early.getByRole("button", { name: "Follow", pressed: false }).waitFor();
    await early.keyboard.press("v");
    await early.getByRole("heading", { name: "Answers that changed after the restore" }).waitFor();
    await early.close();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await stopAll();
  });
  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: "light" });
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    await page.goto(url.href);
    await page.getByRole("heading", { name: "Findings" }).waitFor();
  });
  afterEach(async () => {
    await page.close();
    const found = errors.splice(0);
    if (found.length > 0) throw new Error(found.join("\n"));
  });

  it("shows each finding with evidence and mend, the times, and the break-even", async () => {
    const finding = page.getByRole("article", { name: "Answers that changed after the restore" });
    const text = await finding.textContent();
    expect(text).toContain("GET /orders");
    expect(text).toContain("status 500 after a restore, 200 after a boot");
    expect(text).toContain("fetch it again");
    const verdict = await page.getByRole("region", { name: "Verdict" }).textContent();
    expect(verdict).toMatch(/\d faults?/);
    expect(verdict).toMatch(/Boot[\d.]+ m?s/);
    expect(verdict).toMatch(/SnapStart (costs more than it gains|would save about)/);
  });

  it("shows what happened: boots, publication and copies as lanes, and the answers of a finding", async () => {
    const finding = page.getByRole("article", { name: "Answers that changed after the restore" });
    await finding.getByRole("button", { name: "Show the answers" }).click();
    const rows = page.locator("tbody tr");
    await expect.poll(() => rows.count()).toBe(8);
    const lanes = await page.locator(".lane .label").allTextContents();
    for (const who of ["boot 1", "boot 2", "publication", "copy 1", "copy 2"])
      expect(lanes.join("\n")).toContain(who);
    // The last invocation of each has ended before its environment did.
    expect(await rows.filter({ hasText: "200" }).count()).toBe(4);
    expect(await rows.filter({ hasText: "500" }).count()).toBe(4);
    await rows.filter({ hasText: "copy 1" }).first().click();
    await page.getByText("connection lost").waitFor();
    // They have ended: there is nobody to send an event to.
    expect(await page.getByRole("button", { name: /^(Send|Edit)/ }).count()).toBe(0);
    await page.keyboard.press("r");
    await page.keyboard.press("n");
    expect(await page.getByRole("dialog").count()).toBe(0);
  });

  it("is used by keyboard alone", async () => {
    const focused = () => page.evaluate("document.activeElement.getAttribute('aria-labelledby')");
    await page.keyboard.press("j");
    expect(await focused()).toBe("finding-1");
    await page.keyboard.press("k");
    expect(await focused()).toBe("finding-1");
    await page.keyboard.press("v");
    await page.getByRole("group", { name: "Environments" }).waitFor();
    await page.keyboard.press("v");
    await page.getByRole("heading", { name: "Findings" }).waitFor();
    await page.getByRole("tab", { name: "Report" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("group", { name: "Environments" }).waitFor();
    expect(await page.evaluate("document.activeElement.id")).toBe("view-tab-happened");
  });

  it.each(["light", "dark"])("has no fault that axe knows of, %s", async (theme) => {
    if (theme === "dark") await page.keyboard.press("t");
    expect(await faultsOf(page)).toEqual([]);
    await page.keyboard.press("v");
    await page.getByRole("group", { name: "Environments" }).waitFor();
    // The records come a moment after the report.
    await expect.poll(() => page.locator("tbody tr").count()).toBe(8);
    expect(await faultsOf(page)).toEqual([]);
    // A bar as it widens: its name is there not at all, in part, and whole.
    const bar = page
      .getByRole("button", { name: /^GET \/orders.*copy 2/ })
      .locator("rect")
      .first();
    for (let steps = 0; steps < 8; steps += 1) {
      const box = await bar.boundingBox();
      if (box === null) throw new Error("The bar is not in view");
      await page.mouse.move(box.x + 1, box.y + box.height / 2);
      await page.mouse.wheel(0, -300);
      await expect.poll(async () => (await bar.boundingBox())?.width).not.toBe(box.width);
      expect(await faultsOf(page)).toEqual([]);
    }
  });
});
