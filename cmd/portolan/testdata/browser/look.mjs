// Looks at pages of a site in Chromium, as people with and without JavaScript, on a phone and at a desk, by day and by
// night would, and prints what is wrong as a JSON list. Run by browser_test.go:
//
//	node look.mjs MODULES CHROMIUM SITE-URL PAGES-JSON

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [modules, executablePath, site, pagesJSON] = process.argv.slice(2);
const require = createRequire(modules + "/");
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const pages = JSON.parse(pagesJSON); // [{ path, kind }]
const origin = new URL(site).origin;
const faults = [];

const browser = await chromium.launch({
	executablePath,
	timeout: 0, // the test has a limit
	args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync"],
});

// open visits a page in a context of its own, and notes whatever it does that it must not.
const open = async (path, options, look) => {
	const context = await browser.newContext({ ...options, permissions: ["clipboard-read", "clipboard-write"] });
	context.setDefaultTimeout(0);
	const page = await context.newPage();
	const where = `${path} (${JSON.stringify(options)})`;
	const fault = (text) => faults.push(`${where}: ${text}`);
	let requests = 0;
	page.on("console", (m) => { if (m.type() === "error" || m.type() === "warning") fault("console: " + m.text()); });
	page.on("pageerror", (e) => fault("error: " + e.message));
	page.on("request", (r) => {
		const url = new URL(r.url());
		if (url.protocol === "data:") return;
		requests++;
		if (url.origin !== origin) fault("asks another host: " + r.url());
	});
	page.on("response", (r) => { if (r.status() >= 400) fault(`${r.status()} for ${r.url()}`); });
	page.on("dialog", (d) => { fault("dialog: " + d.message()); d.dismiss(); });
	try {
		const answer = await page.goto(site + path, { waitUntil: "load" });
		if (!answer.ok()) fault("status " + answer.status());
		if (requests > 4) fault(`a first visit needs ${requests} requests`);
		await look(page, fault);
	} catch (e) {
		fault(String(e));
	} finally {
		await context.close();
	}
};

const fits = async (page, fault, width) => {
	// A context without JavaScript still answers the debugger.
	const wide = await page.locator("html").evaluate((e) => e.scrollWidth);
	if (wide > width) fault(`is ${wide} pixels wide on a screen of ${width}`);
};

const tasks = [];
for (const { path, kind } of pages) {
	for (const [colorScheme, width] of [["light", 1440], ["dark", 360], ["dark", 768]]) {
		if (kind === "hostile" && width !== 1440) continue;
		tasks.push(() => open(path, { colorScheme, viewport: { width, height: 900 } }, async (page, fault) => {
			await fits(page, fault, width);
			if (width === 768) return;
			// axe takes half a minute for the largest of these, which have nothing that the others do not.
			if (kind === "hostile" && await page.locator("*").count() > 2000) return;
			await page.evaluate(axe);
			const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
			for (const v of violations)
				fault(`axe ${v.id}: ${v.help}: ` + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + " — " + (n.any[0] || n.all[0] || {}).message).join(" | "));
		}));
	}
	if (kind === "hostile") continue;
	tasks.push(() => open(path, { javaScriptEnabled: false, viewport: { width: 768, height: 900 } }, async (page, fault) => {
		await fits(page, fault, 768);
		if (await page.locator("h1").count() !== 1) fault("has no heading, or several");
		if (await page.locator("button:visible").count() > 0) fault("shows buttons that do nothing without JavaScript");
		for (const panel of await page.locator("[data-tabs] > section").all())
			if (!await panel.isVisible()) fault("hides a way to install without JavaScript");
	}));
}
await Promise.all(Array.from({ length: 4 }, async () => {
	for (let task; (task = tasks.shift());) await task();
}));

const expect = (fault, what, got, want) => { if (got !== want) fault(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(want)}`); };
const pathOf = (kind) => pages.find((p) => p.kind === kind).path;
const desk = { viewport: { width: 1440, height: 900 } };

await open(pathOf("channel"), desk, async (page, fault) => {
	const all = await page.locator("#charts > li").count();
	await page.keyboard.press("/");
	expect(fault, "the focus after /", await page.evaluate(() => document.activeElement.id), "search");
	await page.keyboard.type("findme");
	await page.waitForFunction(() => document.getElementById("found").textContent !== "");
	expect(fault, "charts found", await page.locator("#charts > li").count(), 1);
	expect(fault, "badges of the chart found", await page.locator("#charts > li .badge").allTextContents().then((all) => all.join()), "deprecated");
	expect(fault, "what is said", await page.locator("#found").textContent(), "1 chart");
	await page.locator("#search").fill("");
	await page.waitForFunction(() => document.getElementById("found").textContent === "");
	expect(fault, "charts after the search", await page.locator("#charts > li").count(), all);
	await page.locator("#search").fill("filler-001");
	await page.waitForFunction(() => document.getElementById("found").textContent === "1 chart");
	expect(fault, "dates of a chart found that stands on the page", await page.locator("#charts > li time").count(), 1);
	await page.locator("#search").fill("");
	await page.waitForFunction(() => document.getElementById("found").textContent === "");
	const chip = page.locator("[data-keyword='findable']");
	await chip.click();
	await page.waitForFunction(() => document.getElementById("found").textContent !== "");
	expect(fault, "the chip is pressed", await chip.getAttribute("aria-pressed"), "true");
	expect(fault, "charts of the keyword", await page.locator("#charts > li").count(), 1);
	await page.locator("#charts a").first().click();
	await page.waitForLoadState("load");
	if (!page.url().includes("/charts/findme/")) fault("a result leads to " + page.url());
});

await open(pathOf("chart"), desk, async (page, fault) => {
	const tab = page.getByRole("tab", { name: "Argo CD" });
	await tab.click();
	expect(fault, "the tab is chosen", await tab.getAttribute("aria-selected"), "true");
	expect(fault, "panels shown", await page.locator("[role=tabpanel]:visible").count(), 1);
	await page.keyboard.press("ArrowRight");
	expect(fault, "the tab after an arrow", await page.locator("[role=tab][aria-selected=true]").textContent(), "Archive");
	const box = page.locator("[role=tabpanel]:visible .command").first();
	await box.locator("[data-copy]").click();
	await page.waitForFunction(() => [...document.querySelectorAll("[data-copy]")].some((b) => b.textContent === "Copied"));
	expect(fault, "the clipboard", await page.evaluate(() => navigator.clipboard.readText()), await box.locator("code").first().textContent());
	const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
	const before = await background();
	const button = page.locator("[data-theme-toggle]");
	await button.click();
	await button.click();
	expect(fault, "the theme", await button.textContent(), "Theme: dark");
	if (await background() === before) fault("the theme changes nothing");
	const dark = await background();
	await page.reload();
	expect(fault, "the theme after a reload", await background(), dark);
	expect(fault, "the tab after a reload", await page.locator("[role=tab][aria-selected=true]").textContent(), "Archive");
});

const phone = { viewport: { width: 360, height: 800 } };
const topOf = async (page, selector) => (await page.locator(selector).first().boundingBox()).y;

// Nothing covers a command, and links to sections jump.
await open(pathOf("chart"), desk, async (page, fault) => {
	for (const command of await page.locator(".command:visible").all()) {
		const text = await command.locator("pre").boundingBox(), button = await command.locator("[data-copy]").boundingBox();
		if (button && text.x + text.width > button.x + 1 && text.y + text.height > button.y + 1) fault("the Copy button covers a command");
	}
	expect(fault, "how links scroll", await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior), "auto");
	await page.locator(".facts a.chip", { hasText: "findable" }).click();
	await page.waitForFunction(() => document.getElementById("found")?.textContent === "1 chart");
	expect(fault, "the keyword's chip", await page.locator("[data-keyword='findable']").getAttribute("aria-pressed"), "true");
});

// On a phone, the facts come after the commands and before the README; dates and the words of tables are whole.
await open(pathOf("chart"), phone, async (page, fault) => {
	const [install, facts, readme] = [await topOf(page, "#install"), await topOf(page, ".facts"), await topOf(page, "#readme")];
	if (!(install < facts && facts < readme)) fault(`the facts are at ${facts}, the commands at ${install}, the README at ${readme}`);
	const broken = await page.evaluate(() => [...document.querySelectorAll("td, td code, time")].filter((e) => {
		const text = e.textContent.trim(), range = document.createRange();
		range.selectNodeContents(e);
		const lines = new Set([...range.getClientRects()].map((r) => Math.round(r.top))).size;
		return lines > 1 && e.children.length === 0 && text.length < 24 && (e.localName === "time" || !/\s/.test(text));
	}).map((e) => e.textContent));
	if (broken.length) fault("breaks words: " + broken.slice(0, 5).join(", "));
});

await browser.close();
console.log(JSON.stringify(faults));
