// Says which version is in which channel of a project. script.js imports this when somebody opens a [data-channels] box:
//   matrix(box, root, make)  root leads to the site's root ("" or "../../"), make makes elements
// The rows are the project's charts with their newest versions, or the versions of data-chart. What is in them comes from
// the channels' documents, so it is as new as those channels' pages.

export const matrix = async (box, root, make) => {
	const { channels: project, chart } = box.dataset, status = make("p", { role: "status" }, "Loading"), rows = { __proto__: null };
	box.append(status);
	const get = async (url) => {
		const answer = await fetch(url);
		return answer.status === 404 ? {} : answer.json(); // a channel may lack the chart
	};
	const site = new URL(root + "api/index.json", location), missing = [];
	const all = (await get(site)).channels.filter(({ name }) => name.replace(/\/?[^/]*$/, "") === project);
	// Private channels are left out where the browser would have to ask for a password first.
	const inside = all.some((c) => c.private && location.href.startsWith(new URL(".", new URL(c.page, site))));
	await Promise.all(all.map(async (c, i) => {
		const url = new URL(chart ? `charts/${encodeURIComponent(chart)}.json` : "index.json", new URL(c.api, site));
		try {
			if (c.private && !inside) throw url;
			const { charts, versions } = await get(url);
			for (const one of charts || versions || [])
				(rows[chart ? one.version : one.name] ||= [])[i] = { ...one, href: new URL(one.page, url) };
		} catch { missing.push(c.name); }
	}));

	// A cell shows a version, and whether other channels have the same content of it.
	const cell = (one, row) => {
		if (!one) return make("td", {});
		const others = row.filter((o) => o !== one && o.version === one.version);
		const badge = (kind, text, is) => is ? [" ", make("span", { class: "badge " + kind }, text)] : [];
		const same = others.every((o) => o.digest === one.digest);
		return make("td", {}, make(one.yanked ? "s" : "span", {}, make("a", { href: one.href }, one.version)), ...badge("warn", "yanked", one.yanked),
			...badge("good", "same content", same && others.length), ...badge("warn", "other content", !same));
	};
	const names = Object.keys(rows).sort(new Intl.Collator("en", { numeric: true }).compare);
	if (chart) names.reverse();
	status.textContent = (missing.length ? `Not read: ${missing.join(", ")}. ` : "") + "This is what the pages of the channels show now.";
	const line = (head, scope, cells) => make("tr", {}, make("th", { scope }, head), ...cells);
	box.append(make("div", { class: "scroll", role: "region", "aria-label": "Channels", tabindex: 0 }, make("table", {},
		make("thead", {}, line(chart ? "Version" : "Chart", "col", all.map(({ name }) => make("th", { scope: "col" }, name.split("/").pop())))),
		make("tbody", {}, ...names.map((name) => line(name, "row", all.map((_, i) => cell(rows[name][i], rows[name]))))))));
};
