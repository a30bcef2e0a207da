package generator

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/check"
)

func contentsOf(t *testing.T, archive []byte, c check.Options) *check.Contents {
	t.Helper()
	contents, err := check.ReadContents(bytes.NewReader(archive), c)
	if err != nil {
		t.Fatal(err)
	}
	return contents
}

// What is taken is what reading the archive again would give, with the options that pages
// read it with, whatever deciding has let go of since.
func TestArchives(t *testing.T) {
	a := newArchives(64 << 20)
	var taken int
	for _, file := range charttest.Corpus(t) {
		archive, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := check.ReadContents(bytes.NewReader(archive), check.Options{})
		if err != nil {
			continue
		}
		a.keep(c)
		(&candidate{chart: c.Chart}).drop()
	}
	kept := len(a.held)
	for _, file := range charttest.Corpus(t) {
		archive, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := check.ReadContents(bytes.NewReader(archive), check.Options{Versions: "helm", Limits: check.MaxLimits()})
		if err != nil {
			continue
		}
		if got := a.Take(want.Digest); got != nil {
			if taken++; !reflect.DeepEqual(got, want) {
				t.Errorf("%s: what is held differs from what is read", file)
			}
		}
		if a.Take(want.Digest) != nil {
			t.Errorf("%s: held after it was taken", file)
		}
	}
	if taken < 3 || taken != kept || a.used != 0 || len(a.texts) != 0 {
		t.Errorf("%d of %d taken; %d bytes and %d texts are left", taken, kept, a.used, len(a.texts))
	}
}

// What is held is bounded, and texts that archives share count once.
func TestArchivesBounded(t *testing.T) {
	const most = 256 << 10
	a := newArchives(most)
	readme := strings.Repeat("shared ", 2<<10)
	var last string
	for i := range 100 {
		c := contentsOf(t, charttest.Simple("a", fmt.Sprintf("1.%d.0", i), "README.md", readme, "templates/a.yaml", strings.Repeat(fmt.Sprintf("# %d\n", i), 2000)), check.Options{})
		a.keep(c)
		last = c.Digest
		if a.used > most {
			t.Fatalf("%d bytes are held, %d may be", a.used, most)
		}
	}
	if n := len(a.held); n < 15 || n > 40 {
		t.Errorf("%d archives are held", n)
	}
	if a.Take(last) == nil {
		t.Error("the last archive is not held")
	}
	large := contentsOf(t, charttest.Simple("b", "1.0.0", "README.md", strings.Repeat("x", most/2)), check.Options{})
	if a.keep(large); a.Take(large.Digest) != nil {
		t.Error("an archive that is too large is held")
	}
	for _, digest := range append([]string(nil), a.order...) {
		a.Take(digest)
	}
	if a.used != 0 || len(a.texts) != 0 {
		t.Errorf("%d bytes and %d texts are left", a.used, len(a.texts))
	}
	if (*Archives)(nil).Take(last) != nil {
		t.Error("nothing holds something")
	}
}

// What is no text counts as well: definitions and icons may be large.
func TestArchivesCountAll(t *testing.T) {
	const most, large = 256 << 10, 30 << 10
	long := strings.Repeat("x", large)
	for name, files := range map[string][]string{
		"definitions": {"crds/a.json", `{"apiVersion": "v1", "kind": "CustomResourceDefinition", "spec": {"group": "` + long + `"}}`},
		"an icon":     {"icon.png", long},
	} {
		a := newArchives(most)
		for i := range 20 {
			version := fmt.Sprintf("1.%d.0", i)
			chart := "apiVersion: v2\nname: a\nversion: " + version + "\nicon: icon.png\n"
			a.keep(contentsOf(t, charttest.Simple("a", version, append(files, "Chart.yaml", chart)...), check.Options{}))
		}
		if n := len(a.held); n == 0 || n > most/large {
			t.Errorf("%s: %d archives are held", name, n)
		}
	}
}

// Several goroutines keep and take archives at once.
func TestArchivesAtOnce(t *testing.T) {
	a := newArchives(256 << 10)
	var all []*check.Contents
	for i := range 10 {
		all = append(all, contentsOf(t, charttest.Simple("a", fmt.Sprintf("1.%d.0", i)), check.Options{}))
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, c := range all {
				a.keep(c)
				if got := a.Take(c.Digest); got != nil && !bytes.Equal(got.README, c.README) {
					t.Errorf("%s has another README", c.Digest)
				}
			}
		})
	}
	wg.Wait()
	for _, c := range all {
		a.Take(c.Digest)
	}
	if a.used != 0 || len(a.texts) != 0 {
		t.Errorf("%d bytes and %d texts are left", a.used, len(a.texts))
	}
}
