package publisher

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

const sampleIndex = `{"apiVersion":"v1","generated":"2026-03-01T12:00:00Z","serverInfo":{"contextPath":"/helm"},"annotations":{"portolan/generation":"7"},"entries":{
"alpha":[
{"name":"alpha","version":"2.0.0"},
{"name":"alpha","version":"1.0.0"}
],
"beta":[
{"name":"beta","version":"1.0.0"}
]
}}
`

func mustParseIndex(t *testing.T, text string) *Index {
	t.Helper()
	x, err := parseIndex(text)
	if err != nil {
		t.Fatalf("parsing %q: %v", text, err)
	}
	return x
}

func text(t *testing.T, x *Index) string {
	t.Helper()
	var b bytes.Buffer
	n, err := x.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("WriteTo wrote %d bytes, said %d, %v", b.Len(), n, err)
	}
	return b.String()
}

func TestIndexParseFormat(t *testing.T) {
	x := mustParseIndex(t, sampleIndex)
	if got := text(t, x); got != sampleIndex {
		t.Errorf("got\n%s\nwant\n%s", got, sampleIndex)
	}
	if got, want := slices.Collect(x.Charts()), []string{"alpha", "beta"}; !slices.Equal(got, want) {
		t.Errorf("charts %v, want %v", got, want)
	}
	if charts, versions := x.Counts(); charts != 2 || versions != 3 {
		t.Errorf("%d charts, %d versions", charts, versions)
	}
}

func TestIndexOfOthers(t *testing.T) {
	for name, text := range map[string]string{
		"empty":            "",
		"YAML":             "apiVersion: v1\nentries: {}\n",
		"JSON on one line": `{"apiVersion":"v1","entries":{}}` + "\n",
		"no generation":    strings.Replace(sampleIndex, `"portolan/generation":"7"`, "", 1),
		"generation 0":     strings.Replace(sampleIndex, `"7"`, `"0"`, 1),
		"no end":           strings.TrimSuffix(sampleIndex, "}}\n"),
		"cut in a section": sampleIndex[:strings.Index(sampleIndex, "]")] + "}}\n",
		"more after it":    sampleIndex + "more\n",
	} {
		if _, err := parseIndex(text); err == nil {
			t.Errorf("%s: taken for portolan's", name)
		}
	}
}

func TestHeaderLine(t *testing.T) {
	h := Header{Generated: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), ContextPath: "/helm", Generation: 7}
	line, err := h.line()
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.SplitN(sampleIndex, "\n", 2)[0]; line != want {
		t.Errorf("got  %s\nwant %s", line, want)
	}
}

// TestDiffApply states that Diff and Apply are inverses.
func TestDiffApply(t *testing.T) {
	x := mustParseIndex(t, sampleIndex)
	alpha := x.Lines("alpha")
	tests := map[string]map[string][]string{
		"a version in front":   {"alpha": append([]string{`{"v":3}`}, alpha...)},
		"a version in between": {"alpha": {alpha[0], `{"v":1.5}`, alpha[1]}},
		"a version replaced":   {"alpha": {alpha[0], `{"v":"other"}`}},
		"two at once":          {"alpha": {`{"a":1}`, alpha[0], alpha[1], `{"b":1}`}, "beta": {`{"c":1}`}},
		"a version less":       {"alpha": alpha[:1]},
		"a chart less":         {"alpha": nil},
		"new charts":           {"aaa": {`{"x":1}`}, "b": {`{"y":1}`}, "zzz": {`{"z":1}`}},
		"nothing":              {"alpha": alpha},
		"everything gone":      {"alpha": nil, "beta": nil},
	}
	for name, charts := range tests {
		removed, added := x.Diff(charts)
		header := strings.Replace(x.header, `"7"`, `"8"`, 1)
		next, err := x.Apply(&Change{Header: header, Removed: removed, Added: added})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again := mustParseIndex(t, text(t, next))
		for chart, lines := range charts {
			if got := again.Lines(chart); !slices.Equal(got, lines) {
				t.Errorf("%s: chart %s: got %v, want %v", name, chart, got, lines)
			}
		}
		if got := slices.Collect(again.Charts()); !slices.IsSorted(got) {
			t.Errorf("%s: charts are not sorted: %v", name, got)
		}
		if got := text(t, x); got != sampleIndex {
			t.Errorf("%s: the index that the change applies to was changed", name)
		}
	}
}

func TestApplyRefuses(t *testing.T) {
	x := mustParseIndex(t, sampleIndex)
	line := x.Lines("alpha")[0]
	for name, c := range map[string]Change{
		"a foreign header":         {Header: "{"},
		"a line that is not there": {Header: x.header, Removed: []Line{{"alpha", 1, line}}},
		"an unknown chart":         {Header: x.header, Removed: []Line{{"gamma", 0, line}}},
		"a negative place":         {Header: x.header, Removed: []Line{{"alpha", -1, line}}},
		"the same line twice":      {Header: x.header, Removed: []Line{{"alpha", 0, line}, {"alpha", 0, line}}},
		"a place past the end":     {Header: x.header, Added: []Line{{"alpha", 3, "{}"}}},
		"a line of two":            {Header: x.header, Added: []Line{{"alpha", 0, "{}\n{}"}}},
	} {
		if _, err := x.Apply(&c); err == nil {
			t.Errorf("%s was applied", name)
		}
	}
}

// FuzzIndex: whatever is taken for portolan's is written again as it was.
func FuzzIndex(f *testing.F) {
	f.Add([]byte(sampleIndex))
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := parseIndex(string(b))
		if err != nil {
			return
		}
		var first bytes.Buffer
		if _, err := x.WriteTo(&first); err != nil {
			t.Fatal(err)
		}
		again, err := parseIndex(first.String())
		if err != nil {
			t.Fatalf("%q was written as %q, which cannot be read: %v", b, first.String(), err)
		}
		if got := text(t, again); got != first.String() {
			t.Errorf("%q is written as %q, and then as %q", b, first.String(), got)
		}
	})
}

// largeIndex has 10,000 versions.
func largeIndex() *Index {
	x := &Index{header: strings.SplitN(sampleIndex, "\n", 2)[0]}
	charts := map[string][]string{}
	for i := range 1000 {
		name := fmt.Sprintf("chart-%04d", i)
		for j := range 10 {
			line := fmt.Sprintf(`{"name":%q,"version":"1.%d.0","description":%q,"urls":["charts/%s/1.%d.0/u/x.tgz"]}`, name, j, strings.Repeat("x", 300), name, j)
			charts[name] = append(charts[name], line)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(charts)) {
		x.charts = append(x.charts, section{name: name, lines: charts[name]})
	}
	return x
}

func BenchmarkIndexApply(b *testing.B) {
	x := largeIndex()
	change := &Change{Header: x.header, Added: []Line{{"chart-0500", 0, `{"name":"chart-0500"}`}}}
	for b.Loop() {
		next, err := x.Apply(change)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := next.sum(""); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIndexRead(b *testing.B) {
	var file bytes.Buffer
	if _, err := largeIndex().WriteTo(&file); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(file.Len()))
	for b.Loop() {
		r := &bucket.Reader{ReadCloser: io.NopCloser(bytes.NewReader(file.Bytes())), Entry: bucket.Entry{Size: int64(file.Len())}}
		read, err := readIndexFrom(r, "index.yaml")
		if err != nil {
			b.Fatal(err)
		}
		sum := sumLater(read.text)
		if _, err := parseIndex(read.text); err != nil || sum() == "" {
			b.Fatal(err)
		}
	}
}

func BenchmarkIndexWrite(b *testing.B) {
	x := largeIndex()
	for _, up := range []string{"", snapshotUp} {
		b.Run("up="+up, func(b *testing.B) {
			for b.Loop() {
				n, err := x.write(io.Discard, up)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(n)
			}
		})
	}
}

func BenchmarkRecordWrite(b *testing.B) {
	r := sampleRecord()
	for range MaxVerdicts {
		r.Decisions = append(r.Decisions, r.Decisions[0])
		r.Change.Added = append(r.Change.Added, r.Change.Added[0])
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, size, err := r.measure(); err != nil || size == 0 {
			b.Fatal(err)
		}
	}
}
