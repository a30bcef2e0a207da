// Finds charts. script.js imports this when somebody turns to a search box:
//   start(input, root)  for the box on every page; root leads to the site's root ("" or "../../")
//   list(box)           for the [data-search] box of a channel's page, to filter its list
// Charts have the fields of templates.SearchEntry.
const make = (name, attributes, ...children) => {
	const element = document.createElement(name);
	for (const key in attributes) element.setAttribute(key, attributes[key]);
	element.append(...children);
	return element;
};
const get = async (url) => {
	const answer = await fetch(url);
	if (!answer.ok) throw new Error(answer.status);
	return answer.json();
};
const low = (text) => (text || "").toLowerCase();
const split = (text) => low(text).split(/\s+/).filter(Boolean);
const count = (n, word) => n + " " + (n === 1 ? word : word.replace(/y$/, "ie") + "s");
const badges = [["d", "warn", "deprecated"], ["p", "pre", "prerelease"], ["l", "", "library"], ["s", "good", "signed"]];
const marks = (c) => badges.flatMap(([letter, kind, text]) => c.s?.includes(letter) ? [" ", make("span", { class: "badge " + kind }, text)] : []);
const pageOf = (c) => "charts/" + encodeURIComponent(c.n) + "/index.html";

// Points by the best place of each word: name, keyword, app version, maintainer, values key, description.
export const score = (c, words) => {
	c.low ||= [c.n, c.k?.join("\n"), c.a, c.m, c.y, c.d].map(low);
	let points = 0;
	for (const word of words) {
		const place = c.low.findIndex((text) => text.includes(word));
		if (place < 0) return 0;
		points += place ? 32 >> place : c.low[0] === word ? 128 : c.low[0].startsWith(word) ? 64 : 32;
	}
	return c.s?.includes("d") ? points / 2 : points;
};
export const best = (charts, words) => charts.map((c) => [score(c, words), c]).filter(([points]) => points)
	.sort((a, b) => b[0] - a[0] || (a[1].n < b[1].n ? -1 : +(a[1].n > b[1].n))).map(([, c]) => c);

export const start = (input, root) => {
	const status = make("p", { role: "status" }), list = make("div", { role: "listbox", id: "results", "aria-label": "Charts" });
	const box = make("div", { class: "results" }, status, list);
	let total, done = 0, missing = 0, workers = 0, at = -1, queue = [], charts = [], loading, timer;
	const choose = (i) => {
		[...list.children].forEach((option, j) => option.setAttribute("aria-selected", i === j));
		const option = list.children[at = i];
		input.setAttribute("aria-activedescendant", option?.id || "");
		option?.scrollIntoView({ block: "nearest" });
	};
	const show = (open) => {
		const words = split(input.value), chosen = list.children[at]?.href;
		const found = open && words.length ? best(charts, words) : [];
		list.replaceChildren(...found.slice(0, 50).map((c, i) => {
			const rest = words.filter((word) => !low(c.n).includes(word));
			const key = c.y?.split(" ").find((key) => rest.some((word) => low(key).includes(word)));
			return make("a", { role: "option", id: "result-" + i, tabindex: -1, href: c.base + pageOf(c) }, make("b", {}, c.n), ...marks(c),
				make("small", {}, c.channel + " · " + c.v + (key ? " · value " + key : "")), make("span", { dir: "auto" }, c.d || ""));
		}));
		choose([...list.children].findIndex((option) => option.href === chosen));
		list.hidden = !found.length;
		box.hidden = !open || !words.length;
		input.setAttribute("aria-expanded", !list.hidden);
		status.textContent = total === undefined ? "Searching" : count(found.length, "chart") + (found.length > 50 ? "; these are the best 50" : "") +
			(done < total ? "; searching " + (done + 1) + " of " + count(total, "repository") : "") +
			(missing ? "; " + count(missing, "repository") + " could not be searched" : "");
	};
	const work = async () => {
		for (let c; input.value && (c = queue.shift()); timer ||= setTimeout(() => { timer = 0; show(!box.hidden); }, 50)) {
			try {
				for (const chart of (await get(c.base + "search.json")).charts) charts.push(Object.assign(chart, c));
			} catch { missing++; }
			done++;
		}
	};
	// Private channels are left out where the browser would have to ask for a password first.
	const load = async () => {
		const doc = new URL(root + "api/index.json", location.href);
		const all = (await get(doc)).channels.map((c) => ({ channel: c.name, closed: c.private, base: new URL(".", new URL(c.page, doc)).href }));
		const here = (c) => location.href.startsWith(c.base);
		const inside = all.every((c) => c.closed) || all.some((c) => c.closed && here(c));
		queue = all.filter((c) => inside || !c.closed).sort((a, b) => here(b) - here(a));
		total = queue.length;
		missing = all.length - total;
	};
	const type = async () => {
		show(true);
		try { await (loading ||= load()); } catch { loading = 0; status.textContent = "The list of repositories could not be loaded."; return; }
		for (; workers < 4; workers++) work().finally(() => workers--);
	};
	for (const [key, value] of [["role", "combobox"], ["aria-controls", "results"], ["aria-autocomplete", "list"]]) input.setAttribute(key, value);
	input.parentElement.append(box);
	input.addEventListener("input", type);
	input.addEventListener("focus", type);
	input.addEventListener("blur", () => show(false));
	list.addEventListener("mousedown", (event) => event.preventDefault());
	input.addEventListener("keydown", (event) => {
		const n = list.children.length, step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (event.key === "Escape" && !box.hidden) show(false);
		else if (step && n) choose(at < 0 ? (step > 0 ? 0 : n - 1) : (at + step + n) % n);
		else if (event.key === "Enter" && n) list.children[Math.max(at, 0)].click();
		else return;
		event.preventDefault();
	});
	type();
};

export const list = (box) => {
	const input = box.querySelector("input"), status = box.querySelector("[role=status]"), rows = document.getElementById("charts");
	const all = [...rows.children], here = new Map(all.map((item) => [item.querySelector("a")?.textContent, item]));
	const asked = new URL(location.href).searchParams, pages = document.querySelector(".pages");
	let loading, keyword = asked.get("keyword") || "";
	// Rows of this page show more than the search file has.
	const row = (c) => here.get(c.n) || make("li", { class: "c7", "data-i": c.n.slice(0, 1).toUpperCase() },
		make("h2", {}, make("a", { href: pageOf(c) }, c.n), ...marks(c)), make("p", { dir: "auto" }, c.d || ""), make("p", { class: "meta" }, c.v));
	const show = async () => {
		const text = input.value.trim(), words = split(text), url = new URL(location.href);
		for (const [name, value] of [["q", text], ["keyword", keyword]]) value ? url.searchParams.set(name, value) : url.searchParams.delete(name);
		history.replaceState(null, "", url);
		for (const chip of document.querySelectorAll(".chip")) chip.setAttribute("aria-current", chip.dataset.keyword === keyword);
		const some = Boolean(text || keyword);
		if (pages) pages.hidden = some;
		let charts;
		try {
			if (some) charts = (await (loading ||= get(box.dataset.search))).charts.filter((c) => !keyword || c.k?.includes(keyword));
		} catch {
			loading = 0;
			status.textContent = "The search file could not be loaded. Try again.";
			return;
		}
		if (input.value.trim() !== text) return; // somebody typed on
		if (words.length) charts = best(charts, words);
		rows.replaceChildren(...(charts ? charts.slice(0, 200).map(row) : all));
		status.textContent = charts ? count(charts.length, "chart") + (keyword && " with the keyword " + keyword) + (charts.length > 200 ? "; these are the best 200" : "") : "";
		// A keyword that the page of another chart leads to need not be among those above.
		if (keyword) status.append(". ", make("a", { href: location.pathname, "data-keyword": keyword }, "Show all"));
	};
	input.addEventListener("input", show);
	document.addEventListener("click", (event) => {
		const chip = event.target.closest("[data-keyword]");
		if (!chip || event.ctrlKey || event.metaKey || event.shiftKey) return;
		event.preventDefault();
		keyword = keyword === chip.dataset.keyword ? "" : chip.dataset.keyword;
		show();
	});
	for (const element of [box, document.querySelector("[data-keywords]")]) if (element) element.hidden = false;
	input.value ||= asked.get("q") || "";
	show();
};
