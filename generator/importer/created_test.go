package importer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/charttest"
)

// TestOneDate: an index that was made in one go is told from one that has dates.
func TestOneDate(t *testing.T) {
	day := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	entries := func(n int, apart time.Duration) (all []Entry) {
		for i := range n {
			all = append(all, Entry{Name: "a", Version: fmt.Sprint(i), Created: day.Add(time.Duration(i) * apart)})
		}
		return all
	}
	for _, test := range []struct {
		name    string
		entries []Entry
		want    string
	}{
		{"none", nil, ""},
		{"few", entries(9, 0), ""},
		{"all", entries(10, 0), "10 of 10 versions have the same date, 2026-01-02"},
		{"nearly", entries(500, time.Millisecond), "500 of 500 versions"},
		{"all but one in ten", append(entries(90, 0), entries(11, 24*time.Hour)[1:]...), "90 of 100 versions"},
		{"all but one in nine", append(entries(80, 0), entries(11, 24*time.Hour)[1:]...), ""},
		{"half a minute apart", entries(20, 30*time.Second), ""},
		{"without dates", make([]Entry, 20), ""},
	} {
		if got := oneDate(test.entries); !strings.HasPrefix(got, test.want) || (test.want == "") != (got == "") {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// realEntries returns the entries of real indexes, by the owners of their repositories.
func realEntries(t *testing.T) map[string][]Entry {
	t.Helper()
	corpus := os.Getenv("PORTOLAN_CORPUS")
	files, err := filepath.Glob(filepath.Join(corpus, "..", "indexes", "*.index.yaml"))
	if corpus == "" || err != nil || len(files) == 0 {
		t.Skip("the real indexes are not here")
	}
	all := map[string][]Entry{}
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		x, err := ReadIndex(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		all[strings.Split(filepath.Base(name), "+")[0]] = x.Entries
	}
	return all
}

// TestOneDateReal: of the real indexes, two were made in one go.
func TestOneDateReal(t *testing.T) {
	told := map[string]string{}
	for owner, entries := range realEntries(t) {
		if text := oneDate(entries); text != "" {
			told[owner], _, _ = strings.Cut(text, " versions")
		}
	}
	if got := fmt.Sprint(told); got != "map[aws:449 of 449 kedacore:105 of 106]" {
		t.Errorf("got %s", got)
	}
}

// TestNewestIn: a date in an archive counts if it can be true.
func TestNewestIn(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, test := range []struct {
		name  string
		dates []time.Time
		want  time.Time
	}{
		{"newest", []time.Time{now.AddDate(-3, 0, 0), now.AddDate(-1, 0, 0), now.AddDate(-2, 0, 0)}, now.AddDate(-1, 0, 0)},
		{"zero", []time.Time{time.Unix(0, 0)}, time.Time{}},
		{"of npm", []time.Time{time.Date(1985, 10, 26, 8, 15, 0, 0, time.UTC)}, time.Time{}},
		{"of the future", []time.Time{now.Add(time.Hour), now}, now},
	} {
		var entries []charttest.Entry
		for i, date := range test.dates {
			e := charttest.File(fmt.Sprintf("a/%d", i), "x")
			e.Header.ModTime = date
			entries = append(entries, e)
		}
		if got := newestIn(charttest.Archive(entries...), now); !got.Equal(test.want) {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
	if got := newestIn([]byte("no archive"), now); !got.IsZero() {
		t.Errorf("got %s", got)
	}
}

// TestImportDates: the warning comes before anything is fetched. Who takes the dates of
// the archives is not warned.
func TestImportDates(t *testing.T) {
	s, g := newOld(t), newTarget(t)
	for i := range 12 {
		s.add("a", fmt.Sprintf("1.0.%d", i))["created"] = charttest.Time.AddDate(1, 0, 0)
	}
	o := g.options(s.open(Credentials{}))
	var warned []string
	o.Warn = func(text string) {
		if s.times("/repo/a-1.0.0.tgz") > 0 {
			t.Error("the warning comes late")
		}
		warned = append(warned, text)
	}
	o.DryRun = true
	_, r := g.imports(o)
	if len(warned) != 1 || len(r.Warnings) != 1 || !strings.HasPrefix(warned[0], "12 of 12 versions have the same date, 2025-01-02") {
		t.Errorf("warned %q", warned)
	}
	o.DryRun, o.ArchiveDates = false, true
	_, r = g.imports(o)
	if len(r.Warnings) != 0 || r.Count(Taken) != 12 {
		t.Errorf("warned %q; %d taken", r.Warnings, r.Count(Taken))
	}
	for file, request := range g.waits() {
		if !request.Created.Equal(charttest.Time) {
			t.Errorf("%s: created %s, want that of its archive, %s", file, request.Created, charttest.Time)
		}
	}
}
