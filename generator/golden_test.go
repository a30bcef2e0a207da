package generator_test

import (
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// TestGolden publishes each drop in testdata/drops and compares the whole site,
// and the receipts, with testdata/golden. A drop's comment that begins with a
// key is its portolan.yaml; its files are <run>/<channel>/<archive>/<file>.
func TestGolden(t *testing.T) {
	drops, err := filepath.Glob("../testdata/drops/*.txtar")
	if err != nil || len(drops) == 0 {
		t.Fatalf("no drops: %v", err)
	}
	for _, drop := range drops {
		t.Run(strings.TrimSuffix(filepath.Base(drop), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(drop)
			if err != nil {
				t.Fatal(err)
			}
			got := txtar.Format(&txtar.Archive{Files: publishDrop(t, a)})
			golden := filepath.Join("../testdata/golden", filepath.Base(drop))
			sameFiles(t, txtar.Parse(got), txtar.Parse(testenv.Golden(t, golden, got)))
		})
	}
}

// publishDrop makes the drop's runs, and returns all files that come of it.
func publishDrop(t *testing.T, a *txtar.Archive) []txtar.File {
	w := newWorld(t)
	if config := string(a.Comment); strings.Contains(strings.SplitN(config, "\n", 2)[0], ": [") {
		w.configure(config)
	}
	n := 0
	for run := 1; ; run++ {
		archives := archivesOf(a, fmt.Sprintf("%d/", run))
		if len(archives) == 0 {
			return w.files()
		}
		for _, key := range slices.Sorted(maps.Keys(archives)) {
			n++
			w.mustUpload(path.Dir(key), id(n), archives[key], nil)
		}
		w.clock = w.clock.Add(time.Minute)
		w.mustRun()
	}
}

// archivesOf packs the folders of one run, by channel and folder.
func archivesOf(a *txtar.Archive, run string) map[string][]byte {
	folders := map[string]map[string]string{}
	for _, f := range a.Files {
		if name, ok := strings.CutPrefix(f.Name, run); ok {
			key := path.Dir(name)
			if folders[key] == nil {
				folders[key] = map[string]string{}
			}
			folders[key][path.Base(name)] = string(f.Data)
		}
	}
	archives := map[string][]byte{}
	for key, files := range folders {
		name, _, _ := strings.Cut(path.Base(key), "-")
		archives[key] = charttest.Pack(name, files, nil)
	}
	return archives
}

// files are the objects of both stores, archives as their digests.
func (w *world) files() []txtar.File {
	var files []txtar.File
	for store, objects := range map[string]map[string][]byte{"drop": w.drop.Snapshot(), "site": w.site.Snapshot()} {
		for key, b := range objects {
			if strings.HasSuffix(key, ".tgz") {
				b = fmt.Appendf(nil, "sha256 %s\n", digest(b))
			}
			files = append(files, txtar.File{Name: store + "/" + key, Data: b})
		}
	}
	slices.SortFunc(files, func(a, b txtar.File) int { return strings.Compare(a.Name, b.Name) })
	return files
}

func sameFiles(t *testing.T, got, want *txtar.Archive) {
	t.Helper()
	wanted := map[string]string{}
	for _, f := range want.Files {
		wanted[f.Name] = string(f.Data)
	}
	for _, f := range got.Files {
		data, ok := wanted[f.Name]
		switch {
		case !ok:
			t.Errorf("%s is one too many", f.Name)
		case data != string(f.Data):
			t.Errorf("%s differs:\ngot\n%s\nwant\n%s", f.Name, f.Data, data)
		}
		delete(wanted, f.Name)
	}
	for name := range wanted {
		t.Errorf("%s is missing", name)
	}
}
