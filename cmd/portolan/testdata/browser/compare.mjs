// Tests compare.js: its helpers with assertions, and how it compares the values in pairs of archives by printing that as
// JSON, for modules_test.go to compare. Run by that:
//
//	node compare.mjs ARCHIVE-MODULE COMPARE-MODULE PAIRS-OF-URLS-JSON

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";

const { files, text } = await import(pathToFileURL(process.argv[2]));
const { parse, changes, diff, onlyVersion } = await import(pathToFileURL(process.argv[3]));

const plain = (v) => v instanceof Map ? Object.fromEntries([...v].map(([key, item]) => [key, plain(item)])) : Array.isArray(v) ? v.map(plain) : v;
for (const [source, want] of [
	["", {}],
	["# nothing\n---\n", {}],
	["a: 1\nb: 0x1F # hex\nc: 1_000\nd: 1.10\ne: 1e3\n", { a: "1", b: "0x1F", c: "1_000", d: "1.10", e: "1e3" }],
	["a: NO\nb: off\nc: 'no'\nd: On\n", { a: "false", b: "false", c: '"no"', d: "true" }],
	["a: \"80\"\nb: yes\nc: True\nd: ~\ne:\nf: null\ng: 1.2.3\n", { a: '"80"', b: "true", c: "true", d: "null", e: "null", f: "null", g: '"1.2.3"' }],
	["a: 'it''s'\nb: \"q\\\"\\u202e\"\nc: it's # not\nd: a#b\ne: 'x' # c\n", { a: '"it\'s"', b: '"q\\"\u202e"', c: '"it\'s"', d: '"a#b"', e: '"x"' }],
	["a:\n  b:\n    c: 1\n  d: 2\ne:\n- x\n- y: 1\n  z: 2\n-\n  - 3\nf: 4\n", { a: { b: { c: "1" }, d: "2" }, e: ['"x"', { y: "1", z: "2" }, ["3"]], f: "4" }],
	["a: |\n  x\n   y # no comment\n\n  # nor this\nb: |-\n    x\nc: >\n  x\n  y\n", { a: '"x\\n y # no comment\\n\\n# nor this\\n"', b: '"x"', c: '"x y\\n"' }],
	["a: {}\nb: []\nc: {\"d\": [1, \"x\"]}\ne: [x,\n  y]\nf: [\n  1,\n  2\n]\n", { a: {}, b: [], c: { d: ["1", '"x"'] }, e: "[x, y]", f: ["1", "2"] }],
	["a: x\n  y\n\nb: \"x\n  y\"\n", { a: '"x y"', b: '"x y"' }],
	["a: &x\n  b: 1\nc: *x\n<<: *x\nd: !!str 80\n", { a: { b: "1" }, c: '"*x"', "<<": '"*x"', d: "80" }],
	["\"a.b\": 1\n'c d': 2\ne/f: 3\n\"g\": http://x:80/y\n", { "a.b": "1", "c d": "2", "e/f": "3", g: '"http://x:80/y"' }],
	["{\"a\": {\"b\": null}}", { a: { b: "null" } }],
	["a: 1\na: 2\n__proto__: 3\n", JSON.parse('{"a": "2", "__proto__": "3"}')],
	["- a\n- b\n", ['"a"', '"b"']],
	["a: {{ x }}\n", { a: "{{ x }}" }],
]) assert.deepEqual(plain(parse(source)), want, source);
for (const source of ["a: 1\nb\n", "a:\n\tb: 1\nc", "- ".repeat(1000) + "a", "#\n".repeat(1 << 20), "a: 1\n- b\n", null])
	assert.throws(() => parse(source), String(source).slice(0, 20));

for (const [paths, before, after, want] of [
	[["Chart.lock", "Chart.yaml"], "version: 1.0.0\nappVersion: 2\n", "version: 1.0.1\nappVersion: 3\n", true],
	[["Chart.yaml"], "version: 1\nannotations:\n  a: 1\n  artifacthub.io/changes: |\n    - one\n", "version: 2\nannotations:\n  a: 1\n  artifacthub.io/changes: |\n    - two\n", true],
	[["Chart.yaml"], "version: 1\nannotations:\n  a: 1\n", "version: 2\nannotations:\n  a: 2\n", false],
	[["Chart.yaml", "README.md"], "version: 1\n", "version: 2\n", false],
	[["Chart.yaml"], "version: 1\n", "version: 2\ndescription: x\n", false],
]) assert.equal(onlyVersion(paths, parse(before), parse(after)), want, after);

for (const [before, after, want] of [
	["a: 1\nb: [\"x\"]\n", "b:\n- x\na: 1 # now last\n", []],
	["a: 1\nb: 2\nc:\n  d: 3\n", "z: 0\na: 1\nc:\n  d: 4\n  e: 5\n", [["added", "z", "", "0"], ["changed", "c.d", "3", "4"], ["added", "c.e", "", "5"], ["removed", "b", "2", ""]]],
	["{}", "a:\n  b:\n    c: 1\n    d:\n    - x\n", [["added", "a", "", '{"b": {"c": 1, "d": ["x"]}}']]],
	["a: 80\nb: 1\nc:\nd: {}\ne: x\n", "a: \"80\"\nb: 1.0\nc:\n  x: 1\nd: []\ne: z\n", [["retyped", "a", "80", '"80"'], ["changed", "b", "1", "1.0"], ["changed", "c", "null", '{"x": 1}'], ["retyped", "d", "{}", "[]"], ["changed", "e", '"x"', '"z"']]],
	["a:\n- n: x\n  v: 1\n", "a:\n- n: x\n  v: 2\n", [["changed", "a.0.v", "1", "2"]]],
	["a:\n- n: x\n", "a:\n- n: x\n- n: z\n", [["changed", "a", '[{"n": "x"}]', '[{"n": "x"}, {"n": "z"}]']]],
	["{}", "\"a.b\":\n  c: 1\n", [["added", '"a.b"', "", '{"c": 1}']]],
]) assert.deepEqual(changes(parse(before), parse(after)), want, after);

// Differences are right and as short as can be: as many lines stay as the longest common subsequence has.
let seed = 1;
const random = (n) => (seed = seed * 48271 % 2147483647) % n;
const words = () => Array.from({ length: random(14) }, () => "abc"[random(3)]);
for (let i = 0; i < 3000; i++) {
	const [a, b] = [words(), words()], edits = diff(a, b);
	const side = (sign) => edits.filter((e) => e[0] !== sign).map((e) => e[1]);
	assert.deepEqual([side("+"), side("-")], [a, b]);
	const common = a.map(() => 0).concat(0).map(() => Array(b.length + 1).fill(0));
	a.forEach((x, i) => b.forEach((y, j) => { common[i + 1][j + 1] = x === y ? common[i][j] + 1 : Math.max(common[i][j + 1], common[i + 1][j]); }));
	assert.equal(edits.filter((e) => e[0] === " ").length, common[a.length][b.length]);
}
const many = (n, mark) => Array.from({ length: n }, (_, i) => mark + i);
assert.equal(diff(many(2000, "a"), many(2000, "b")), null);
assert.equal(diff(many(20_000, "a"), [...many(20_000, "a"), "b"]).length, 20_001);
assert.equal(diff(many(40_000, "a"), []).length, 40_000);
assert.equal(diff(many(50_000, "a"), ["a"]), null);

const results = [];
for (const pair of JSON.parse(process.argv[4])) {
	const [before, after] = await Promise.all(pair.map(async (url) => text((await files(url)).get("values.yaml") || new Uint8Array())));
	try {
		results.push(changes(parse(before), parse(after)).map(([what, path]) => [what, path]));
	} catch (e) {
		results.push(String(e));
	}
}
console.log(JSON.stringify(results));
