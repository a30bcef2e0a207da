// Compares versions of charts in Chromium, as somebody who considers an upgrade would, and prints what is wrong as a JSON
// list. Run by comparing_test.go:
//
//	node comparing.mjs MODULES CHROMIUM PAGE-URL HOSTILE-PAGE-URLS-JSON

import { check, start, watch } from "./browser.mjs";

const [modules, executablePath, address, hostileJSON] = process.argv.slice(2);
const faults = [];

const { browser, axe } = await start(modules, executablePath);

const open = async (url, options, look) => {
	const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
	context.setDefaultTimeout(0);
	const page = await context.newPage();
	const fault = (text) => faults.push(`${url} (${JSON.stringify(options)}): ${text}`);
	const expect = (what, got, want) => { if (JSON.stringify(got) !== JSON.stringify(want)) fault(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(want)}`); };
	watch(page, new URL(url).origin, fault);
	try {
		await page.goto(url);
		await look(page, fault, expect);
	} catch (e) {
		fault(String(e));
	}
	await context.close();
};

const said = async (page, pattern) => {
	await page.waitForFunction((text) => new RegExp(text).test(document.querySelector("[data-versions] [role=status]")?.textContent), pattern);
	return page.locator("[data-versions] [role=status]").textContent();
};
const sections = (page) => page.locator("[data-result] h2").allTextContents();
const query = (page) => new URL(page.url()).search;

await open(address, {}, async (page, fault, expect) => {
	const summary = await said(page, "^Values: .*\\.$"), titles = await sections(page);
	expect("the versions", query(page), "?from=0.0.1&to=0.0.4");
	expect("the commands", await page.locator("[data-version]").allTextContents(), ["0.0.1", "0.0.4", "0.0.1", "0.0.4"]);
	for (const title of ["Values", "Templates", "Other files"])
		if (!titles.includes(title) || !summary.includes(title)) fault(`shows ${titles}, and says ${summary}`);
	const files = page.locator(".files details");
	for (let i = 0; i < await files.count(); i++) await files.nth(i).locator("summary").click();
	await page.waitForFunction(() => [...document.querySelectorAll(".files details")].every((e) => e.children.length > 1));
	const lines = await page.evaluate(() => ["ins", "del"].map((name) => document.querySelectorAll(".files pre " + name).length));
	const counts = await page.locator(".files summary small").evaluateAll((all) => ["ins", "del"].map((name) => all.reduce((n, e) => n - -(e.querySelector(name)?.textContent.slice(1) || 0), 0)));
	expect("lines added and removed", lines, counts);
	if (!lines[0] || !lines[1]) fault("shows no lines that were added or removed");
	await check(page, axe, fault);

	// The other way round, with the keyboard; what was added is now removed.
	const words = () => page.locator("[data-result] section:not(.upgrade) .what").allTextContents().then((all) => ["added", "removed", "changed"].map((word) => all.filter((w) => w === word).length));
	const before = await words();
	await page.locator("[data-versions] button").focus();
	await page.keyboard.press("Enter");
	await page.waitForFunction(() => location.search === "?from=0.0.4&to=0.0.1");
	await said(page, "^Values: .*\\.$");
	expect("what changed the other way round", await words(), [before[1], before[0], before[2]]);
	await page.locator("[data-versions] select").first().selectOption("0.0.1");
	expect("equal versions", await said(page, "no differences"), "There are no differences: all files are equal.");
	expect("sections for equal versions", await sections(page), []);
});

for (const [search, text] of [
	["?from=9.9.9&to=0.0.4", "There is no version 9.9.9 of aws-cloudwatch-metrics here."],
	["?from=%3Cimg%20src=x%20onerror=alert(1)%3E", "There is no version <img src=x onerror=alert(1)> of aws-cloudwatch-metrics here."],
]) await open(address + search, {}, async (page, fault, expect) => expect("what is said", await said(page, "no version"), text));

await open(address, { viewport: { width: 360, height: 800 }, colorScheme: "dark" }, async (page, fault) => {
	await said(page, "^Values: .*\\.$");
	const wide = await page.evaluate(() => document.documentElement.scrollWidth);
	if (wide > 360) fault(`is ${wide} pixels wide on a screen of 360`);
	await check(page, axe, fault);
});

await open(address, { javaScriptEnabled: false }, async (page, fault, expect) => {
	expect("buttons and menus without JavaScript", await page.locator("main button:visible, main select:visible").count(), 0);
	expect("commands without JavaScript", await page.locator(".command pre:visible").count(), 2);
});

// Nothing in an archive becomes more than text, and nothing hidden stays so.
for (const url of JSON.parse(hostileJSON)) {
	await open(url, {}, async (page, fault) => {
		await said(page, "\\.$");
		const titles = await sections(page);
		if (!titles.includes("Other files")) fault(`shows ${titles}`);
		await page.evaluate(() => document.querySelectorAll("[data-result] details").forEach((e, i) => { e.open = i < 50; }));
		await page.waitForTimeout(100);
		const odd = await page.evaluate(() => {
			const result = document.querySelector("[data-result]");
			const names = new Set([...result.querySelectorAll("*")].map((e) => e.localName));
			const plain = "section h2 div table thead tbody tr th td code span p details summary small ins del pre b".split(" ");
			return [...names].filter((name) => !plain.includes(name)).concat(/[\u202e\u2066\u200b\ufeff]/.test(result.textContent) ? "hidden characters" : []);
		});
		if (odd.length) fault("shows " + odd);
	});
}
await browser.close();
console.log(JSON.stringify(faults));
