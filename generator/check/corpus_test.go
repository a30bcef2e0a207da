package check

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
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
func sameAsHelm(tb testing.TB, data []byte, c Options) (*Contents, error) {
	tb.Helper()
	chart, err := ReadContents(bytes.NewReader(data), c)
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
			chart, err := sameAsHelm(t, data, Options{Versions: mode})
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
