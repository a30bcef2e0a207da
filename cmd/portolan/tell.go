package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	reporting "github.com/portolan-charts/portolan/generator/report"
)

// tellers are the files that a run is told to. They are opened before it, so
// that a wrong name is found before anything is done.
type tellers struct {
	report, summary *os.File // nil if there is to be none
}

func (f *generateFlags) tellers() (t tellers, err error) {
	if f.report != "" {
		if t.report, err = os.OpenFile(f.report, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644); err != nil {
			return t, fmt.Errorf("%s: %w", f.given["report"], err)
		}
	}
	if f.summary != "" { // GitHub collects what all steps have to say in one file
		if t.summary, err = os.OpenFile(f.summary, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644); err != nil {
			return t, fmt.Errorf("%s: %w", f.given["summary"], err)
		}
	}
	return t, nil
}

// run tells what became of a run, whether it failed or not.
func (t tellers) run(p *program, f *generateFlags, r *reporting.Run) error {
	if f.config != nil {
		r.BaseURL = f.config.BaseURL
	}
	if h := (*hinted)(nil); errors.As(r.Err, &h) {
		r.Hint = h.hint
	}
	failures := []error{
		tell(t.report, r, reporting.JUnit),
		tell(t.summary, r, reporting.Markdown),
	}
	if os.Getenv("GITHUB_ACTIONS") == "true" { // reads commands on both, and JSON may be on the other
		failures = append(failures, reporting.Annotations(p.stderr, r))
	}
	return errors.Join(failures...)
}

// tell writes all of it at once: a file that breaks off is no XML.
func tell(file *os.File, r *reporting.Run, write func(io.Writer, *reporting.Run) error) error {
	if file == nil {
		return nil
	}
	var b bytes.Buffer
	err := write(&b, r)
	if err == nil {
		_, err = file.Write(b.Bytes())
	}
	return errors.Join(err, file.Close())
}
