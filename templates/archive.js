// Reads the text files of a chart's archive. Nothing in an archive is trusted: what is read of it is bounded, and pages
// get text nodes only. What fails, fails with a sentence for the page. script.js imports this module when it is needed:
//
//	const { show } = await import(url);
//	details.addEventListener("toggle", () => show(details, archiveURL));
//
// show puts the file that the summary of <details data-file> names into it.

const fail = (sentence) => { throw new Error(sentence); };
const utf8 = new TextDecoder(); // wrong bytes become U+FFFD; a byte order mark is dropped

// Characters that are invisible or reorder the text around them, as package untrusted has them.
const hidden = /[^\P{Cc}\n\t]|[\p{Bidi_C}\p{NChar}\xAD\u180E\u200B\u2028\u2029\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E0FFF}]/gu;

// visible spells such characters out.
const visible = (text) => text.replaceAll("\r\n", "\n").replace(hidden, (c) => c < " "
	? String.fromCharCode(0x2400 + c.charCodeAt())
	: "⟨U+" + c.codePointAt().toString(16).toUpperCase().padStart(4, "0") + "⟩");

// text returns what pages may show of a file, or null if it is binary, or larger than any template.
export const text = (bytes) => bytes.length > 4 << 20 || bytes.includes(0) ? null : visible(utf8.decode(bytes));

// make returns an element. Strings become text nodes, in which everything is visible.
export const make = (name, attributes, ...children) => {
	const element = document.createElement(name);
	for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
	element.append(...children.map((child) => typeof child === "string" ? visible(child) : child));
	return element;
};

// read returns the bytes of a stream, or null if they are more than a number of MiB.
const read = async (stream, most) => {
	const chunks = [], reader = stream.getReader();
	for (let left = most << 20; left >= 0;) {
		const { done, value } = await reader.read();
		if (done) return new Uint8Array(await new Blob(chunks).arrayBuffer());
		left -= value.length;
		chunks.push(value);
	}
	reader.cancel().catch(() => {});
	return null;
};

// files fetches an archive of this site. It returns a Map from paths in the chart's folder to bytes.
export const files = async (url) => {
	if (typeof DecompressionStream === "undefined") fail("This browser cannot unpack archives; newer ones can.");
	const answer = await fetch(url, { mode: "same-origin" }).catch(() => fail("The archive could not be loaded. Try again."));
	if (!answer.ok) fail(answer.status === 404 ? "This site does not have the archive any more." : `The archive could not be loaded: status ${answer.status}.`);
	const packed = await read(answer.body, 16) || fail("The archive is too large to be read here: it has more than 16 MiB.");
	const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
	const unpacked = await read(stream, 64).catch(() => fail("The archive is damaged, or not compressed with gzip."));
	return untar(unpacked || fail("The archive is too large to be read here: unpacked, it has more than 64 MiB."));
};

const damaged = () => fail("The archive is damaged: it is not a proper tar archive.");

// string returns a field of a header up to its first zero byte.
const string = (field) => utf8.decode(field).split("\0", 1)[0];

// number reads a number in octal, or one in base 256, which its first bit tells. Wrong ones are NaN or out of range.
const number = (field) => field[0] & 128
	? field.reduce((n, byte, i) => n * 256 + (i ? byte : byte & 127), 0)
	: parseInt(string(field).trim() || "0", 8);

// records reads the body of a pax header: lines such as "30 path=chart/templates/a.yaml".
const records = (body) => {
	const all = new Map();
	for (let at = 0; at < body.length;) {
		const space = body.indexOf(32, at), length = Number(string(body.subarray(at, Math.min(space, at + 9))));
		if (!(length > space - at)) damaged();
		const [, key, value] = /^([^=]+)=([^]*)\n$/.exec(utf8.decode(body.subarray(space + 1, at += length))) || damaged();
		all.set(key, value);
	}
	return all;
};

// untar returns the plain files of a tar archive: ustar, with pax headers or GNU's long names. The top folder is left
// out, and so are paths that no chart has. Of files with one name, the first counts.
export const untar = (bytes) => {
	const found = new Map();
	let pax = new Map(), long = "";
	for (let at = 0, entries = 0; bytes[at] && at + 512 <= bytes.length;) {
		const field = (from, to) => bytes.subarray(at + from, at + to), type = field(156, 157)[0] || 48;
		const next = "gxLK".includes(String.fromCharCode(type)); // it describes an entry that follows
		const size = !next && pax.has("size") ? Number(pax.get("size")) : number(field(124, 136));
		if (!(size >= 0 && size <= bytes.length - at - 512)) damaged();
		if (++entries > 10_000) fail("The archive has more than 10,000 entries, which are too many to be read here.");
		const body = field(512, 512 + size);
		const prefix = string(field(257, 265)) === "ustar" ? string(field(345, 500)) + "/" : "";
		const name = pax.get("path") || long || prefix.replace(/^\/$/, "") + string(field(0, 100));
		at += 512 + Math.ceil(size / 512) * 512;
		if (type === 120) pax = records(body); // x
		if (type === 76) long = string(body); // L
		if (next) continue;
		pax = new Map();
		long = "";
		const [top, ...parts] = name.split("/"), path = parts.join("/");
		const proper = type === 48 && top && top !== ".." && path && !parts.some((part) => /^\.{0,2}$/.test(part)); // 0
		if (proper && !found.has(path)) found.set(path, body);
	}
	return found.size ? found : damaged();
};

// highlight returns the text of a template: keys in <b> and actions in <i>, as the pages have them.
const highlight = (source) => {
	const parts = [];
	let done = 0;
	if (source.length > 256 << 10) return [source]; // each mark is an element
	for (const m of source.matchAll(/^( *(?:- +)*)([\w./][\w./-]*)(?=:(?:\s|$))|{{[^{}]*}}/gm)) {
		const from = m.index + (m[1] || "").length, to = m.index + m[0].length;
		parts.push(source.slice(done, from), make(m[2] ? "b" : "i", {}, source.slice(from, to)));
		done = to;
	}
	return [...parts, source.slice(done)];
};

const opened = new Map(); // promises of the archives that were asked for, by URL

export const show = async (details, url) => {
	if (!details.hasAttribute("data-file") || !details.open) return;
	const path = details.firstElementChild.firstChild.data.trim();
	const note = details.querySelector("[role=status]") || make("p", { class: "note", role: "status" });
	details.firstElementChild.after(note);
	note.textContent = "Reading the archive …";
	try {
		if (!opened.has(url)) opened.set(url, files(url));
		const file = (await opened.get(url)).get(path) || fail("The archive has no such file.");
		const code = make("code", {}, ...highlight(text(file) ?? fail("The file is not text, or it is too large to be shown here.")));
		details.lastElementChild.replaceChildren(make("pre", { class: "src", tabindex: 0 }, code));
		details.removeAttribute("data-file"); // it is done
		note.remove();
	} catch (e) {
		opened.delete(url); // so that it is tried again when the file is opened again
		note.textContent = e.message;
	}
};
