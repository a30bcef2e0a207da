package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/check"
)

// fewCharts is the folder of real charts that everybody has.
var fewCharts = filepath.Join("testdata", "charts")

// original is a real chart, whose archive is taken for further versions of it.
type original struct {
	name     string
	first    int // the number of its first version; other archives may have the same name
	entries  []charttest.Entry
	metadata int // the entry that is Chart.yaml
}

// multiply fills a folder with about that many archives: versions of real charts that
// differ in Chart.yaml alone. Charts that portolan refuses are left out.
func (b *bench) multiply(ctx context.Context, folder string, total int) error {
	files, err := filepath.Glob(filepath.Join(cmp.Or(b.charts, fewCharts), "*.tgz"))
	if err != nil {
		return err
	}
	var originals []*original
	for _, file := range files {
		o, err := readOriginal(file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if o != nil {
			originals = append(originals, o)
		}
	}
	if len(originals) == 0 {
		return fmt.Errorf("there are no charts in %s", cmp.Or(b.charts, fewCharts))
	}
	originals = originals[:min(len(originals), total)]
	each := total / len(originals)
	say("real: %d versions each of %d charts", each, len(originals))
	next := map[string]int{}
	for _, o := range originals {
		o.first = next[o.name]
		next[o.name] += each
	}
	return atOnce(ctx, originals, func(o *original) error {
		for i := range each {
			version := fmt.Sprintf("1.%d.0", o.first+i)
			if err := os.WriteFile(filepath.Join(folder, check.FileName(o.name, version)), o.at(version), 0o666); err != nil {
				return err
			}
		}
		return nil
	})
}

var versionLine = regexp.MustCompile(`(?m)^version:.*$`)

// readOriginal returns nil for an archive that cannot be taken.
func readOriginal(file string) (*original, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	chart, err := check.Archive(bytes.NewReader(data), check.Options{Versions: "helm"})
	if err != nil {
		return nil, nil
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	o := &original{name: chart.Metadata.Name, metadata: -1}
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		if match, _ := filepath.Match("*/Chart.yaml", filepath.ToSlash(filepath.Clean(h.Name))); match && versionLine.Match(body) {
			o.metadata = len(o.entries)
		}
		o.entries = append(o.entries, charttest.Entry{Header: *h, Body: string(body)})
	}
	if o.metadata < 0 {
		return nil, nil
	}
	return o, nil
}

// at returns the archive of a version.
func (o *original) at(version string) []byte {
	entries := append([]charttest.Entry(nil), o.entries...)
	metadata := &entries[o.metadata]
	metadata.Body = versionLine.ReplaceAllLiteralString(metadata.Body, "version: "+version)
	return charttest.Gzip(charttest.Tar(entries...), gzip.DefaultCompression)
}
