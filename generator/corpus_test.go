package generator

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"

	"github.com/portolan-charts/portolan/templates"
)

// corpus returns the real archives to test with: those of the folder that
// PORTOLAN_CORPUS names, or the few that are kept here.
func corpus(tb testing.TB) []string {
	tb.Helper()
	dir := os.Getenv("PORTOLAN_CORPUS")
	if dir == "" {
		dir = filepath.Join("testdata", "charts")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("no archives in %s: %v", dir, err)
	}
	return files
}

// sameAsHelm checks an archive and, if it is accepted, that Helm reads the
// same chart from it.
func sameAsHelm(tb testing.TB, data []byte, c Checks) (*Chart, error) {
	tb.Helper()
	chart, err := Check(bytes.NewReader(data), c)
	if err != nil {
		if p := (*Problem)(nil); !errors.As(err, &p) {
			tb.Fatalf("the error of a complete archive is no Problem: %v", err)
		} else if p.Rule == "internal" {
			tb.Fatalf("reading failed: %v", err)
		}
		return nil, err
	}
	helm, err := loader.LoadArchive(bytes.NewReader(data))
	if err != nil {
		tb.Fatalf("accepted, and Helm refuses it: %v", err)
	}
	if got, want := FileName(chart.Metadata.Name, chart.Metadata.Version), FileName(helm.Metadata.Name, helm.Metadata.Version); got != want {
		tb.Fatalf("read as %s, by Helm as %s", got, want)
	}
	if got, want := len(chart.Templates), len(helm.Templates); got != want {
		tb.Fatalf("%d templates, Helm has %d", got, want)
	}
	return chart, nil
}

// TestCorpus states which real archives are accepted. None may be refused for
// what portolan is unable to read.
func TestCorpus(t *testing.T) {
	for _, mode := range []string{"strict", "helm"} {
		var rejected, warned []string
		accepted := 0
		warnings := map[string]int{}
		for _, file := range corpus(t) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			chart, err := sameAsHelm(t, data, Checks{Versions: mode})
			if err != nil {
				rejected = append(rejected, filepath.Base(file)+": "+err.Error())
				continue
			}
			accepted++
			for _, w := range chart.Warnings {
				warnings[w.Rule]++
				if w.Rule != "warn-name" {
					warned = append(warned, filepath.Base(file)+": "+w.Message)
				}
			}
		}
		sort.Strings(warned)
		t.Logf("versions: %s: %d accepted, %d rejected; warnings %v", mode, accepted, len(rejected), warnings)
		t.Logf("rejected:\n%s", strings.Join(rejected, "\n"))
		if mode == "strict" {
			t.Logf("warned:\n%s", strings.Join(warned, "\n"))
		}
		if accepted == 0 {
			t.Error("nothing was accepted")
		}
	}
}

// TestCorpusPages describes the real charts. Bounds are there for hostile ones, so
// what these say is shown as its authors mean it to be.
func TestCorpusPages(t *testing.T) {
	var readmes, files, rows, links int
	earlier := map[string]*Contents{}
	for _, file := range corpus(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := ReadContents(bytes.NewReader(data), Checks{Versions: "helm"})
		if err != nil {
			continue // TestCorpus has it
		}
		page := &templates.ChartPage{}
		c.describe(page)
		if text := page.README; text != nil {
			readmes++
			links += strings.Count(string(text.HTML), "<a ")
			if text.Note != "" {
				t.Errorf("%s: %s", filepath.Base(file), text.Note)
			}
		}
		if page.Values != nil {
			rows += len(page.Values.Table)
			if text := page.Values.File; text != nil {
				files++
				if text.Note != "" {
					t.Errorf("%s: %s", filepath.Base(file), text.Note)
				}
			}
		}
		if before := earlier[page.Name]; before != nil {
			if note := compareContents(before, c).ValuesNote; note != "" {
				t.Errorf("%s: %s", filepath.Base(file), note)
			}
		}
		earlier[page.Name] = c
		checkPage(t, filepath.Base(file), page)
	}
	t.Logf("%d READMEs with %d links, %d values.yaml, %d rows of schemas", readmes, links, files, rows)
	if readmes == 0 || files == 0 {
		t.Error("nothing was described")
	}
}
