package importer

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"
)

// maxAllocated is how many MiB may be allocated in all while an index of a few MiB is
// read: some times what the dearest one takes, which is below 1000.
const maxAllocated = 4000

// costs returns how much memory is in use at most while an index is read, in MiB. It
// fails the test if reading takes too much work: what is allocated is the measure of
// that, since time says how fast the machine is.
func costs(t *testing.T, r io.ReadSeeker) (x *Index, grown int64, err error) {
	t.Helper()
	live := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	allocated := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	used := func() int64 {
		metrics.Read(live)
		return int64(live[0].Value.Uint64() + live[1].Value.Uint64())
	}
	runtime.GC()
	before, most := used(), int64(0)
	end, ended := make(chan bool), make(chan bool)
	go func() {
		defer close(ended)
		for {
			select {
			case <-end:
				return
			case <-time.After(2 * time.Millisecond):
				most = max(most, used())
			}
		}
	}()
	metrics.Read(allocated)
	earlier := allocated[0].Value.Uint64()
	x, err = ReadIndex(r)
	metrics.Read(allocated)
	close(end)
	<-ended
	if total := (allocated[0].Value.Uint64() - earlier) >> 20; total > maxAllocated {
		t.Errorf("reading allocates %d MiB", total)
	}
	return x, max(0, most-before) >> 20, err
}

// aliases are indexes in which each repeated part uses anchors, with the text of the
// entries that come of a part.
var aliases = []struct {
	name, head, part, tail string
	want                   []string
}{
	{"a field", "x: &u [u]\nentries:\n  a:\n", "  - {name: a, version: 1, urls: *u}\n", "", []string{"a@1 u"}},
	{"a list that is not indented", "x: &u\n- u\n- v\nentries:\n  a:\n", "  - {name: a, version: 1, urls: *u}\n", "", []string{"a@1 u"}},
	{"fields of the first entry", "entries:\n  a:\n  - name: &n a\n    version: &v 1.10\n    urls:\n    - &u u\n    created: &c 2021-02-03T04:05:06Z\n",
		"  - name: *n\n    version: *v\n    created: *c\n    urls:\n    - *u\n", "", []string{"a@1.10 u"}},
	{"fields that do not matter", "entries:\n  a:\n", "  - name: a\n    version: 1\n    maintainers: &id001\n    - name: me\n    urls: [u]\n  - name: a\n    version: 2\n    maintainers: *id001\n    urls: [u]\n", "",
		[]string{"a@1 u", "a@2 u"}},
	{"a name used again", "entries:\n  a:\n", "  - name: a\n    version: &v 1\n    urls: [u]\n  - name: a\n    version: &v 2\n    urls: [u]\n  - name: a\n    version: *v\n    urls: [w]\n", "",
		[]string{"a@1 u", "a@2 u", "a@2 w"}},
	{"entries", "entries:\n  a:\n  - &x\n    name: a\n    version: 1\n    urls: [u]\n", "  - *x\n  # *x\n", "", []string{"a@1 u"}},
	{"merged fields", "defaults: &d\n  name: a\n  version: 0\n  urls:\n    - u\n    - v\nmore:\n  n: &m\n    <<: *d\n    home: h\nentries:\n  a:\n",
		"  - <<: *m\n    version: 1\n  - <<: [*d, *m]\n    version: 2\n    urls: [w]\n", "", []string{"a@1 u", "a@2 w"}},
	{"flow", "{x: &u [u], entries: {a: [{name: a, version: &v 1, urls: *u}", ", {name: a, version: *v, urls: *u}", "]}}", []string{"a@1 u"}},
	{"flow in block", "x: &u [\n  u\n]\nentries: &e\n  a: &l [{name: a, version: &v 1, urls: *u}", ",\n{name: a, version: *v, urls: *u} # , *w\n", "]  # c\n", []string{"a@1 u"}},
	{"text like aliases", "x: &bold u\nentries:\n  a:\n", "  - name: a\n    description: \"*bold* & *italic*\"\n    version: 1\n    urls:\n      - *bold\n", "", []string{"a@1 u"}},
}

// TestAliases reads indexes with aliases, whatever their size.
func TestAliases(t *testing.T) {
	for _, test := range aliases {
		small := readText(test.head + test.part + test.tail)
		if !strings.HasSuffix(small, strings.Join(test.want, ", ")) || strings.Contains(small, "(") {
			t.Errorf("%s: got %s, want %q", test.name, small, test.want)
		}
		if testing.Short() {
			continue
		}
		r := &repeated{head: test.head, part: test.part, tail: test.tail, n: maxWhole/(len(test.part)+2000) + 10}
		r.part = strings.Replace(r.part, "\n", "\n"+strings.Repeat("#"+strings.Repeat(" ", 99)+"\n", 20), 1)
		if strings.HasPrefix(test.name, "flow") {
			r.part = "," + strings.Repeat(strings.Repeat(" ", 99)+"\n", 20) + test.part[1:]
		}
		x, grown, err := costs(t, r)
		if err != nil || r.size() <= maxWhole {
			t.Errorf("%s, %d bytes: %v", test.name, r.size(), err)
			continue
		}
		if n := len(x.Entries) - r.n*len(test.want); n < 0 || n > 1 || len(x.Flaws) > 0 || grown > 64 {
			t.Errorf("%s, large: %d entries of %d parts, %d flaws, %d MiB", test.name, len(x.Entries), r.n, len(x.Flaws), grown)
		}
	}
}

// TestAliasBombs reads indexes whose aliases expand to far more than their text, in
// little time and memory.
func TestAliasBombs(t *testing.T) {
	laughs := func(open, shut string) string {
		var b strings.Builder
		b.WriteString("x0: &x0 " + open + "k: v" + shut + "\n")
		for i := range 30 {
			fmt.Fprintf(&b, "x%d: &x%d [%s*x%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*x%d, ", i), 50), i)
		}
		return b.String()
	}
	merges := "x0: &x0 {name: a, version: 1, urls: [u]}\n"
	for i := range 30 {
		merges += fmt.Sprintf("x%d: &x%d {<<: [%s*x%d]}\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*x%d, ", i), 50), i)
	}
	var big strings.Builder
	for i := range 30_000 {
		fmt.Fprintf(&big, "k%d: v, ", i)
	}
	many := "x: &x {" + big.String() + "}\n"
	entry := "entries:\n  a:\n  - {name: a, version: 1, urls: [u]}\n"
	for name, text := range map[string]string{
		"lists":               laughs("{", "}") + "entries:\n  a:\n" + strings.Repeat("  - *x30\n", 9000),
		"lists as URLs":       laughs("[", "]") + "entries:\n  a:\n" + strings.Repeat("  - {name: a, version: 1, urls: *x30}\n", 9000),
		"lists inside":        entry + "  - name: a\n    x:\n      " + strings.ReplaceAll(strings.TrimSpace(laughs("[", "]")), "\n", "\n      ") + "\n    version: 2\n    urls: *x30\n",
		"merges":              merges + "entries:\n  a:\n" + strings.Repeat("  - {<<: *x30}\n", 9000),
		"merges inside":       entry + "  - x:\n      " + strings.ReplaceAll(strings.TrimSpace(merges), "\n", "\n      ") + "\n    <<: *x30\n",
		"a large mapping":     many + "entries:\n  a:\n" + strings.Repeat("  - *x\n", 9000),
		"merged again":        many + "entries:\n  a:\n" + strings.Repeat("  - {<<: *x, name: a, version: 1, urls: [u]}\n", 9000),
		"whole, merged again": many + "? entries\n:\n  a:\n" + strings.Repeat("  - {<<: *x, name: a, version: 1, urls: [u]}\n", 9000),
		"whole, one entry":    many + "? entries\n:\n  a:\n" + strings.Repeat("  - *x\n", 9000),
		"itself":              "entries:\n  a:\n  - &x [*x]\n  - &y\n    name: a\n    <<: *y\n    urls: [*y]\n",
		"used by one entry":   "entries:\n  a:\n" + strings.Repeat("  - &x"+"{name: "+strings.Repeat("n", 100)+"}\n", 10) + "  - [" + strings.Repeat("*x, ", 20_000) + "]\n",
	} {
		x, grown, err := costs(t, strings.NewReader(text))
		if err != nil && !errors.Is(err, errNoIndex) && !errors.Is(err, errFlaws) {
			t.Errorf("%s: %v", name, err)
		}
		if grown > 128 {
			t.Errorf("%s: %d KiB take %d MiB", name, len(text)>>10, grown)
		}
		t.Logf("%s: %d KiB, %d MiB, %v, %v", name, len(text)>>10, grown, err, x != nil && len(x.Entries) > 0)
	}
	r := &repeated{head: "entries:\n  a:\n", part: "  - {name: &a a, version: 1}\n", n: 9000}
	if x, err := ReadIndex(r); err != nil || len(x.Flaws) != r.n {
		t.Errorf("one name of an anchor: %v", err)
	}
	var anchors strings.Builder
	for i := range maxAnchors + 10 {
		fmt.Fprintf(&anchors, "- &a%d x\n", i)
	}
	text := strings.ReplaceAll("x:\n"+anchors.String(), "- &a50000 x\n", "y:\n- &a50000 x\n") + entry
	if _, err := ReadIndex(strings.NewReader(text)); !errors.Is(err, errAnchors) {
		t.Errorf("many anchors: %v", err)
	}
}

// TestIndexMemory reads or refuses indexes that are made to take much memory, in any
// style.
func TestIndexMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: it reads the largest indexes")
	}
	const entry = "{name: a, version: 1.0.0, urls: [u], description: \"a text, as entries have, of some length\", appVersion: 1.2.3, keywords: [k, l]}"
	for _, test := range []struct {
		name             string
		head, part, tail string
		size             int64 // in MiB
		most             int64 // of memory, in MiB
		want             error
	}{
		{"flow, entries", "{apiVersion: v1, entries: {a: [" + entry, ", " + entry, "]}}", 4, 32, nil},
		{"flow, after a comment", "# c\n{apiVersion: v1, entries: {a: [" + entry, ",\n" + entry, "]}}", 3, 32, nil},
		{"flow, after ---", "--- {apiVersion: v1, entries: {a: [" + entry, ",\n" + entry, "]}}", 3, 32, nil},
		{"flow lists in block", "entries:\n  a: [" + entry, ", " + entry, "]\n", 3, 32, nil},
		{"one entry", "{entries: {a: [{x: [1", ",1", "]}]}}", 3, 32, nil},
		{"one small entry", "{entries: {a: [{x: [1", ",1", "]}]}}", 1, 64, nil},
		{"beside the entries", "{entries: {}, x: [1", ",1", "]}", 3, 32, nil},
		{"brackets", "{entries: {}, x: ", "[", "", 2, 32, errDeep},
		{"brackets in block", "x: ", "[", "", 8, 32, errLayout},
		{"names of charts", "{entries: {a: []", ", a: []", "}}", 4, 32, errCharts},
		{"JSON, names", `{"entries":{"a":null`, `,"a":null`, "}}", 5, 32, errCharts},
		{"block, names", "entries:\n", "  a:\n", "", 3, 32, errCharts},
		{"block, empty lists", "entries:\n", "  a: []\n", "", 5, 32, errCharts},
		{"block, tiny values", "entries:\n  a:\n  - x:\n", "    - 1\n", "", 3, 32, nil},
		{"block, tiny values beside", "x:\n", "- 1\n", "entries: {}\n", 3, 32, nil},
		{"JSON, one text", `{"entries":{"a":[{"name":"`, "xxxxxxxxxx", `"}]}}`, 20, 32, nil},
		{"JSON, one text beside", `{"entries":{},"x":"`, "xxxxxxxxxx", `"}`, 20, 32, nil},
		{"JSON, one key", `{"entries":{},"`, "xxxxxxxxxx", `":1}`, 20, 32, errLayout},
		{"one line", "entries:\n  a:\n  - name: a\n    x: ", "xxxxxxxxxx", "\n", 20, 32, nil},
		{"one line beside", "x: ", "xxxxxxxxxx", "\nentries: {}\n", 20, 32, nil},
		{"strange layout, tiny values", "? entries\n:\n  a:\n  - [1", ",1", "]\n", 3, 160, errLayout},
		{"strange layout, fewer values", "? entries\n:\n  a:\n  - [1", ",1111111111111111111111", "]\n", 7, 160, nil},
		{"strange layout, tags", "%TAG !a! x" + strings.Repeat("x", 100_000) + "\n---\n? entries\n:\n  a:\n", "  - !a!b c\n", "", 1, 32, errLayout},
	} {
		r := &repeated{head: test.head, part: test.part, tail: test.tail}
		r.n = int(test.size<<20-int64(len(test.head)+len(test.tail)))/len(test.part) - 1
		_, grown, err := costs(t, r)
		if grown > test.most || test.want == nil && err != nil || !errors.Is(err, test.want) {
			t.Errorf("%s: %d MiB take %d MiB, want at most %d; got %v, want %v", test.name, test.size, grown, test.most, err, test.want)
		}
		t.Logf("%s: %d MiB take %d MiB", test.name, test.size, grown)
	}
}

// TestFlowStyle reads parts of an index in flow style as a YAML parser does.
func TestFlowStyle(t *testing.T) {
	const a = `{name: a, version: 1, urls: [u]}`
	for _, text := range []string{
		"{entries: {a: [" + a + "]}}",
		"{ 'entries' : { \"a\" : [ " + a + " , ] , } , }\n",
		"{entries: !!map {a: &l !!seq [!!map " + a + "]}}",
		"{x: 'it''s, ]}', y: \"\\\"]\", z: it's, \"q\":'w', entries: {a: [" + a + "]}} # c",
		"# c\n---\n{entries: # {\n{a: [ # ]\n" + a + "\n]}}\n...\nx",
		"{x: [[{a: b}, [c]]], y: http://h/#a, entries: {a: [{name: a, version: \"1\", urls: ['u', v], x: [{}, []]}]}}",
		"{entries: {a: [{\"name\":\"a\",\"version\":\"1\",\"urls\":[\"u\"],\"home\":\"x\\u002f\\ud83d\\ude00\\/\"}]}}",
		"{\"entries\":{\"a\":[{\"name\":\"a\",\n\"version\":\"1\", # c\n\"urls\":[\"u\"]}]}}\n",
		"{?entries: {?a: [" + a + "]}}",
		"x: {a: 1,\n b: 2\n}\nentries: {a: [" + a + "]} # c\ny: z\n",
		"entries: {\na: [" + a + "\n]\n}\n",
		"entries:\n  a: [\n  " + a + ",\n  ] # c\n  b: []\n",
		"entries:\n  a: &l !!seq [" + a + "]\n  b: ~ # c\n",
		"'entries': &e\n  a: !!seq\n  - " + a + "\n",
	} {
		if got := readText(text); got != "a@1 u" {
			t.Errorf("%s\ngot %s", text, got)
		}
		// A YAML parser agrees, if it can read this JSON at all.
		if got := wholeText(t, text); got != "a@1 u" && !strings.Contains(text, "\\ud83d") {
			t.Errorf("%s\na parser gets %s", text, got)
		}
	}
	for _, text := range []string{
		"{entries: {a: [" + a + "}}", "{entries: {a: [" + a + "]}", "{entries: {a: [\"" + a + "]}}", "{entries: {a: " + a + "]}}",
		"{entries: {a: [" + a + "]},, x: y}", "entries: {a: [" + a + "]} x\n",
	} {
		if got := readText(text); !strings.HasPrefix(got, "error") {
			t.Errorf("%s\ngot %s", text, got)
		}
	}
}

// wholeText is readText with the reader of whole documents.
func wholeText(t *testing.T, text string) string {
	t.Helper()
	b, err := rewind(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	x, err := readWhole(b)
	if err != nil {
		return err.Error()
	}
	var words []string
	for _, e := range x.Entries {
		words = append(words, fmt.Sprintf("%s@%s %s", e.Name, e.Version, e.URL))
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}
