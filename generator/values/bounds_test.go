package values

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// shapes are files of about n bytes that may be costly.
func shapes(n int) map[string]string {
	rep := func(s string) string { return strings.Repeat(s, n/len(s)+1) }
	lines := func(f func(i int) string) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			b.WriteString(f(i))
		}
		return b.String()
	}
	return map[string]string{
		"keys":            lines(func(i int) string { return fmt.Sprintf("k%d: v # c\n", i) }),
		"same keys":       rep("a: b\n"),
		"nested keys":     lines(func(i int) string { return fmt.Sprintf("%sk%d:\n", strings.Repeat(" ", i%30), i) }),
		"deep keys":       lines(func(i int) string { return strings.Repeat(" ", i) + "k:\n" }),
		"long keys":       lines(func(i int) string { return fmt.Sprintf("%s%d:\n", strings.Repeat("k", 900), i) }),
		"key around":      strings.Repeat("k", n/2) + ": {" + strings.Repeat("a,", n/4) + "}\n",
		"key around keys": "\"" + strings.Repeat("é", n/4) + "\":\n" + strings.Repeat(" - a: b\n", n/16),
		"question keys":   rep("? a\n"),
		"one line":        "a: [" + rep("b, ") + "]",
		"one line keys":   "a: {" + lines(func(i int) string { return fmt.Sprintf("k%d: 漢, ", i) }) + "}",
		"deep flow":       "a: " + rep("["),
		"deep maps":       "a: " + rep("{a: "),
		"dashes":          "a:\n" + rep("- "),
		"list":            "a:\n" + rep("- b\n"),
		"remarks":         lines(func(i int) string { return fmt.Sprintf("# -- c d\n# @default -- x\nk%d: {}\n  # k%[1]d e\n", i) }),
		"params":          lines(func(i int) string { return fmt.Sprintf("## @param k%d [array] c\nk%[1]d:\n", i) }),
		"extra params":    lines(func(i int) string { return fmt.Sprintf("#@extra k%d c\nk%d:\n", i+1, i) }),
		"examples":        "a:\n" + rep("  # b\n  # - c: d\n") + "  e: f\n",
		"marks":           rep("# -- a -- b\n") + "a: b\n",
		"long comment":    "# " + rep("a: b, e.g. ") + "\na: b\n",
		"merged":          "a: &a {" + lines(func(i int) string { return fmt.Sprintf("k%d: 1, ", i) })[:n/2] + "}\n" + rep("b: {<<: *a}\n"),
		"merged in lists": "a: &a {b: c}\n" + rep("b: {<<: [*a, *a, *a, *a, *a]}\n"),
		"comments":        rep("# c\n"),
		"comments after":  "a:\n" + rep(" # c\n") + " - b\n",
		"comments deep":   lines(func(i int) string { return fmt.Sprintf("k%d:\n  # c\n\n  # d\n", i) }),
		"one comment":     "a: b #" + rep("#"),
		"text":            "a: |\n" + rep(" b: c\n"),
		"text quoted":     "a: \"" + rep("\\\"") + "\"\n",
		"text plain":      "a: " + rep("b c\n  "),
		"texts":           lines(func(i int) string { return fmt.Sprintf("k%d: |\n  a\n", i) }),
		"blank":           "a: |\n" + rep("\n"),
		"quotes":          lines(func(i int) string { return fmt.Sprintf("k%d: '", i) }),
		"anchors":         lines(func(i int) string { return fmt.Sprintf("k%d: &a%d b\n", i, i) }),
		"aliases":         "a: &a b\n" + lines(func(i int) string { return fmt.Sprintf("k%d: *a\n", i) }),
		"merges":          "a: &a {b: c}\n" + lines(func(i int) string { return fmt.Sprintf("k%d:\n  <<: *a\n", i) }),
		"tags":            rep("a: !!str "),
		"punctuation":     "a: \"b\" #\n" + rep(" "),
		"gaps":            "a: b" + rep("\n c:d{e"),
		"markup":          "a: |\n " + rep("<\">&'"),
		"hidden":          "a: |\n " + rep("\u202e"),
		"numbers":         "a: [" + rep("0x1,") + "]",
		"spaces":          "a:" + rep(" "),
		"documents":       "a: b\n" + rep("---\n"),
		"directives":      rep("%YAML 1.1\n"),
		"line ends":       "a: b" + rep("\r"),
		"open":            rep("\""),
	}
}

// cost does everything with a file, and returns how many bytes that allocates and
// how many bytes of output it gives.
func cost(src []byte) (alloc uint64, size int, note string) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := Describe(ctx, New(src), nil, nil, room)
	c := Compare(ctx, nil, New(src))
	Compare(ctx, New(src), New(src))
	Images(ctx, New(src), "1")
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, len(r.table()) + len(c.list()), r.Note
}

// TestBounds describes and compares costly files of many lengths.
func TestBounds(t *testing.T) {
	const maxAlloc = 190 << 20 // in all, for parsing the file five times
	check := func(name, src string) {
		if alloc, size, note := cost([]byte(src)); alloc > maxAlloc || size > 2<<20 {
			t.Errorf("%s: %d bytes allocate %d MiB and give %d KiB, note %q", name, len(src), alloc>>20, size>>10, note)
		}
	}
	check("the largest file of an archive", shapes(5 << 20)["keys"])
	for _, n := range []int{maxInput, maxInput * 9 / 10, maxInput / 4, maxInput / 16} {
		for name, src := range shapes(n) {
			check(name, src[:min(len(src), maxInput)])
		}
	}
}

// BenchmarkWorst describes and compares costly files of a length that is accepted.
func BenchmarkWorst(b *testing.B) {
	all := shapes(maxInput / 4)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for src := []byte(all[name]); ; src = []byte(shapes(len(src) / 2)[name]) {
			if Describe(ctx, New(src), nil, nil, room).Note != "" && len(src) > 1000 {
				continue
			}
			b.Run(strings.ReplaceAll(name, " ", "_"), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(src)))
				for b.Loop() {
					cost(src)
				}
			})
			break
		}
	}
}
