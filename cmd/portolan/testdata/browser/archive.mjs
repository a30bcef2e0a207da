// Tests archive.js: its helpers with assertions, and what it makes of archives by printing it as JSON, for modules_test.go
// to compare. Run by that:
//
//	node archive.mjs ARCHIVE-MODULE COMPARE-MODULE URLS-JSON

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";

const { files, text } = await import(pathToFileURL(process.argv[2]));
const bytes = (...list) => new Uint8Array(list.flatMap((item) => typeof item === "string" ? [...new TextEncoder().encode(item)] : item));

// As untrusted_test.go has it: what is shown, and what is spelled out.
const shown = "a\n\t é日👩\u200d💻\u200c";
assert.equal(text(bytes(shown)), shown);
for (const c of "\x7f\u0085\u00ad\u061c\u180e\u200b\u200e\u2028\u202e\u2066\ufeff\ufff9\ufffe\u{e0041}\u{1ffff}")
	assert.equal(text(bytes("-" + c)), "-⟨U+" + c.codePointAt().toString(16).toUpperCase().padStart(4, "0") + "⟩");
assert.equal(text(bytes("\x1b[1m\x07\r")), "␛[1m␇␍");
assert.equal(text(bytes("a\r\nb")), "a\nb");
assert.equal(text(bytes("\ufeffa")), "a");
assert.equal(text(bytes("a", 0xff, 0xc0)), "a\ufffd\ufffd");
assert.equal(text(bytes("a", 0)), null);
assert.equal(text(new Uint8Array(4 << 20).fill(97)).length, 4 << 20);
assert.equal(text(new Uint8Array((4 << 20) + 1).fill(97)), null);

const results = {};
for (const url of JSON.parse(process.argv[4])) {
	try {
		const found = await files(url);
		results[url] = { files: Object.fromEntries([...found].map(([path, body]) => [path, createHash("sha256").update(body).digest("hex")])) };
	} catch (e) {
		results[url] = { error: e.message };
	}
}
const { DecompressionStream } = globalThis;
delete globalThis.DecompressionStream;
await assert.rejects(files("http://127.0.0.1:1/"), { message: "This browser cannot unpack archives; newer ones can." });
globalThis.DecompressionStream = DecompressionStream;
await assert.rejects(files("http://127.0.0.1:1/"), { message: "The archive could not be loaded. Try again." });
console.log(JSON.stringify(results));
