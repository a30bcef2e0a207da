package publisher

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// numbered is an index of one chart with n versions, the newest first.
func numbered(t *testing.T, n int) *Index {
	t.Helper()
	header, err := Header{Generated: time.Unix(0, 0).UTC(), Generation: 1}.line()
	if err != nil {
		t.Fatal(err)
	}
	x := &Index{}
	c := &Change{Header: header}
	for i := range n {
		c.Added = append(c.Added, Line{"alpha", i, numberedLine(n - i)})
	}
	if x, err = x.Apply(c); err != nil {
		t.Fatal(err)
	}
	return x
}

func numberedLine(i int) string {
	return fmt.Sprintf(`{"name":"alpha","version":"%d.0.0","urls":["charts/alpha/%d.tgz"]}`, i, i)
}

// written is what a reader gets of an index that is written so far below its channel.
func written(t *testing.T, x *Index, up string) *Index {
	t.Helper()
	var b bytes.Buffer
	if _, err := x.write(&b, up); err != nil {
		t.Fatal(err)
	}
	again := mustParseIndex(t, b.String())
	if err := again.moveUp(up); err != nil {
		t.Fatal(err)
	}
	return again
}

// shown has the first of the versions of alpha, and also another one.
func shown(first, also int) Shown { return Shown{Chart: "alpha", First: first, Also: also} }

// hiding hides rows of places: where each begins, and how many there are.
func hiding(rows ...int) Shown {
	h := Shown{Chart: "alpha"}
	for row := range slices.Chunk(rows, 2) {
		h.Hidden = append(h.Hidden, Span{row[0], row[1]})
	}
	return h
}

// TestOlderJoin: head and the older index together are the index that they are
// parts of, whichever versions head has.
func TestOlderJoin(t *testing.T) {
	x := numbered(t, 6)
	for _, h := range []Shown{
		shown(3, 0), shown(1, 0), shown(2, 3), shown(2, 5), shown(0, 1), shown(0, 5), shown(6, 0),
		hiding(0, 1), hiding(1, 1), hiding(1, 1, 3, 1, 5, 1), hiding(0, 6), hiding(0, 2, 3, 1, 5, 1), hiding(1, 1, 4, 1),
	} {
		split, err := x.Apply(&Change{Header: x.header, Shown: []Shown{h}})
		if err != nil {
			t.Fatal(err)
		}
		head := written(t, split, snapshotUp)
		var want []string
		for at, line := range x.Lines("alpha") {
			if h.Has(at) {
				want = append(want, line)
			}
		}
		if got := head.Lines("alpha"); !slices.Equal(got, want) || !slices.Equal(split.HeadLines("alpha"), want) {
			t.Errorf("%+v: head has %q, want %q", h, got, want)
		}
		if older := split.olderIndex(); older != nil {
			if err := head.join(written(t, older, olderUp)); err != nil {
				t.Fatalf("%+v: %v", h, err)
			}
		}
		if got := head.Lines("alpha"); !slices.Equal(got, x.Lines("alpha")) || !head.Shown("alpha").Equal(h) {
			t.Errorf("%+v: joined as %+v, %q", h, head.Shown("alpha"), got)
		}
		if got, want := head.Older(), 6-len(want); got != want {
			t.Errorf("%+v: %d versions are not in head, want %d", h, got, want)
		}
		for at, line := range x.Lines("alpha") {
			if h.Has(at) != slices.Contains(want, line) {
				t.Errorf("%+v: has the version at %d: %t", h, at, h.Has(at))
			}
		}
	}
}

// TestShownApply: what a change does not say of a chart stays, unless the chart
// gets or loses a version; and nothing that cannot be is taken.
func TestShownApply(t *testing.T) {
	x := numbered(t, 3)
	limited, err := x.Apply(&Change{Header: x.header, Shown: []Shown{shown(1, 0)}, Added: []Line{{"beta", 0, "{}"}}})
	if err != nil {
		t.Fatal(err)
	}
	other, err := limited.Apply(&Change{Header: x.header, Added: []Line{{"gamma", 0, "{}"}}})
	if err != nil || other.Shown("alpha").First != 1 || other.Older() != 2 {
		t.Errorf("another chart's change shows %+v, %v", other.Shown("alpha"), err)
	}
	own, err := limited.Apply(&Change{Header: x.header, Added: []Line{{"alpha", 0, numberedLine(4)}}})
	if err != nil || own.Shown("alpha").First != 4 || own.Older() != 0 || own.olderIndex() != nil {
		t.Errorf("its own change shows %+v, %v", own.Shown("alpha"), err)
	}
	if x.Older() != 0 || limited.Shown("alpha").First != 1 {
		t.Error("an index was changed by what was made of it")
	}
	for _, h := range []Shown{
		{Chart: "delta", First: 1}, shown(0, 0), shown(-1, 2), shown(4, 0), shown(1, 1), shown(2, 1), shown(1, 3), shown(1, -1),
		hiding(3, 1), hiding(1, 3), hiding(-1, 1), hiding(1, 0), hiding(1, 1, 2, 1), hiding(2, 1, 0, 1), {Chart: "alpha", First: 1, Hidden: []Span{{1, 1}}},
	} {
		if _, err := x.Apply(&Change{Header: x.header, Shown: []Shown{h}}); err == nil {
			t.Errorf("%+v was applied", h)
		}
	}
}

// TestOlderOfOthers: an older index that does not belong to its head is refused.
func TestOlderOfOthers(t *testing.T) {
	one := numbered(t, 2)
	if err := one.join(&Index{charts: []section{{name: "alpha", lines: []string{one.Lines("alpha")[1], "{}"}}}}); err == nil {
		t.Error("a version follows directly on those that head has, and is said to be out of turn")
	}
}

// TestHeaderOlder: a header says what was kept, and where the rest is.
func TestHeaderOlder(t *testing.T) {
	want := Header{Generated: time.Unix(1, 0).UTC(), Generation: 7, Keep: 3, Older: true, ContextPath: "/x"}
	line, err := want.line()
	if err != nil || !strings.Contains(line, `"portolan/older":"snapshots/00000007/older"`) {
		t.Fatalf("%s, %v", line, err)
	}
	if got, err := (&Index{header: line}).Header(); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

// FuzzOlderJoin: no two files make the reader fail in any other way than by an
// error, and what head shows is what the chart has.
func FuzzOlderJoin(f *testing.F) {
	none := strings.Split(sampleIndex, "\n")[0] + "\n\"alpha\":[\n]\n}}\n"
	f.Add(sampleIndex, sampleIndex)
	f.Add(sampleIndex, none)
	f.Add(none, sampleIndex)
	f.Add(sampleIndex, strings.ReplaceAll(sampleIndex, ".0.0", ".0.1"))
	f.Fuzz(func(t *testing.T, head, older string) {
		x, err := parseIndex(head)
		if err != nil {
			return
		}
		o, err := parseIndex(older)
		if err != nil || x.join(o) != nil {
			return
		}
		shown, again := x.HeadLines("alpha"), x.olderIndex()
		if x.Older() < 0 || again != nil && len(again.Lines("alpha")) > len(x.Lines("alpha")) {
			t.Errorf("%d versions are not in head, of %d", x.Older(), len(x.Lines("alpha")))
		}
		for _, line := range shown {
			if !slices.Contains(x.Lines("alpha"), line) {
				t.Errorf("head shows %q, which the chart does not have", line)
			}
		}
	})
}
