// Conveniences on pages: theme, copy buttons, tabs and search. Pages are complete without this script.
"use strict";
(() => {
	const root = document.documentElement;
	const themes = ["auto", "light", "dark"];
	let theme = "auto";
	try { theme = localStorage.getItem("portolan-theme") || "auto"; } catch { /* storage may be forbidden */ }
	const paint = () => {
		if (theme === "light" || theme === "dark") root.dataset.theme = theme;
		else delete root.dataset.theme;
	};
	paint(); // before the page is shown

	const make = (name, attributes, ...children) => {
		const element = document.createElement(name);
		for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
		element.append(...children);
		return element;
	};

	const themeButton = (button) => {
		const label = () => { button.textContent = "Theme: " + theme; };
		label();
		button.hidden = false;
		button.addEventListener("click", () => {
			theme = themes[(themes.indexOf(theme) + 1) % themes.length];
			try { localStorage.setItem("portolan-theme", theme); } catch { /* then it lasts for this page only */ }
			paint();
			label();
		});
	};

	// Fills in addresses that were not known when the pages were made, but that the browser knows.
	const addresses = () => {
		for (const e of document.querySelectorAll("[data-repo-url]"))
			e.textContent = new URL(e.dataset.repoUrl, location.href).href.replace(/\/index\.(html|yaml)$/, "");
		for (const e of document.querySelectorAll("[data-file-url]"))
			e.textContent = new URL(e.dataset.fileUrl, location.href).href;
	};

	const copyButton = (button) => {
		const code = button.parentElement.querySelector("code");
		if (!navigator.clipboard || !code) return;
		button.hidden = false;
		button.addEventListener("click", async () => {
			try {
				await navigator.clipboard.writeText(code.textContent);
				button.textContent = "Copied";
			} catch {
				button.textContent = "Copy failed";
			}
			setTimeout(() => { button.textContent = "Copy"; }, 2000);
		});
	};

	const tabs = (box) => {
		const panels = [...box.querySelectorAll(":scope > section")];
		const list = make("div", { role: "tablist", "aria-label": "Ways to install" });
		let kept = "";
		try { kept = localStorage.getItem("portolan-tab") || ""; } catch { /* none */ }
		const buttons = panels.map((panel, i) => {
			const title = panel.querySelector("h3").textContent;
			const button = make("button", { type: "button", role: "tab", id: "tab-" + i, "aria-controls": "panel-" + i }, title);
			panel.id = "panel-" + i;
			panel.setAttribute("role", "tabpanel");
			panel.setAttribute("aria-labelledby", button.id);
			list.append(button);
			return button;
		});
		const choose = (chosen, focus) => {
			buttons.forEach((button, i) => {
				button.setAttribute("aria-selected", String(i === chosen));
				button.tabIndex = i === chosen ? 0 : -1;
				panels[i].hidden = i !== chosen;
			});
			if (!focus) return;
			buttons[chosen].focus();
			try { localStorage.setItem("portolan-tab", buttons[chosen].textContent); } catch { /* forgotten */ }
		};
		list.addEventListener("click", (event) => {
			const i = buttons.indexOf(event.target);
			if (i >= 0) choose(i, true);
		});
		list.addEventListener("keydown", (event) => {
			const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
			if (step) choose((buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length, true);
		});
		box.prepend(list);
		box.classList.add("ready");
		choose(Math.max(0, buttons.findIndex((button) => button.textContent === kept)), false);
	};

	const badges = [["d", "warn", "deprecated"], ["p", "pre", "prerelease"], ["l", "", "library"], ["s", "good", "signed"]];

	const search = (box) => {
		const input = box.querySelector("input");
		const found = box.querySelector("[role=status]");
		const list = document.getElementById("charts");
		const pages = document.querySelector(".pages");
		const all = [...list.children];
		const filters = document.querySelector("[data-keywords]");
		const chips = filters ? [...filters.querySelectorAll("[data-keyword]")] : [];
		let index, keyword = "";

		const load = () => index ||= fetch(box.dataset.search).then((answer) => {
			if (!answer.ok) throw new Error(answer.status);
			return answer.json();
		});
		// Rows of this page show more than the index has: the date, the app version, the icon.
		const here = new Map(all.map((item) => [item.querySelector("a")?.textContent, item]));
		const row = (chart) => {
			if (here.has(chart.n)) return here.get(chart.n);
			const link = make("a", { href: "charts/" + encodeURIComponent(chart.n) + "/index.html" }, chart.n);
			const title = make("h2", {}, link);
			for (const [letter, kind, text] of badges) {
				if (chart.s?.includes(letter)) title.append(" ", make("span", { class: "badge " + kind }, text));
			}
			const item = make("li", { class: "c7", "data-i": chart.n.slice(0, 1).toUpperCase() }, title);
			if (chart.d) item.append(make("p", { dir: "auto" }, chart.d));
			item.append(make("p", { class: "meta" }, chart.v));
			return item;
		};
		const score = (chart, words) => {
			const name = chart.n.toLowerCase(), rest = ((chart.d || "") + " " + (chart.k || []).join(" ")).toLowerCase();
			let total = 0;
			for (const word of words) {
				if (name === word) total += 8;
				else if (name.startsWith(word)) total += 4;
				else if (name.includes(word)) total += 2;
				else if (rest.includes(word)) total += 1;
				else return 0;
			}
			return total;
		};
		const most = 200;
		const show = async () => {
			const text = input.value.trim();
			chips.forEach((chip) => chip.setAttribute("aria-pressed", String(chip.dataset.keyword === keyword)));
			const url = new URL(location.href);
			for (const [name, value] of [["q", text], ["keyword", keyword]]) {
				if (value) url.searchParams.set(name, value);
				else url.searchParams.delete(name);
			}
			history.replaceState(null, "", url);
			if (pages) pages.hidden = Boolean(text || keyword);
			if (!text && !keyword) {
				list.replaceChildren(...all);
				found.textContent = "";
				return;
			}
			try {
				const words = text.toLowerCase().split(/\s+/).filter(Boolean);
				const charts = (await load()).charts
					.filter((chart) => !keyword || (chart.k || []).includes(keyword))
					.map((chart) => [words.length ? score(chart, words) : 1, chart])
					.filter(([points]) => points)
					.sort((a, b) => b[0] - a[0]);
				if (input.value.trim() !== text) return; // the user has typed more
				list.replaceChildren(...charts.slice(0, most).map(([, chart]) => row(chart)));
				found.textContent = charts.length === 1 ? "1 chart" : charts.length + " charts" + (charts.length > most ? "; these are the best " + most : "");
			} catch {
				index = undefined;
				found.textContent = "The search index could not be loaded. Try again.";
			}
		};
		input.addEventListener("input", show);
		chips.forEach((chip) => chip.addEventListener("click", () => {
			keyword = keyword === chip.dataset.keyword ? "" : chip.dataset.keyword;
			show();
		}));
		document.addEventListener("keydown", (event) => {
			if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
			event.preventDefault();
			input.focus();
		});
		box.hidden = false;
		if (filters) filters.hidden = false;
		const asked = new URL(location.href).searchParams;
		input.value = asked.get("q") || "";
		keyword = asked.get("keyword") || "";
		if (input.value || keyword) show();
	};

	document.addEventListener("DOMContentLoaded", () => {
		document.querySelectorAll("[data-theme-toggle]").forEach(themeButton);
		addresses();
		document.querySelectorAll("[data-copy]").forEach(copyButton);
		document.querySelectorAll("[data-tabs]").forEach(tabs);
		document.querySelectorAll("[data-search]").forEach(search);
	});
})();
