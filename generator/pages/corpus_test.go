package pages

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/check"
)

// TestCorpusPages describes real charts. The bounds are meant for hostile charts,
// so none of these may exceed one.
func TestCorpusPages(t *testing.T) {
	var readmes, files, rows, links int
	earlier, all := map[string]*archive{}, newShared()
	for _, file := range charttest.Corpus(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		contents, err := check.ReadContents(bytes.NewReader(data), check.Options{Versions: "helm"})
		if err != nil {
			continue // TestCorpus has it
		}
		c := archiveOf(contents, all)
		v, alone := newContent(c.Metadata), newContent(c.Metadata)
		v.show(t.Context(), all, earlier[c.Metadata.Name], c)
		alone.show(t.Context(), newShared(), earlier[c.Metadata.Name], archiveOf(contents, newShared()))
		if !reflect.DeepEqual(v, alone) {
			t.Errorf("%s: pages show something else after those of other charts", filepath.Base(file))
		}
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
