package values

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/check"
)

// TestCorpusReference makes the tables of real charts. The bounds are meant for hostile
// charts, so none of these may exceed one.
func TestCorpusReference(t *testing.T) {
	var files, rows, defaults, texts int
	for _, name := range charttest.Corpus(t) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		c, err := check.ReadContents(bytes.NewReader(data), check.Options{Versions: "helm"})
		if err != nil || c.Values == nil {
			continue
		}
		files++
		r := Describe(ctx, New(c.Values), c.Schema, nil, room)
		if r.Note != "" && !strings.HasPrefix(r.Note, "Parts of the schema are in other documents") {
			t.Errorf("%s: %s", filepath.Base(name), r.Note)
		}
		for _, g := range r.Groups {
			if g.Text != "" {
				rows, texts = rows+1, texts+1 // of a key with others below it
			}
			for _, row := range g.Rows {
				rows++
				if row.Default != "" {
					defaults++
				}
				if row.Text != "" {
					texts++
				}
			}
		}
	}
	if rows == 0 {
		t.Fatal("the charts have no values")
	}
	t.Logf("%d files: %d rows, %d%% with a default, %d%% with a text", files, rows, 100*defaults/rows, 100*texts/rows)
	if os.Getenv("PORTOLAN_CORPUS") != "" && (100*defaults < 90*rows || 100*texts < 43*rows) {
		t.Error("fewer than 90% have a default, or fewer than 43% a text")
	}
}
