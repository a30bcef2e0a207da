// What the scripts share that look at pages in Chromium.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

// start returns a browser, and the source of axe.
export const start = async (modules, executablePath) => {
	const require = createRequire(modules + "/");
	const browser = await require("playwright-core").chromium.launch({
		executablePath,
		timeout: 0, // the test has a limit
		args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
			"--disable-component-update", "--disable-sync"],
	});
	return { browser, axe: readFileSync(require.resolve("axe-core/axe.min.js"), "utf8") };
};

// watch notes whatever a page does that it must not.
export const watch = (page, origin, fault) => {
	page.on("console", (m) => { if (m.type() === "error" || m.type() === "warning") fault("console: " + m.text()); });
	page.on("pageerror", (e) => fault("error: " + e.message));
	page.on("request", (r) => { if (!r.url().startsWith("data:") && new URL(r.url()).origin !== origin) fault("asks another host: " + r.url()); });
	page.on("dialog", (d) => { fault("dialog: " + d.message()); d.dismiss(); });
};

// check notes what axe finds on a page.
export const check = async (page, axe, fault) => {
	await page.evaluate(axe);
	const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
	for (const v of violations)
		fault(`axe ${v.id}: ${v.help}: ` + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + " — " + (n.any[0] || n.all[0] || {}).message).join(" | "));
};
