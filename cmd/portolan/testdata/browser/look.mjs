// Looks at pages of a site in Chromium, as people with and without JavaScript, on a phone and at a desk, by day and by
// night would, and prints what is wrong as a JSON list. Run by browser_test.go:
//
//	node look.mjs MODULES CHROMIUM SITE-URL PAGES-JSON

import { check, start, watch } from "./browser.mjs";

const [modules, executablePath, site, pagesJSON] = process.argv.slice(2);
const pages = JSON.parse(pagesJSON); // [{ path, kind }]
const origin = new URL(site).origin;
const faults = [];

const { browser, axe } = await start(modules, executablePath);

// open visits a page in a context of its own, and notes whatever it does that it must not.
const open = async (path, options, look) => {
	const context = await browser.newContext({ ...options, permissions: ["clipboard-read", "clipboard-write"] });
	context.setDefaultTimeout(0);
	const page = await context.newPage();
	const where = `${path} (${JSON.stringify(options)})`;
	const fault = (text) => faults.push(`${where}: ${text}`);
	let requests = 0;
	watch(page, origin, fault);
	page.on("request", (r) => { if (!r.url().startsWith("data:")) requests++; });
	page.on("response", (r) => { if (r.status() >= 400) fault(`${r.status()} for ${r.url()}`); });
	try {
		const answer = await page.goto(site + path, { waitUntil: "load" });
		if (!answer.ok()) fault("status " + answer.status());
		// The page that compares versions reads two archives, and the scripts that do.
		if (requests > (path.endsWith("/compare.html") ? 8 : 4)) fault(`a first visit needs ${requests} requests`);
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

// whole finds names that are broken although they fit on a line.
const whole = async (page, fault) => {
	const broken = await page.evaluate(() => [...document.querySelectorAll(".command span, h1 span, h2 span, .charts h2 a, .charts .meta, .projects li > a")].filter((e) => {
		const range = document.createRange(), block = e.parentElement.closest("pre, h1, h2:not(.charts h2), li"), style = getComputedStyle(block);
		range.selectNodeContents(e);
		if (e.children.length || range.getClientRects().length < 2) return false; // one for each line
		Object.assign(e.style, { whiteSpace: "nowrap", maxWidth: "none" });
		return e.getBoundingClientRect().width <= block.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
	}).map((e) => e.textContent));
	if (broken.length) fault("breaks names that fit on a line: " + broken.slice(0, 5));
};

const tasks = [];
for (const { path, kind } of pages) {
	for (const [colorScheme, width] of [["light", 1440], ["dark", 360], ["dark", 768]]) {
		if (kind === "hostile" && width !== 1440) continue;
		tasks.push(() => open(path, { colorScheme, viewport: { width, height: 900 } }, async (page, fault) => {
			await fits(page, fault, width);
			const lines = await page.locator(".five li").evaluateAll((all) => new Set(all.slice(0, 5).map((li) => li.getBoundingClientRect().top)).size);
			if (lines > 1) fault(`shows the five facts in ${lines} lines`);
			await whole(page, fault);
			if (width === 768) return;
			// axe takes half a minute for the largest of these, which have nothing that the others do not.
			if (kind === "hostile" && await page.locator("*").count() > 2000) return;
			await check(page, axe, fault);
		}));
	}
	if (kind === "hostile") continue;
	tasks.push(() => open(path, { javaScriptEnabled: false, viewport: { width: 768, height: 900 } }, async (page, fault) => {
		await fits(page, fault, 768);
		if (await page.locator("h1").count() !== 1) fault("has no heading, or several");
		if (await page.locator("button:visible").count() > 0) fault("shows buttons that do nothing without JavaScript");
		for (const panel of await page.locator("[data-tabs] > section").all())
			if (!await panel.isVisible()) fault("hides a way to install without JavaScript");
		const dead = await page.evaluate(() => [...document.querySelectorAll("a[href^='#']")].filter((a) => !document.getElementById(decodeURIComponent(a.hash.slice(1)))).map((a) => a.hash));
		if (dead.length) fault("links to nothing: " + dead.slice(0, 5));
	}));
}
await Promise.all(Array.from({ length: 4 }, async () => {
	for (let task; (task = tasks.shift());) await task();
}));

const expect = (fault, what, got, want) => { if (got !== want) fault(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(want)}`); };
const pathOf = (kind) => pages.find((p) => p.kind === kind).path;
const desk = { viewport: { width: 1440, height: 900 } };

const said = (page, selector, text) => page.waitForFunction(([s, t]) => document.querySelector(s)?.textContent === t, [selector, text]);

// The box at the top searches all channels, with the keyboard alone.
await open(pathOf("values"), desk, async (page, fault) => {
	await page.keyboard.press("/");
	expect(fault, "the focus after /", await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Search all charts");
	await page.keyboard.type("findme");
	await page.locator(".results a").first().waitFor();
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("Enter");
	await page.waitForURL("**/charts/findme/index.html");
});

// A channel's page filters its list by words and keywords.
await open(pathOf("channel"), desk, async (page, fault) => {
	const rows = page.locator("#charts > li"), all = await rows.count();
	const eighth = await rows.nth(7).boundingBox();
	if (eighth.y + eighth.height > 900) fault("shows fewer than eight charts on a screen");
	await page.locator("#search").fill("findme");
	await said(page, "#found", "1 chart");
	expect(fault, "badges of the chart found", await page.locator("#charts .badge").allTextContents().then((all) => all.join()), "deprecated");
	await page.locator("#search").fill("");
	await said(page, "#found", "");
	expect(fault, "charts after the search", await rows.count(), all);
	await page.locator("#search").fill("filler-001");
	await said(page, "#found", "1 chart");
	expect(fault, "dates of a chart found that stands on the page", await page.locator("#charts time").count(), 1);
	await page.locator("#search").fill("");
	await said(page, "#found", "");
	const chip = page.locator(".chip[data-keyword='findable']");
	await chip.click();
	await said(page, "#found", "2 charts with the keyword findable. Show all");
	expect(fault, "the chip is chosen", await chip.getAttribute("aria-current"), "true");
	await page.locator("#found a").click();
	await said(page, "#found", "");
	expect(fault, "charts after the keyword", await rows.count(), all);
	await chip.click();
	await said(page, "#found", "2 charts with the keyword findable. Show all");
	await page.locator("#charts a").first().click();
	await page.waitForURL("**/charts/findme/**");
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

// The filter finds values by their key, keeps the words in the address, and says when there are none. Links to keys lead
// to rows that the bar does not hide.
await open(pathOf("values"), desk, async (page, fault) => {
	const input = page.locator("[data-filter] input"), status = "[data-filter] [role=status]";
	const all = await page.locator("#v li > a").count();
	await input.fill("image.tag");
	await said(page, status, `1 of ${all} values`);
	expect(fault, "values found", await page.locator("#v li > a:visible").allTextContents().then((all) => all.join()), "image.tag");
	await page.reload();
	await said(page, status, `1 of ${all} values`);
	expect(fault, "the address", new URL(page.url()).search, "?v=image.tag");
	const order = () => page.locator("#v li > a:visible").allTextContents().then((all) => all.join());
	await input.fill("st"); // two are strings
	await said(page, status, `3 of ${all} values: 1 by key, and 2 by default or text`);
	expect(fault, "values found, by key first", await order(), "list,image.repository,image.tag");
	await input.fill("absent");
	await said(page, status, "No value matches.");
	await input.fill("");
	await said(page, status, "");
	expect(fault, "values in their order", await order(), "replicas,image.repository,image.tag,list");
	expect(fault, "the address without a filter", new URL(page.url()).search, "");
	await page.setViewportSize({ width: 1440, height: 300 });
	await page.locator("#v li > a", { hasText: "image.tag" }).click();
	const hidden = await page.evaluate(() => document.querySelector(":target").getBoundingClientRect().top < document.querySelector(".bar").getBoundingClientRect().bottom);
	if (hidden) fault("the bar hides the row that a link leads to");
	expect(fault, "where the bar is", await page.locator(".bar").evaluate((e) => Math.round(e.getBoundingClientRect().top)), 0);
});

// The menu of versions keeps one on the same kind of page, and an older version says which is the newest.
await open(pathOf("values"), desk, async (page, fault) => {
	const menu = page.locator(".menu");
	await menu.locator("summary").click();
	expect(fault, "versions in the menu", await menu.locator("a").allTextContents().then((all) => all.join()), "1.1.0-rc.1,1.0.0,0.9.0,All 3 versions");
	await page.keyboard.press("Escape");
	expect(fault, "the menu after Escape", await menu.evaluate((e) => e.open), false);
	expect(fault, "news of the newest version", await page.locator("[data-news] p").count(), 0);
	await menu.locator("summary").click();
	await menu.locator("a", { hasText: "0.9.0" }).click();
	await page.waitForURL("**/charts/findme/0.9.0/values.html");
	await said(page, "[data-news]", "1.0.0 is the newest, 1 major version ahead.");
});

// The filter goes along from version to version, and what was typed last counts.
await open(pathOf("values"), desk, async (page, fault) => {
	await page.locator(".menu").waitFor();
	await page.locator("[data-filter] input").fill("replicas");
	await page.locator(".menu summary").click();
	await page.locator(".menu a", { hasText: "0.9.0" }).click();
	await page.waitForURL("**/charts/findme/0.9.0/values.html?v=replicas");
	await said(page, "[data-filter] [role=status]", "1 of 2 values");
	await page.locator("[data-news] a").click();
	await page.waitForURL("**/charts/findme/1.0.0/values.html?v=replicas");
});

// Files open from the list beside them, and what the page has no room for comes from the archive.
await open(pathOf("templates"), desk, async (page, fault) => {
	await page.locator(".side a", { hasText: "deployment.yaml" }).click();
	if (!await page.locator(".files pre:visible", { hasText: "kind: Deployment" }).count()) fault("a link to a file does not open it");
	const large = page.locator("details[data-file]");
	expect(fault, "files without their text", await large.count(), 1);
	await large.locator("summary").click();
	await page.getByText("the end of the large file").waitFor();
});

await open(pathOf("differences"), desk, async (page, fault) => {
	if (!await page.locator(".upgrade", { hasText: "old" }).count()) fault("does not say that a value was removed");
});

// Tables of channels say where a version has the same content.
const matrix = async (page, fault, project, want) => {
	await page.locator(`[data-channels="${project}"] summary`).click();
	const rows = page.locator(`[data-channels="${project}"] tr`);
	await rows.nth(1).waitFor();
	const texts = await rows.evaluateAll((all) => all.map((tr) => [...tr.children].map((cell) => cell.textContent).join("|")));
	expect(fault, "the table of channels", texts.filter((text) => /^(Chart|Version|findme|[01])/.test(text)).join("\n"), want.join("\n"));
	await check(page, axe, fault);
};
for (const options of [desk, { colorScheme: "dark", viewport: { width: 360, height: 800 } }]) {
	await open(pathOf("home"), options, (page, fault) => matrix(page, fault, "group", ["Chart|devel|stable", "findme|1.0.0 same content|1.0.0 same content"]));
	await open(pathOf("several"), options, async (page, fault) => {
		await matrix(page, fault, "group", ["Version|devel|stable", "1.1.0-rc.1|1.1.0-rc.1 other content|1.1.0-rc.1 other content", "1.0.0|1.0.0 same content|1.0.0 same content", "0.9.0||0.9.0"]);
		await fits(page, fault, options.viewport.width);
		await page.locator("td a", { hasText: "0.9.0" }).last().click();
		await page.waitForURL("**/group/stable/charts/findme/0.9.0/index.html");
	});
}

// The menu of versions marks a yanked one, and its neighbours lead past it.
await open(pathOf("yanked"), desk, async (page, fault) => {
	await page.locator(".menu summary").click();
	expect(fault, "what the menu says of it", await page.locator(".menu li", { hasText: "1.205.0" }).locator("small").textContent(), "yanked");
	await page.keyboard.press("Escape");
	await page.locator(".switch > a", { hasText: "1.206.0 ›" }).click();
	await page.locator(".switch > a", { hasText: "‹ 1.204.0" }).waitFor();
});

const phone = { viewport: { width: 360, height: 800 } };
const topOf = async (page, selector) => (await page.locator(selector).first().boundingBox()).y;

// On a phone, nobody has to scroll sideways to see what changed.
await open(pathOf("differences"), phone, async (page, fault) => {
	const hidden = await page.locator(".diffs td :is(.what, code)").evaluateAll((all) => all.filter((e) => e.getBoundingClientRect().right > innerWidth).map((e) => e.textContent));
	if (hidden.length) fault("shows beside the screen: " + hidden.slice(0, 5));
	expect(fault, "values of which nothing is said", await page.locator(".diffs td:visible").evaluateAll((all) => all.filter((td) => !td.textContent.trim()).length), 0);
});

// Nothing covers a command, and links to sections jump.
await open(pathOf("chart"), desk, async (page, fault) => {
	for (const command of await page.locator(".command:visible").all()) {
		const text = await command.locator("pre").boundingBox(), button = await command.locator("[data-copy]").boundingBox();
		if (button && text.x + text.width > button.x + 1 && text.y + text.height > button.y + 1) fault("the Copy button covers a command");
	}
	expect(fault, "how links scroll", await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior), "auto");
	await page.locator(".facts a.chip", { hasText: "网络" }).click();
	await said(page, "#found", "1 chart with the keyword 网络. Show all");
});

// On a phone, the facts come after the commands and before the README; dates and the words of tables are whole.
await open(pathOf("chart"), phone, async (page, fault) => {
	const [install, facts, readme] = [await topOf(page, "#install"), await topOf(page, ".facts"), await topOf(page, "#readme")];
	if (!(install < facts && facts < readme)) fault(`the facts are at ${facts}, the commands at ${install}, the README at ${readme}`);
	const lefts = await page.locator(".facts dt").evaluateAll((all) => new Set(all.map((dt) => dt.getBoundingClientRect().left)).size);
	expect(fault, "columns with names of facts", lefts, 1);
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
