// Compares two versions of a chart, from their archives. script.js imports this module on the page that compares, and
// the module that reads archives for it:
//
//	const { compare } = await import(url);
//	compare(document.querySelector("div[data-versions]"), await import(archiveURL));

// Scalars are kept as JSON has them, so that "80" and 80 differ, and 'a' and "a" do not.
const quoted = /^("[^"\\]*(?:\\.[^"\\]*)*"|'[^']*(?:''[^']*)*')?/;
const scalar = (text) => {
	const [quotes] = quoted.exec(text);
	if (quotes[0] === "'") return JSON.stringify(quotes.slice(1, -1).replaceAll("''", "'"));
	if (quotes) try { return JSON.stringify(JSON.parse(quotes)); } catch { /* it has escapes that only YAML knows */ }
	const plain = text.replace(/(^|\s)#.*/, "").trim();
	const word = /^(?:(y(?:es)?|on|true)|(no?|off|false)|(?:~|null)?)$/i.exec(plain); // as in YAML 1.1, which Helm reads
	if (word) return word[1] ? "true" : word[2] ? "false" : "null";
	return isNaN(plain.replaceAll("_", "")) && !/^[[{]/.test(plain) ? JSON.stringify(plain) : plain;
};
const mapped = (key, v) => Object(v) !== v ? JSON.stringify(v) : Array.isArray(v) || v instanceof Map ? v : new Map(Object.entries(v));

// parse reads YAML as charts write it: a mapping becomes a Map, a list an array, and anything else text. Comments are
// dropped; aliases, and what is in brackets and not JSON, are text. It fails at what it cannot read.
export const parse = (source) => {
	if (source.length > 1 << 20) throw new Error("too long");
	const lines = source.split("\n");
	let at = 0;
	const indentOf = (line) => line.search(/\S/);
	// next goes to the next line that says something, and returns its indentation, or -1 at the end.
	const next = () => {
		while (/^\s*(#|$)|^---|^%/.test(lines[at])) at++;
		return at < lines.length ? indentOf(lines[at]) : -1;
	};
	const isItem = () => /^ *-(\s|$)/.test(lines[at]);
	// pairOf splits a line at the colon after a key.
	const pairOf = (line) => {
		const [quotes] = quoted.exec(line), end = quotes.length + line.slice(quotes.length).search(/:(\s|$)|\s#/);
		return line[end] === ":" && end >= quotes.length && !/^[[{]/.test(line) && [quotes ? JSON.parse(scalar(quotes)) : line.slice(0, end), line.slice(end + 1).trim()];
	};
	const value = (first, indent, depth) => {
		const text = first.replace(/^([&!]\S*\s*)+/, ""), more = []; // without anchors and tags
		if (/^(#|$)/.test(text)) return next() > indent || next() === indent && isItem() ? block(next(), depth + 1) : "null";
		if (/^[|>]/.test(text)) {
			while (indentOf(lines[at] || "") > indent || lines[at]?.trim() === "") more.push(lines[at++]);
			const margin = indentOf(more.find((line) => line.trim()) || ""), whole = more.map((line) => line.slice(margin)).join("\n").trimEnd();
			return JSON.stringify((text[0] === "|" ? whole : whole.replace(/(\S)\n(?=\S)/g, "$1 ")) + (text[1] === "-" ? "" : "\n"));
		}
		const flow = /^[[{]/.test(text);
		while (next() > indent || flow && /^\s*[\]}]/.test(lines[at])) more.push(lines[at++].trim());
		const whole = [text, ...more].join(" ");
		try { if (flow) return JSON.parse(whole, mapped); } catch { /* it is not JSON */ }
		return scalar(whole);
	};
	const block = (indent, depth) => {
		const list = [], map = new Map();
		if (depth > 99) throw new Error("too deep");
		while (next() === indent && isItem()) {
			lines[at] = lines[at].replace("-", " ");
			list.push(next() > indent ? block(next(), depth + 1) : "null");
		}
		if (list.length) return list;
		for (let pair; next() === indent && (pair = pairOf(lines[at].trim()));) {
			at++;
			map.set(pair[0], value(pair[1], indent, depth));
		}
		return map.size ? map : value(lines[at++].trim(), indent - 1, depth);
	};
	const root = next() < 0 ? new Map() : block(next(), 0);
	if (next() >= 0) throw new Error("not read to its end");
	return root;
};

// json writes a value on one line, and kind says what it is; null may stand for anything.
const json = (v) => v instanceof Map ? "{" + [...v].map(([key, item]) => JSON.stringify(key) + ": " + json(item)).join(", ") + "}" : Array.isArray(v) ? "[" + v.map(json).join(", ") + "]" : v;
const kind = (v) => ({ "{": "mapping", "[": "list", '"': "text", n: "", t: "boolean", f: "boolean" })[json(v)[0]] ?? "number";

// changes compares two values: [what, path, before, after]. A key that comes or goes with all below it is one change.
export const changes = (a, b, path = "", all = []) => {
	const below = (key) => (path && path + ".") + (/^[\w-]+$/.test(key) ? key : JSON.stringify(key));
	if (a instanceof Map && b instanceof Map) {
		for (const [key, is] of b) {
			if (a.has(key)) changes(a.get(key), is, below(key), all);
			else all.push(["added", below(key), "", json(is)]);
		}
		for (const [key, was] of a) if (!b.has(key)) all.push(["removed", below(key), json(was), ""]);
	} else if (Array.isArray(a) && a.length === b.length && a.length <= 20 && a.some((item) => item instanceof Map)) {
		a.forEach((item, i) => changes(item, b[i], below(String(i)), all));
	} else if (json(a) !== json(b)) {
		all.push([kind(a) && kind(b) && kind(a) !== kind(b) ? "retyped" : "changed", path, json(a), json(b)]);
	}
	return all;
};

// diff returns what makes the lines of one text those of another, as [sign, line], or null if they are too long or too
// different. It is Myers' algorithm: after d edits, ends[k] is how far one gets in a on the diagonal k = x - y.
export const diff = (a, b) => {
	const most = 2000, mid = most + 1, ends = new Int32Array(2 * mid + 1), steps = [], edits = [];
	if (a.length + b.length > 50_000) return null;
	if (!a.length || !b.length) return [...a.map((line) => ["-", line]), ...b.map((line) => ["+", line])];
	// from returns where the last edit before a diagonal began, and whether it inserts a line.
	const from = (ends, mid, k, d) => k === -d || k !== d && ends[mid + k - 1] < ends[mid + k + 1] ? [ends[mid + k + 1], true] : [ends[mid + k - 1], false];
	for (let d = 0, done = false; !done; d++) {
		if (d > most) return null;
		steps.push(ends.slice(mid - d - 1, mid + d + 2));
		for (let k = -d; k <= d && !done; k += 2) {
			const [start, insert] = from(ends, mid, k, d);
			let x = insert ? start : start + 1;
			while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
			ends[mid + k] = x;
			done = x >= a.length && x - k >= b.length;
		}
	}
	for (let d = steps.length - 1, x = a.length, y = b.length; d >= 0; d--) {
		const [start, insert] = from(steps[d], d + 1, x - y, d), end = d && (insert ? start : start + 1);
		while (x > end) edits.push([" ", a[--x]]) && y--;
		if (d) edits.push(insert ? ["+", b[--y]] : ["-", a[--x]]);
	}
	return edits.reverse();
};

// onlyVersion says whether files differ only in versions and dates, like pages of changes: a lock that differs while no
// subchart does has another date. It takes their paths, and both Chart.yaml.
export const onlyVersion = (paths, before, after) => paths.every((path) => /^(Chart\.yaml|(Chart|requirements)\.lock)$/.test(path)) &&
	changes(before, after).every(([, path]) => /^(version|appVersion|annotations\."artifacthub\.io\/changes")$/.test(path));

const order = ["removed", "retyped", "changed", "added"];
const sum = (rows) => order.map((word) => [rows.filter(([what]) => what === word).length, word]).filter(([n]) => n).map((pair) => pair.join(" ")).join(", ");

// report returns the elements that show how two Maps of files differ, and a summary.
const report = (old, now, { text, make }) => {
	const parts = [], summary = [];
	const code = (s) => s && make("code", {}, s.length > 120 ? s.slice(0, 120) + "…" : s);
	const what = (word) => make("span", { class: "what " + word }, word);
	const note = (s) => make("p", { class: "note" }, s);
	const fold = (summary, build) => {
		const details = make("details", {}, make("summary", {}, ...summary));
		details.addEventListener("toggle", () => details.append(...build()), { once: true });
		return details;
	};
	const row = (cell, cells) => make("tr", {}, ...cells.map((content) => make(cell, {}, content)));
	const table = (rows, title) => [
		make("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": title }, make("table", { class: "diffs" },
			make("thead", {}, row("th", ["Name", "Change", "Before", "After"])),
			make("tbody", {}, ...rows.slice(0, 300).map(([word, path, ...values]) => row("td", [code(path), what(word), ...values.map(code)]))))),
		...(rows.length > 300 ? [fold([`${rows.length - 300} more`], () => table(rows.slice(300), title + ", more"))] : []),
	];
	const section = (title, rows, build = table, kind = "") => {
		if (!rows.length) return;
		summary.push(`${title}: ${sum(rows)}`);
		parts.push(make("section", { class: kind }, make("h2", {}, title), ...build(rows, title)));
	};

	// Values, and what Chart.yaml says. Helm reads the dependencies of charts of version v1 from a file of their own.
	const read = (files, name) => files.has(name) ? parse(text(files.get(name))) : new Map();
	const bare = (v = "") => v.replace(/^"|"$/g, "");
	const rows = (name, of) => {
		try { return changes(of(old), of(now)).sort((a, b) => order.indexOf(a[0]) - order.indexOf(b[0])); } catch {
			parts.push(note(`${name} cannot be compared by name, but its lines are compared below.`));
			return [];
		}
	};
	const facts = rows("Chart.yaml", (files) => new Map([["type", '"application"'], ...read(files, "Chart.yaml")].filter(([key]) => /^(appVersion|kubeVersion|type)$/.test(key))));
	const values = rows("values.yaml", (files) => read(files, "values.yaml"));
	const dependencies = rows("The list of dependencies", (files) => new Map(
		(read(files, "Chart.yaml").get("dependencies") || read(files, "requirements.yaml").get("dependencies") || [])
			.map((d) => [bare(d.get("alias") || d.get("name")), JSON.stringify(bare(d.get("version")) + " " + bare(d.get("repository")))])));

	const same = (a, b) => a?.length === b?.length && a.every((byte, i) => byte === b[i]);
	const differ = [...new Set([...old.keys(), ...now.keys()])].filter((path) => !same(old.get(path), now.get(path))).sort();
	if (!differ.length) return [[], "There are no differences: all files are equal."];
	const groups = [[], [], []];
	for (const path of differ) groups[path.startsWith("crds/") ? 0 : path.startsWith("templates/") ? 1 : 2].push([!old.has(path) ? "added" : now.has(path) ? "changed" : "removed", path, "", ""]);
	section("What an upgrade needs to know", [
		...facts.filter(([, name]) => name === "kubeVersion"), ...values.filter(([word]) => /^re/.test(word)),
		...dependencies.filter(([word]) => word === "removed"), ...groups[0].filter(([word]) => word !== "added"),
	], table, "upgrade");
	summary.pop();
	section("Chart", facts);
	section("Values", values);
	section("Dependencies", dependencies);

	// Files, line by line. Lines are counted for a second; after that, when a file is opened.
	const lines = (bytes) => bytes ? text(bytes).match(/.*\n|.+/g) || [] : [];
	const until = performance.now() + 1000;
	const file = ([word, path]) => {
		const compute = () => { try { return diff(lines(old.get(path)), lines(now.get(path))); } catch { return null; /* binary */ } };
		const edits = performance.now() < until ? compute() : undefined;
		const count = (name, sign) => edits?.some((e) => e[0] === sign) ? [" ", make(name, {}, sign + edits.filter((e) => e[0] === sign).length)] : [];
		return fold([path, " ", make("small", {}, what(word), ...count("ins", "+"), ...count("del", "-"))], () => hunks(edits === undefined ? compute() : edits));
	};
	const hunks = (edits) => {
		if (!edits) return [note("This is not text, or it is too long or too different to be shown line by line.")];
		const shown = [], near = new Uint8Array(edits.length + 7);
		let x = 1, y = 1, gap = true;
		edits.forEach(([sign], i) => sign === " " || near.fill(1, i, i + 7)); // three lines before and after
		edits.forEach(([sign, line], i) => {
			if (near[i + 3] && gap) shown.push(make("b", {}, `@@ -${x} +${y} @@`), "\n");
			if (near[i + 3]) shown.push(sign === " " ? sign + line : make(sign === "+" ? "ins" : "del", {}, sign + line));
			gap = !near[i + 3];
			x += sign !== "+";
			y += sign !== "-";
		});
		if (shown.length > 5000) shown.splice(5000, shown.length, "…");
		return [make("pre", { class: "src diff", tabindex: 0 }, make("code", {}, ...shown))];
	};
	["Custom resource definitions", "Templates", "Other files"].forEach((title, i) => section(title, groups[i], (rows) => {
		const more = rows.length > 500 ? [note(`${rows.length - 500} more files differ.`)] : [];
		return [make("div", { class: "files" }, ...rows.slice(0, 500).map(file)), ...more];
	}));
	try {
		if (onlyVersion(differ, read(old, "Chart.yaml"), read(now, "Chart.yaml")))
			return [parts, "Only the version " + (facts.length ? "numbers changed: the chart's, and the app's." : "number changed.")];
	} catch { /* then more may have changed */ }
	return [parts, summary.join("; ") + "."];
};

export const compare = async (box, archive) => {
	const sides = [...box.querySelectorAll("select")], [from, to] = sides;
	const said = box.querySelector("[role=status]"), result = box.querySelector("[data-result]");
	const address = new URL(box.dataset.versions, location.href), asked = new URL(location.href).searchParams;
	const { name, newest, versions } = await fetch(address, { mode: "same-origin" }).then((answer) => answer.json()).catch(() => ({}));
	box.hidden = false;
	if (!versions) return void (said.textContent = "The list of versions could not be loaded. Try again.");
	for (const side of sides) side.append(...versions.map(({ v }) => new Option(v)));
	to.value = asked.get("to") || newest || versions[0].v;
	const older = versions.slice(to.selectedIndex + 1);
	from.value = asked.get("from") || (older.find(({ s = "" }) => !/[py]/.test(s)) || older[0] || versions[0]).v;

	let kept = {}; // promises of the two archives that are shown, by URL
	const show = async () => {
		const urls = sides.map(({ selectedIndex: i }) => {
			const { v, u } = versions[i];
			return new URL([v, u, `${name}-${v}.tgz`].map(encodeURIComponent).join("/"), address).href;
		});
		for (const e of document.querySelectorAll("[data-version]")) e.textContent = sides[e.dataset.version].value;
		history.replaceState(null, "", "?" + new URLSearchParams({ from: from.value, to: to.value }));
		said.textContent = "Reading both archives …";
		result.replaceChildren();
		const these = kept = Object.fromEntries(urls.map((url) => [url, kept[url] || archive.files(url)]));
		try {
			const both = await Promise.all(urls.map((url) => these[url]));
			if (kept !== these) return; // others were chosen meanwhile
			const [parts, summary] = report(...both, archive);
			result.append(...parts);
			said.textContent = summary;
		} catch (e) {
			if (kept === these) [said.textContent, kept] = [e.message, {}];
		}
	};
	from.onchange = to.onchange = show;
	box.querySelector("button").onclick = () => {
		[from.selectedIndex, to.selectedIndex] = [to.selectedIndex, from.selectedIndex];
		show();
	};
	const unknown = ["from", "to"].filter((side, i) => sides[i].selectedIndex < 0);
	if (unknown.length) said.textContent = unknown.map((side) => `There is no version ${asked.get(side)} of ${name} here.`).join(" ");
	else await show();
};
