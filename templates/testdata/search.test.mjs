// Tests search.js, whose path is the first argument, with a stand-in for the browser.
import assert from "node:assert/strict";
import test from "node:test";
import { pathToFileURL } from "node:url";

class Element {
	attributes = {};
	children = [];
	listeners = {};
	constructor(name) { this.name = name; }
	setAttribute(key, value) { this.attributes[key] = String(value); }
	append(...children) { for (const c of children) { this.children.push(c); if (c instanceof Element) c.parentElement = this; } }
	replaceChildren(...children) { this.children = []; this.append(...children); }
	addEventListener(kind, call) { (this.listeners[kind] ||= []).push(call); }
	fire(kind, more = {}) {
		const event = { target: this, preventDefault: () => { event.prevented = true; }, ...more };
		for (const call of this.listeners[kind] || []) call(event);
		return event;
	}
	click() { opened.push(this.href); }
	scrollIntoView() { /* nothing scrolls here */ }
	closest() { return this.dataset?.keyword === undefined ? null : this; }
	querySelector(what) { return { input: this.input, "[role=status]": this.status, a: this.link }[what]; }
	get href() { return this.attributes.href; }
	get id() { return this.attributes.id; }
	set textContent(text) { this.children = [text]; }
	get textContent() { return this.children.map((c) => c.textContent ?? c).join(""); }
}
let opened = [], files = {}, asked = [], chips = [], rows, url;
globalThis.document = Object.assign(new Element("document"), {
	createElement: (name) => new Element(name), querySelector: () => null, querySelectorAll: () => chips, getElementById: () => rows,
});
globalThis.history = { replaceState: (a, b, to) => { url = to.href; } };
globalThis.fetch = async (at) => {
	asked.push(String(at));
	const body = files[at];
	return { ok: body !== undefined, status: body === undefined ? 404 : 200, json: async () => structuredClone(body) };
};
const { best, list: filter, start } = await import(pathToFileURL(process.argv[2]));
const host = "https://charts.example.com/helm/";
let timers = [];
globalThis.setTimeout = (call) => timers.push(call); // however slow the machine is, what is due comes next
const settled = async () => {
	do {
		for (const call of timers.splice(0)) call();
		for (let i = 0; i < 50; i++) await new Promise(setImmediate); // promises first
	} while (timers.length);
};
const visit = (path) => { globalThis.location = new URL(path, host); [opened, asked, chips, url] = [[], [], [], ""]; };

const charts = [
	{ n: "about-nginx", v: "1.0.0", d: "Says how" },
	{ n: "nginx", v: "2.0.0", s: "d" },
	{ n: "nginx-ingress", v: "1.4.0", a: "3.7.1", m: "Jo Doe", y: "controller.kind ingress.enabled", k: ["proxy"] },
	{ n: "web", v: "0.1.0", d: "Uses NGINX", y: "nginx.port" },
	{ n: "x", v: "0.1.0", m: "nginx team" },
	{ n: "y", v: "0.1.0", a: "nginx-2" },
	{ n: "z", v: "0.1.0", k: ["nginx"], d: "<b>bold</b>" },
	{ n: "other", v: "0.1.0", d: "nothing" },
];
const names = (words) => best(structuredClone(charts), words).map((c) => c.n).join(" ");

test("the best come first", () => {
	assert.equal(names(["nginx"]), "nginx nginx-ingress about-nginx z y x web");
	assert.equal(names(["ingress.enabled"]), "nginx-ingress");
	assert.equal(names(["nginx", "doe"]), "nginx-ingress");
	assert.equal(names(["3.7"]), "nginx-ingress");
	assert.equal(names(["nginx", "absent"]), "");
});

const site = (channels) => {
	files = { [host + "api/index.json"]: { channels: channels.map(([name, secret]) => ({ name, page: "../" + name + "/index.html", private: secret })) } };
};
const box = (text) => {
	const input = Object.assign(new Element("input"), { value: text });
	new Element("form").append(input);
	return { input, results: () => input.parentElement.children[1], status: () => input.parentElement.children[1].children[0].textContent,
		options: () => input.parentElement.children[1].children[1].children };
};

test("all channels are searched, the page's own first", async () => {
	visit("group/devel/charts/a/index.html");
	site([["gone"], ["group/devel"], ["stable"]]);
	files[host + "group/devel/search.json"] = { charts: [{ n: "a+b", v: "1.0.0-rc.1", s: "p?" }] };
	files[host + "stable/search.json"] = { charts };
	const b = box("a");
	start(b.input, "../../../../");
	await settled();
	assert.deepEqual(asked.map((at) => at.slice(host.length)), ["api/index.json", "group/devel/search.json", "gone/search.json", "stable/search.json"]);
	assert.equal(b.options()[0].href, host + "group/devel/charts/a%2Bb/index.html");
	assert.match(b.options()[0].textContent, /^a\+b prerelease.*group\/devel · 1\.0\.0-rc\.1$/);
	assert.match(b.status(), /^\d charts; 1 repository could not be searched$/);

	b.input.value = "ingress.ena";
	b.input.fire("input");
	await settled();
	assert.equal(b.status(), "1 chart; 1 repository could not be searched");
	assert.match(b.options()[0].textContent, /stable · 1\.4\.0 · value ingress\.enabled/);
	assert.equal(asked.length, 4, "files are loaded once");
});

test("keys move, open and close", async () => {
	visit("index.html");
	site([["stable"]]);
	files[host + "stable/search.json"] = { charts };
	const b = box("nginx");
	start(b.input, "");
	await settled();
	const selected = () => b.options().findIndex((o) => o.attributes["aria-selected"] === "true");
	assert.deepEqual([selected(), b.input.attributes["aria-expanded"], b.input.attributes.role], [-1, "true", "combobox"]);
	for (const [key, want] of [["ArrowDown", 0], ["ArrowDown", 1], ["ArrowUp", 0], ["ArrowUp", 6], ["ArrowDown", 0]]) {
		assert.ok(b.input.fire("keydown", { key }).prevented);
		assert.equal(selected(), want);
		assert.equal(b.input.attributes["aria-activedescendant"], "result-" + want);
	}
	b.input.fire("keydown", { key: "Enter" });
	assert.deepEqual(opened, [host + "stable/charts/nginx/index.html"]);
	b.input.fire("keydown", { key: "Escape" });
	assert.deepEqual([b.results().hidden, b.input.attributes["aria-expanded"]], [true, "false"]);
	assert.ok(!b.input.fire("keydown", { key: "Escape" }).prevented, "a second Escape is the browser's");
	assert.ok(!b.input.fire("keydown", { key: "Home" }).prevented);
});

test("at most 50 are shown, as text", async () => {
	visit("index.html");
	site([["stable"]]);
	files[host + "stable/search.json"] = { charts: Array.from({ length: 60 }, (_, i) => ({ n: "many-" + i, v: "1.0.0", d: "<img>" })) };
	const b = box("many");
	start(b.input, "");
	await settled();
	assert.deepEqual([b.options().length, b.status()], [50, "60 charts; these are the best 50"]);
	assert.deepEqual(b.options()[0].children.at(-1).children, ["<img>"]);
});

test("a private channel is searched from within", async () => {
	for (const [page, channels, want] of [
		["index.html", [["open"], ["closed", true]], "open"],
		["closed/index.html", [["open"], ["closed", true]], "closed open"],
		["index.html", [["a", true], ["b", true]], "a b"],
	]) {
		visit(page);
		site(channels);
		start(box("x").input, page.includes("/") ? "../" : "");
		await settled();
		assert.equal(asked.slice(1).map((at) => at.slice(host.length).split("/")[0]).join(" "), want);
	}
});

test("a list of channels that cannot be loaded is tried again", async () => {
	visit("index.html");
	files = {};
	const b = box("nginx");
	start(b.input, "");
	await settled();
	assert.equal(b.status(), "The list of repositories could not be loaded.");
	site([["stable"]]);
	files[host + "stable/search.json"] = { charts };
	b.input.fire("input");
	await settled();
	assert.equal(b.status(), "7 charts");
});

test("a channel's page is filtered by words and keywords", async () => {
	visit("stable/index.html?keyword=c%2B%2B%20%26%20%22more%22&q=");
	files = { "search.json": { charts: [{ n: "a", v: "1", k: ["c++ & \"more\""] }, { n: "b", v: "1", k: ["web"] }, { n: "c", v: "1", d: "web" }] } };
	const all = ["a", "b"].map((name) => Object.assign(new Element("li"), { link: { textContent: name } }));
	rows = new Element("ul");
	rows.append(...all);
	const chip = Object.assign(new Element("a"), { dataset: { keyword: "web" } });
	chips = [chip];
	const input = Object.assign(new Element("input"), { value: "" }), status = new Element("p");
	filter(Object.assign(new Element("div"), { input, status, dataset: { search: "search.json" } }));
	await settled();
	assert.deepEqual(rows.children, [all[0]]);
	assert.equal(status.textContent, "1 chart with the keyword c++ & \"more\". Show all");
	assert.deepEqual(status.children.at(-1).attributes, { href: "/helm/stable/index.html", "data-keyword": "c++ & \"more\"" });
	document.fire("click", { target: chip });
	await settled();
	assert.deepEqual([rows.children, chip.attributes["aria-current"], url], [[all[1]], "true", host + "stable/index.html?keyword=web"]);
	document.fire("click", { target: chip });
	input.value = "web";
	input.fire("input");
	await settled();
	assert.equal(rows.children.length, 2);
	assert.equal(url, host + "stable/index.html?q=web");
	input.value = "";
	input.fire("input");
	await settled();
	assert.deepEqual([rows.children, status.textContent], [all, ""]);
});
