package source

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/check"
)

// corpus reads real charts.
func corpus(t *testing.T) []*check.Contents {
	t.Helper()
	var all []*check.Contents
	for _, file := range charttest.Corpus(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := check.ReadContents(bytes.NewReader(data), check.Options{Versions: "helm"}); err == nil {
			all = append(all, c)
		}
	}
	return all
}

// All sources of real charts are shown as they are, with hardly more bytes, and can be
// compared with those of the version that happens to come before.
func TestCorpus(t *testing.T) {
	var files, size, shown, keys, changed int
	earlier := map[string]string{}
	for _, c := range corpus(t) {
		for _, f := range c.Sources {
			got := string(Highlight(f.Path, f.Text, 4<<20))
			text := strings.ReplaceAll(string(f.Text), "\r\n", "\n")
			if plain := checkHTML(t, f.Path, got, "b", "i", "em"); plain != text && !strings.Contains(plain, "⟨") && !strings.Contains(plain, "␛") {
				t.Errorf("%s: %s has another text", c.Metadata.Name, f.Path)
			}
			files, size, shown, keys = files+1, size+len(text), shown+len(got), keys+strings.Count(got, "<b>")
			name := c.Metadata.Name + f.Path
			if before, ok := earlier[name]; ok && before != text {
				changed++
				if d := Compare([]byte(before), f.Text, 4<<20); d.Note != "" || patched(before, checkHTML(t, name, string(d.HTML), "b", "ins", "del", "em")) != text {
					t.Errorf("%s: %s becomes another text, %s", c.Metadata.Name, f.Path, d.Note)
				}
			}
			earlier[name] = text
		}
	}
	t.Logf("%d files of %d bytes have %d keys, and take %d bytes of HTML; %d of them changed", files, size, keys, shown, changed)
	if files == 0 || keys == 0 || shown > size*5/4 {
		t.Errorf("%d files of %d bytes have %d keys, and take %d bytes of HTML", files, size, keys, shown)
	}
}
