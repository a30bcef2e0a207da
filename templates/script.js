// Conveniences: pages are complete without. Other scripts are loaded when needed.
"use strict";
(() => {
	const { root, search, unpack, compare, channels } = document.currentScript.dataset;
	const at = (path) => new URL(path, document.baseURI).href;
	const load = (path) => import(at(root + path));
	const first = (selector, from = document) => from.querySelector(selector);
	const every = (selector, from = document) => [...from.querySelectorAll(selector)];
	const listen = (target, kind, call, once) => target.addEventListener(kind, call, { once });
	const remembered = (name) => { try { return localStorage.getItem("portolan-" + name) || ""; } catch { return ""; } };
	const remember = (name, value) => { try { localStorage.setItem("portolan-" + name, value); } catch { /* forgotten */ } };
	const make = (name, attributes, ...children) => {
		const element = document.createElement(name);
		for (const key in attributes) element.setAttribute(key, attributes[key]);
		element.append(...children);
		return element;
	};

	const themes = ["auto", "light", "dark"];
	let theme = remembered("theme") || "auto";
	const paint = () => "Theme: " + (document.documentElement.dataset.theme = theme);
	paint(); // before the page is shown
	const themeButton = (button) => {
		button.textContent = paint();
		button.hidden = false;
		listen(button, "click", () => {
			theme = themes[(themes.indexOf(theme) + 1) % 3];
			remember("theme", theme);
			button.textContent = paint();
		});
	};

	const copyButton = (button) => {
		const code = first("code", button.parentElement);
		button.hidden = !navigator.clipboard;
		listen(button, "click", async () => {
			button.textContent = await navigator.clipboard.writeText(code.textContent).then(() => "Copied", () => "Copy failed");
			setTimeout(() => { button.textContent = "Copy"; }, 2000);
		});
	};

	const tabs = (box) => {
		const panels = [...box.children];
		const buttons = panels.map((panel, i) => {
			const name = first("h3", panel).textContent;
			Object.assign(panel, { id: "panel-" + i, role: "tabpanel", ariaLabel: name });
			return make("button", { type: "button", role: "tab", "aria-controls": panel.id }, name);
		});
		const choose = (chosen) => buttons.forEach((button, i) => {
			button.ariaSelected = i === chosen;
			button.tabIndex = i === chosen ? 0 : -1;
			panels[i].hidden = i !== chosen;
		});
		const turn = (to) => {
			choose(to);
			buttons[to].focus();
			remember("tab", buttons[to].textContent);
		};
		buttons.forEach((button, i) => {
			listen(button, "click", () => turn(i));
			listen(button, "keydown", ({ key }) => {
				const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
				if (step) turn((i + step + buttons.length) % buttons.length);
			});
		});
		box.prepend(make("div", { role: "tablist", "aria-label": "Ways to install" }, ...buttons));
		box.classList.add("ready");
		choose(Math.max(0, buttons.findIndex((button) => button.textContent === remembered("tab"))));
	};

	const ahead = (newer, older) => {
		const [a, b] = [newer, older].map((v) => v.replace("v", "").split(/[.+-]/));
		const i = [0, 1, 2].find((i) => a[i] !== b[i]), n = a[i] - b[i];
		return n > 0 ? `, ${n} ${["major", "minor", "patch"][i]} version${n > 1 ? "s" : ""} ahead` : "";
	};

	// Shows what later versions change: a menu of versions, the neighbours, and news about this one.
	const versions = async (box) => {
		const { switch: list, version } = box.dataset;
		const { newest, versions: all } = await (await fetch(list)).json();
		const here = all.findIndex(({ v }) => v === version), top = all.findIndex(({ v }) => v === newest);
		if (here < 0) return;
		const file = location.pathname.split("/").pop() || "index.html";
		const link = (v, text = v) => {
			const a = make("a", { href: at(list.replace(/[^/]*$/, encodeURIComponent(v) + "/" + file)) }, text);
			for (const kind of ["click", "auxclick"]) listen(a, kind, () => { a.search = location.search; }); // the filter of values
			return a;
		};
		const whole = first("a", box);
		whole.textContent = `All ${all.length} versions`;
		const menu = make("details", { class: "menu" }, make("summary", { "aria-label": "Version " + version }, version), make("ul", {},
			...all.filter((one, i) => i < 30 || i === here).map(({ v, d, s = "" }) => {
				const a = link(v);
				if (v === version) a.setAttribute("aria-current", "true");
				return make("li", {}, a, make("small", {}, v === newest ? "newest" : s.includes("y") ? "yanked" : d));
			}), make("li", {}, whole)));
		listen(document, "click", ({ target }) => { if (!menu.contains(target)) menu.open = false; });
		listen(document, "keydown", ({ key }) => { if (key === "Escape") menu.open = false; });
		box.append(menu);
		const listed = ({ s = "" }) => !s.includes("y");
		const before = all.slice(here + 1).find(listed), after = all.slice(0, here).findLast(listed);
		if (before) box.append(link(before.v, "‹ " + before.v));
		if (after) box.append(link(after.v, after.v + " ›"));
		box.parentElement.classList.add("switched");

		const news = (kind, ...text) => first("[data-news]").append(make("p", { class: "banner " + kind }, ...text));
		const { s = "" } = all[here];
		if (s.includes("o") && !s.includes("y")) news("", "The repository does not list this version any more. Its archive is still there.");
		if (top >= 0 && here > top) news("", link(newest), ` is the newest${ahead(newest, version)}.`);
	};

	// Filters the values by the words in an input, and keeps those in the address. Values whose keys have the words come
	// first: those in the table's order, and then the others.
	const filter = (box) => {
		const input = first("input", box), groups = every("#v details"), open = groups.map((group) => group.open);
		let rows, items;
		const show = () => {
			items ||= every("#v li");
			rows ||= every("#v li > a").map((a) => ({ row: a.parentElement, key: a.textContent.toLowerCase(), all: a.parentElement.textContent.toLowerCase() }));
			const text = input.value.trim(), words = text.toLowerCase().split(/\s+/);
			const has = (said) => words.every((word) => said.includes(word));
			const found = rows.filter(({ all }) => has(all)), named = found.filter(({ key }) => has(key)), others = found.length - named.length;
			for (const { row } of rows) row.hidden = true;
			for (const { row } of found) row.hidden = false;
			for (const heading of every("#v h3")) heading.parentElement.hidden = Boolean(text);
			const front = new Set(named.flatMap(({ row }) => [row, row.parentElement.closest("li")]));
			for (const item of [...items.filter((item) => front.has(item)), ...items.filter((item) => !front.has(item))]) item.parentElement.append(item);
			groups.forEach((group, i) => {
				group.parentElement.hidden = !first("li:not([hidden])", group);
				group.open = Boolean(text) || open[i];
			});
			first("[role=status]", box).textContent = text && (found.length ? `${found.length} of ${rows.length} values` : "No value matches.") +
				(named.length && others ? `: ${named.length} by key, and ${others} by default or text` : "");
			history.replaceState(null, "", text ? "?v=" + encodeURIComponent(text) : location.pathname);
		};
		box.hidden = false;
		listen(input, "input", show);
		input.value = new URLSearchParams(location.search).get("v") || "";
		if (input.value) show();
	};

	// Opens what the address points into.
	const reveal = () => {
		let id = location.hash.slice(1);
		try { id = decodeURIComponent(id); } catch { /* it is not encoded */ }
		const target = document.getElementById(id);
		for (let e = target; e; e = e.parentElement) if (e.localName === "details") e.open = true;
		target?.scrollIntoView();
	};

	const finder = (box) => {
		const input = first("input", box);
		listen(input, "focus", async () => (await load(search)).start(input, root), true);
		box.hidden = false;
		listen(document, "keydown", (event) => {
			if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.closest("input, textarea")) return;
			event.preventDefault();
			input.focus();
		});
	};

	listen(document, "DOMContentLoaded", () => {
		const on = (selector, use) => every(selector).forEach(use);
		// Addresses that were not known when the pages were made, but that the browser knows.
		on("[data-repo-url]", (e) => { e.textContent = at(e.dataset.repoUrl).replace(/\/index\.(html|yaml)$/, ""); });
		on("[data-file-url]", (e) => { e.textContent = at(e.dataset.fileUrl); });
		on("[data-theme-toggle]", themeButton);
		on("[data-copy]", copyButton);
		on("[data-tabs]", tabs);
		on("[data-find]", finder);
		on("[data-filter]", filter);
		on("div[data-search]", async (box) => (await load(search)).list(box));
		on("details[data-channels]", (box) => {
			box.hidden = false;
			listen(box, "toggle", async () => (await load(channels)).matrix(box, root, make), true);
		});
		on("div[data-versions]", async (box) => (await load(compare)).compare(box, await load(unpack)));
		on("[data-file]", (file) => listen(file, "toggle", async () => (await load(unpack)).show(file, at(file.parentElement.dataset.archive))));
		on("[data-switch]", (box) => versions(box).catch(() => {}));
		if (matchMedia("(min-width: 60rem)").matches) on(".side", (side) => { side.open = true; });
		listen(window, "hashchange", reveal);
		reveal();
	});
})();
