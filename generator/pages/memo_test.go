package pages

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/templates"
)

// A memo finds nothing twice as long as it has room, and forgets what was not asked for.
func TestMemo(t *testing.T) {
	m := memo[int, int]{most: 10}
	found, cost := 0, 1
	ask := func(ctx context.Context, key int) {
		t.Helper()
		if got := m.of(ctx, key, func() (int, int) { found++; return 10 * key, cost }); got != 10*key {
			t.Errorf("%d: got %d", key, got)
		}
		total := 0
		for _, of := range []map[int]remembered[int]{m.now, m.old} {
			for _, r := range of {
				total += r.cost
			}
		}
		if total > m.most {
			t.Errorf("it holds %d", total)
		}
	}
	for i := range 100 {
		ask(t.Context(), 1) // always asked for again
		ask(t.Context(), i)
	}
	if found != 100 { // of which 1 is one
		t.Errorf("%d were found", found)
	}
	late, cancel := context.WithCancel(t.Context())
	cancel()
	found = 0
	ask(late, 500)
	ask(t.Context(), 500)
	ask(t.Context(), 500)
	if found != 2 {
		t.Errorf("what was found too late: found %d times, want 2", found)
	}
	found, cost = 0, 6
	ask(t.Context(), 600)
	ask(t.Context(), 600)
	if found != 2 {
		t.Errorf("what is too large: found %d times, want 2", found)
	}
}

// What versions share is looked at once, and a README that was too late for one version
// is rendered for the next.
func TestShared(t *testing.T) {
	files := []string{"README.md", "# A\n\ntext\n", "values.yaml", "a: 1\n", "templates/x.yaml", "kind: A\n", "values.schema.json", "{}"}
	s := newShared()
	one, two := archiveOf(contentsOf(t, files...), s), archiveOf(contentsOf(t, append(files, "other", "x")...), s)
	if one.file != two.file {
		t.Error("the same values are parsed twice")
	}
	late, cancel := context.WithCancel(t.Context())
	r := s.readme(t.Context(), one.README)
	table := s.table(t.Context(), one, r.values)
	cancel()
	v := newContent(one.Metadata)
	v.show(late, s, nil, one)
	if v.overview.README.Note == "" {
		t.Error("a README was rendered too late")
	}
	v = newContent(one.Metadata)
	v.show(t.Context(), s, nil, one)
	if !strings.Contains(string(v.overview.README.HTML), "<h3") || v.overview.README.Note != "" {
		t.Errorf("got %+v", v.overview.README)
	}
	w := newContent(two.Metadata)
	w.show(t.Context(), s, one, two)
	if w.overview.README != v.overview.README || s.table(t.Context(), two, r.values) != table {
		t.Error("what is the same is made twice")
	}
	if w.templates.Files[0].HTML == "" {
		t.Error("a template is missing")
	}
}

// With other values, the same README leaves out other rows.
func TestSharedReadme(t *testing.T) {
	var readme, values, few strings.Builder
	readme.WriteString("| Key | Description |\n|---|---|\n")
	for i := range 60 {
		key := "k" + strings.Repeat("x", i)
		readme.WriteString("| " + key + " | about it |\n")
		values.WriteString(key + ": 1\n")
		if i < 5 {
			few.WriteString(key + ": 1\n")
		}
	}
	s := newShared()
	for _, file := range []string{values.String(), few.String(), values.String()} {
		files := []string{"README.md", readme.String(), "values.yaml", file}
		got, want := newContent(readArchive(t, files...).Metadata), newContent(readArchive(t, files...).Metadata)
		c := archiveOf(contentsOf(t, files...), s)
		got.show(t.Context(), s, nil, c)
		want.show(t.Context(), newShared(), nil, c)
		if got.overview.README.HTML != want.overview.README.HTML {
			t.Errorf("got  %s\nwant %s", got.overview.README.HTML, want.overview.README.HTML)
		}
	}
}

// A template that one version has no room for is shown by one that has.
func TestSharedSource(t *testing.T) {
	one := []string{"templates/x.yaml", "kind: A\n"}
	many := one
	for i := range 10 {
		many = append(many, fmt.Sprintf("templates/%d.yaml", i), strings.Repeat(fmt.Sprintf("# %d\n", i), 1<<20/5))
	}
	s := newShared()
	for _, files := range [][]string{many, one} {
		c := archiveOf(contentsOf(t, files...), s)
		v := newContent(c.Metadata)
		v.show(t.Context(), s, nil, c)
		i := slices.IndexFunc(v.templates.Files, func(f templates.SourceFile) bool { return f.Path == "templates/x.yaml" })
		if _, kept := c.texts["templates/x.yaml"]; (v.templates.Files[i].HTML != "") != kept {
			t.Errorf("%d files, kept %t: got %q", len(files)/2, kept, v.templates.Files[i].HTML)
		}
	}
}

// What is remembered is bounded, also what small files make much of, or hold on to.
func TestSharedBounded(t *testing.T) {
	s := newShared()
	for i := range 30 {
		text := fmt.Sprintf("# %d\n\n[a]: https://example.com/%s\n\n%s", i, strings.Repeat("x", 900), strings.Repeat("[a]\n", 1500))
		r := s.readme(t.Context(), []byte(text))
		var file strings.Builder
		for j := range 500 {
			fmt.Fprintf(&file, "%s%d-%d: 1\n", strings.Repeat("k", 200), j, i)
		}
		c := archiveOf(contentsOf(t, "values.yaml", file.String()), s)
		s.text(t.Context(), "a", r, s.table(t.Context(), c, nil), func() renderedReadme { return renderedReadme{text: &templates.Text{}} })
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 40<<20 {
		t.Errorf("%d MiB are held", m.HeapAlloc>>20)
	}
	if n := len(s.texts.now) + len(s.texts.old); n > 20 {
		t.Errorf("%d texts hold on to tables of 100 KB", n)
	}
	runtime.KeepAlive(s)
}
