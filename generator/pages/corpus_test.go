package pages

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/values"
	"github.com/portolan-charts/portolan/templates"
)

// corpus returns real charts: those in the folder that PORTOLAN_CORPUS names, or
// the few in this repository.
func corpus(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("PORTOLAN_CORPUS")
	if dir == "" {
		dir = "../../testdata/charts"
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d charts, %v", dir, len(files), err)
	}
	return files
}

// TestCorpusPages describes real charts. The bounds are meant for hostile charts,
// so none of these may exceed one.
func TestCorpusPages(t *testing.T) {
	var readmes, files, rows, links int
	earlier := map[string]*check.Contents{}
	for _, file := range corpus(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := check.ReadContents(bytes.NewReader(data), check.Options{Versions: "helm"})
		if err != nil {
			continue // TestCorpus has it
		}
		page := &templates.ChartPage{}
		describe(page, c.Metadata)
		show(t.Context(), page, nil, c)
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
		if before := earlier[c.Metadata.Name]; before != nil {
			if note := compare(t.Context(), before, c, values.Render(t.Context(), c.Values)).ValuesNote; note != "" {
				t.Errorf("%s: %s", filepath.Base(file), note)
			}
		}
		earlier[c.Metadata.Name] = c
		checkPage(t, filepath.Base(file), page)
	}
	t.Logf("%d READMEs with %d links, %d values.yaml, %d rows of schemas", readmes, links, files, rows)
	if readmes == 0 || files == 0 {
		t.Error("nothing was described")
	}
}
