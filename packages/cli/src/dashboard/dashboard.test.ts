import { mkdtempSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { faultsOf } from "../testing/axe.ts";
import { chromiumFile, startBrowser } from "../testing/browser.ts";
import { type Running, start, stopAll } from "../testing/command.ts";

let dev: Running;
/** Of the Function URL, and of the dashboard with its token. */
let url: string;
let dashboard: URL;
const token = (): string => dashboard.hash.slice(1);

beforeAll(async () => {
  dev = start(["dev", "--port", "0", "--json", "--name", "shop", "--", "node", "shop.mjs"], { traced: true });
  const said = await dev.saying(/"url":"([^"]+)".*"dashboardUrl":"([^"]+)"/);
  url = said[1] as string;
  dashboard = new URL(said[2] as string);
});
afterAll(stopAll);

const ask = (path: string, headers: Record<string, string> = {}) =>
  fetch(new URL(path, url), { headers }).then((response) => response.text());

/** One HTTP exchange with any headers, which `fetch` does not allow. */
function exchange(path: string, headers: Record<string, string>, method = "GET", body = ""): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = dashboard;
    http
      .request({ host: hostname, port, path, method, headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
        response.destroy();
      })
      .on("error", reject)
      .end(body);
  });
}

describe("the dashboard's server", () => {
  it("shows the page to whoever comes, and tells nothing without the token", async () => {
    expect(await exchange("/", {})).toBe(200);
    for (const path of ["/api/stream", "/api/invocations/x", "/api/samples/sqs"]) {
      expect(await exchange(path, {})).toBe(403);
      expect(await exchange(path, { "x-anylambda-token": "wrong" })).toBe(403);
    }
    expect(await exchange("/api/stream", { "x-anylambda-token": token() })).toBe(200);
  });

  it("does nothing for another page, even with the token", async () => {
    const order = JSON.stringify({ function: "shop", event: "{}" });
    const own = { "x-anylambda-token": token() };
    const post = (headers: Record<string, string>) =>
      exchange("/api/invoke", { ...own, ...headers }, "POST", order);
    expect(await post({ origin: "http://evil.example" })).toBe(403);
    expect(await post({ host: "evil.example" })).toBe(421);
    expect(await post({ "sec-fetch-site": "same-site" })).toBe(403);
    expect(await post({ origin: dashboard.origin })).toBe(202);
  });

  it("serves three files and no others", async () => {
    for (const path of ["/app.js", "/style.css", "/index.html"]) expect(await exchange(path, {})).toBe(200);
    for (const path of ["/../anylambda.mjs", "/%2e%2e/anylambda.mjs", "/x"])
      expect(await exchange(path, {})).toBe(404);
  });

  it("says what is wrong with an order", async () => {
    const own = { "x-anylambda-token": token() };
    const post = (order: unknown) => exchange("/api/invoke", own, "POST", JSON.stringify(order));
    expect(await post({ function: "other", event: "{}" })).toBe(404);
    expect(await post({ function: "shop", event: "{" })).toBe(400);
    expect(await post(null)).toBe(404);
  });

  it("is not there with --no-dashboard, and its token is no line of the app's", async () => {
    const other = start(["dev", "--port", "0", "--no-dashboard", "--json", "--", "node", "shop.mjs"]);
    const [line] = await other.saying(/.*"type":"listening".*/);
    other.signal("SIGINT");
    await other.result;
    expect(line).not.toContain("dashboardUrl");
  });
});

describe.skipIf(chromiumFile === undefined)("the dashboard in Chromium", () => {
  let browser: Browser;
  let page: Page;
  const errors: string[] = [];

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: "light" });
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    await page.goto(dashboard.href);
  });
  afterEach(async () => {
    await page.close();
    const found = errors.splice(0);
    if (found.length > 0) throw new Error(found.join("\n"));
  });

  const row = (text: string) => page.locator("tbody tr", { hasText: text }).first();

  it("shows environments as lanes, with init and invocations", async () => {
    await ask("/lanes");
    await row("/lanes").waitFor();
    const lane = page.getByRole("group", { name: "Environments" });
    await lane.locator(".span.init").first().waitFor({ state: "attached" });
    await lane.getByRole("button", { name: /GET \/lanes, .* shop #1/ }).waitFor({ state: "attached" });
    expect(await page.locator(".lane .label").first().textContent()).toContain("shop #1");
  });

  it("opens an invocation: answer, event with secrets hidden, logs and REPORT, records", async () => {
    await ask("/opened?q=1", { authorization: "Bearer TOPSECRET", cookie: "session=TOPSECRET" });
    await row("/opened").click();
    const detail = page.getByRole("region", { name: "Invocation", exact: true });
    await detail.getByText('"path": "/opened"').waitFor();
    await detail.getByRole("tab", { name: /event/ }).click();
    await detail.getByText('"rawPath"').waitFor();
    const event = await page.getByRole("region", { name: "Event" }).textContent();
    expect(event).toContain('"authorization": "••••••"');
    expect(event).not.toContain("TOPSECRET");
    await detail.getByRole("tab", { name: /logs/ }).click();
    await detail.getByText("got GET /opened?q=1").waitFor();
    await detail.getByText(/^REPORT RequestId/).waitFor();
    await detail.getByRole("tab", { name: /records/ }).click();
    await detail.getByText("answered").waitFor();
  });

  it("shows the answer of an invocation that was opened before it came", async () => {
    const go = join(mkdtempSync(join(tmpdir(), "anylambda-go-")), "go");
    const asked = ask("/waits", { "x-until": go });
    await row("/waits").click();
    const detail = page.getByRole("region", { name: "Invocation", exact: true });
    await detail.getByRole("tab", { name: /event/ }).click();
    await detail.getByText('"rawPath"').waitFor();
    await detail.getByRole("tab", { name: /answer/ }).click();
    await detail.getByText("No answer yet.").waitFor();
    writeFileSync(go, "");
    await asked;
    await detail.getByText('"path": "/waits"').waitFor();
    await detail.getByText("200").first().waitFor();
  });

  it("sends an event again, with the secrets of the original", async () => {
    await ask("/again", { authorization: "Bearer kept" });
    await row("/again").click();
    await page.getByRole("button", { name: "Send again" }).click();
    await expect.poll(() => page.locator("tbody tr", { hasText: "/again" }).count()).toBe(2);
    await page.getByText('"authorization": "Bearer kept"').waitFor();
  });

  it("sends an event that was edited, and a sample", async () => {
    await ask("/before");
    await row("/before").click();
    await page.getByRole("button", { name: "Edit and send" }).click();
    const text = page.getByRole("textbox", { name: "Event" });
    await text.fill("{ no json");
    expect(await page.getByRole("button", { name: /^Send Ctrl/ }).isDisabled()).toBe(true);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Edit and send" }).click();
    await text.fill((await text.inputValue()).replaceAll("/before", "/after"));
    await page.getByRole("button", { name: /^Send Ctrl/ }).click();
    await row("/after").waitFor();
    await page.getByText('"path": "/after"').waitFor();

    await page.getByRole("button", { name: "Send an event" }).click();
    await page.getByLabel("Sample").selectOption("sqs");
    await expect.poll(() => text.inputValue()).toContain("aws:sqs");
    await text.press("Control+Enter");
    await row("sqs, 1 record").waitFor();
  });

  it("finds invocations, and those that failed", async () => {
    await ask("/needle");
    await ask("/fails");
    await row("/fails").waitFor();
    await page.getByRole("searchbox").fill("get needle");
    await expect.poll(() => page.locator("tbody tr").count()).toBe(1);
    await page.getByRole("searchbox").fill("");
    await page.getByLabel("Failures").check();
    await row("/fails").waitFor();
    expect(await page.locator("tbody tr", { hasText: "/needle" }).count()).toBe(0);
  });

  it("is used by keyboard alone", async () => {
    await ask("/older");
    await ask("/newer");
    await row("/newer").waitFor();
    const title = page.locator(".detail h2");
    await page.keyboard.press("j");
    await expect.poll(() => title.textContent()).toBe("GET /newer");
    await page.keyboard.press("j");
    await expect.poll(() => title.textContent()).toBe("GET /older");
    // By tab to the list, then with arrows.
    await page.keyboard.press("/");
    await page.keyboard.type("e");
    for (const focused of ["checkbox", "row"]) {
      await page.keyboard.press("Tab");
      const there = focused === "checkbox" ? "input[type=checkbox]" : "tbody button";
      expect(await page.evaluate(`document.activeElement.matches("${there}")`)).toBe(true);
    }
    await page.keyboard.press("ArrowUp");
    await expect.poll(() => title.textContent()).toBe("GET /newer");
    // The tabs, then the time line.
    await page.getByRole("tab", { name: /answer/ }).focus();
    await page.keyboard.press("ArrowRight");
    expect(await page.getByRole("tab", { name: /event/ }).getAttribute("aria-selected")).toBe("true");
    const bars = page.locator(".lane [role=button]");
    await bars.last().focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    const chosen = page.locator(".lane [role=button][aria-pressed=true]");
    await expect.poll(() => chosen.getAttribute("aria-label")).toContain("GET /");
    expect(await page.evaluate("document.activeElement.outerHTML")).toContain('aria-pressed="true"');
    await page.keyboard.press("r");
    await page.getByText("Sent to shop").waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "hidden" });
    await page.keyboard.press("Escape");
    await expect.poll(() => title.count()).toBe(0);
  });

  it("is dark where the system is, and as somebody chose, also after it is loaded again", async () => {
    const themeOf = (shown: Page) => shown.evaluate("document.documentElement.dataset.theme");
    const theme = () => themeOf(page);
    expect(await theme()).toBe("light");
    await page.keyboard.press("t");
    expect(await theme()).toBe("dark");
    await page.reload();
    await page.getByText("Live").waitFor();
    expect(await theme()).toBe("dark");
    const dark = await browser.newPage({ colorScheme: "dark" });
    await dark.goto(dashboard.href);
    expect(await themeOf(dark)).toBe("dark");
    expect(dark.url()).not.toContain(token());
    await dark.close();
  });

  it("says what is missing when it is opened without the token", async () => {
    const stranger = await browser.newPage();
    await stranger.goto(dashboard.origin);
    await stranger.getByText("This page needs its whole address").waitFor();
    await stranger.close();
  });

  it.each(["light", "dark"])("has no fault that axe knows of, %s", async (theme) => {
    await ask("/fails");
    await row("/fails").click();
    await page.getByText('"path": "/fails"').waitFor();
    if (theme === "dark") await page.keyboard.press("t");
    expect(await faultsOf(page)).toEqual([]);
    await page.getByRole("tab", { name: /logs/ }).click();
    expect(await faultsOf(page)).toEqual([]);
    await page.getByRole("button", { name: "Send an event" }).click();
    expect(await faultsOf(page)).toEqual([]);
  });

  it("asks nobody but its own server", async () => {
    const asked = new Set<string>();
    page.on("request", (request) => asked.add(new URL(request.url()).origin));
    await page.reload();
    await page.getByText("Live").waitFor();
    expect([...asked].filter((origin) => origin !== "null")).toEqual([dashboard.origin]);
  });
});
