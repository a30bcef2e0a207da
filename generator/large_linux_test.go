package generator_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// TestSparseFiles: files of 50 GiB that hold nothing cost neither time nor room. Little
// is kept of them, and the receipts say so. Not every file system elsewhere has them.
func TestSparseFiles(t *testing.T) {
	dir := t.TempDir()
	inbox := filepath.Join(dir, "drop", "inbox", "stable")
	if err := os.MkdirAll(inbox, 0o755); err != nil {
		t.Fatal(err)
	}
	chart := charttest.Simple("alpha", "1.0.0")
	for name, size := range map[string]int64{
		"huge-1.0.0.tgz": 50 << 30, id(1) + ".tgz": 50 << 30, "alpha-1.0.0.tgz.prov": 50 << 30, "beta-1.0.0.tgz.prov": 50 << 30, id(2) + ".json": 50 << 30,
		"alpha-1.0.0.tgz": 0, id(2) + ".tgz": 0,
	} {
		file := filepath.Join(inbox, name)
		if err := os.WriteFile(file, chart, 0o644); err != nil {
			t.Fatal(err)
		}
		if size > 0 {
			if err := os.Truncate(file, size); err != nil {
				t.Fatal(err)
			}
		}
	}
	open := func(name string) bucket.Store {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		s, err := bucket.Open(t.Context(), filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	report, err := generator.Run(t.Context(), generator.Options{Drop: open("drop"), Site: open("site"), Now: func() time.Time { return time.Now().Add(time.Minute) }})
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	for _, r := range report.Channels[0].Receipts {
		if strings.Contains(r.Message, "50 GiB") && strings.Contains(r.Message, "1.0 MiB are kept") {
			said++
		}
	}
	if report.Count(verdict.Rejected) != 4 || report.Count(verdict.Accepted) != 1 || said != 4 {
		t.Errorf("got %+v", report.Channels[0].Receipts)
	}
	left, total := 0, int64(0)
	err = filepath.WalkDir(filepath.Join(dir, "drop"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if strings.Contains(path, "inbox") {
			left++
			t.Errorf("%s is still there", path)
		}
		info, err := d.Info()
		total += info.Size()
		return err
	})
	if err != nil || left > 0 || total > 8<<20 {
		t.Errorf("the drop area has %d bytes, %v", total, err)
	}
}
