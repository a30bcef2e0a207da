package pages

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/check"
)

// TestCorpusPages describes real charts. The bounds are meant for hostile charts,
// so none of these may exceed one.
func TestCorpusPages(t *testing.T) {
	var readmes, files, rows, links int
	earlier := map[string]*check.Contents{}
	for _, file := range charttest.Corpus(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := check.ReadContents(bytes.NewReader(data), check.Options{Versions: "helm"})
		if err != nil {
			continue // TestCorpus has it
		}
		v := newContent(c.Metadata)
		v.show(t.Context(), earlier[c.Metadata.Name], c)
		if text := v.overview.README; text != nil {
			readmes++
			links += strings.Count(string(text.HTML), "<a ")
			if text.Note != "" {
				t.Errorf("%s: %s", filepath.Base(file), text.Note)
			}
		}
		if c.Values != nil {
			files++
			rows += v.values.Count
			if v.values.Note != "" {
				t.Logf("%s: %s", filepath.Base(file), v.values.Note)
			}
		}
		if against := v.changes.Against; against != nil && against.ValuesNote != "" {
			t.Errorf("%s: %s", filepath.Base(file), against.ValuesNote)
		}
		earlier[c.Metadata.Name] = c
		checkContent(t, filepath.Base(file), v)
	}
	t.Logf("%d READMEs with %d links, %d values.yaml, %d rows of values", readmes, links, files, rows)
	if readmes == 0 || files == 0 {
		t.Error("nothing was described")
	}
}
