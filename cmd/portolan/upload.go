package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// maxProv is how much is read of a provenance file: more than is accepted, so
// that the check says why it is refused.
const maxProv = 2 * check.MaxProvenance

// upload is a file to be dropped, in memory: what is uploaded is what was
// checked, whatever happens to the file meanwhile.
type upload struct {
	file  string // without folders
	chart []byte // nil in a provenance file alone
	prov  []byte // nil if absent

	warned []verdict.Warning // of the run, as far as it can be foreseen; nil if it was not
}

// readUnlessDone is read, but does not wait for it once the context has ended:
// a terminal or a pipe can stay silent, and reading from it cannot be called off.
func (d *dropper) readUnlessDone(ctx context.Context, name string) (*upload, error) {
	type result struct {
		u   *upload
		err error
	}
	done := make(chan result, 1)
	go func() {
		u, err := d.read(name)
		done <- result{u, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-done:
		return r.u, r.err
	}
}

// read reads a file, and the provenance file beside it.
func (d *dropper) read(name string) (*upload, error) {
	limit := d.checks.Limits.WithDefaults().Packed
	if name == "-" {
		chart, err := readUpTo(d.stdin, limit)
		if err != nil {
			return nil, fmt.Errorf("standard input: %v", err)
		}
		return &upload{chart: chart}, nil
	}
	u := &upload{file: filepath.Base(name)}
	var err error
	if strings.HasSuffix(name, ".prov") {
		u.prov, err = readFile(name, maxProv)
		return u, err
	}
	if u.chart, err = readFile(name, limit); err != nil {
		return nil, err
	}
	u.prov, err = readFile(name+".prov", maxProv)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return u, err
}

func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readUpTo(f, limit)
}

// readUpTo reads all there is, but at most one byte more than the limit: by
// that byte the check sees that there is too much. It never returns nil bytes
// without an error.
func readUpTo(r io.Reader, limit int64) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, limit+1))
}

// check checks the upload as the generator will, and notes what it is. A
// fault of the file is a *[check.Problem].
func (u *upload) check(checks check.Options, r *dropped) error {
	if u.chart == nil {
		prov, err := check.ReadProvenance(bytes.NewReader(u.prov))
		if err != nil {
			return err
		}
		r.signs = prov.File
		return nil
	}
	chart, err := check.Archive(bytes.NewReader(u.chart), checks)
	if err != nil {
		return err
	}
	r.Chart, r.Version, r.Digest, r.Warnings = chart.Metadata.Name, chart.Metadata.Version, chart.Digest, chart.Warnings
	file := check.FileName(r.Chart, r.Version)
	if u.file == "" {
		u.file = file
	}
	if u.prov == nil {
		return nil
	}
	prov, err := check.ReadProvenance(bytes.NewReader(u.prov))
	if err != nil {
		return err
	}
	return prov.Fits(file, chart.Digest)
}
