package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	reporting "github.com/portolan-charts/portolan/generator/report"
)

// tellers are the files that a run is told to. They are opened before it, so
// that a wrong name is found before anything is done.
type tellers struct {
	report, summary *os.File // nil if there is to be none
}

func (f *generateFlags) tellers() (t tellers, err error) {
	if f.summary != "" { // GitHub collects what all steps have to say in one file
		if t.summary, err = os.OpenFile(f.summary, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644); err != nil {
			return t, fmt.Errorf("%s: %w", f.given["summary"], err)
		}
	}
	if f.report != "" {
		if t.report, err = os.OpenFile(f.report, os.O_WRONLY|os.O_CREATE, 0o644); err == nil {
			// What is there while the run goes on, and stays if that is killed.
			err = overwrite(t.report, &reporting.Run{Err: errUnfinished, Start: time.Now()})
		}
		if err != nil {
			return t, fmt.Errorf("%s: %w", f.given["report"], err)
		}
	}
	return t, nil
}

var errUnfinished = errors.New("the run did not finish")

// run writes the reports on a run, whether it failed or not.
func (t tellers) run(p *program, f *generateFlags, r *reporting.Run) error {
	if f.config != nil {
		r.BaseURL = f.config.BaseURL
	}
	if h := (*hinted)(nil); errors.As(r.Err, &h) {
		r.Hint = h.hint
	}
	var failures []error
	if t.report != nil {
		failures = append(failures, overwrite(t.report, r), t.report.Close())
	}
	if t.summary != nil {
		failures = append(failures, reporting.Markdown(t.summary, r), t.summary.Close())
	}
	if os.Getenv("GITHUB_ACTIONS") == "true" { // reads commands on both, and JSON may be on the other
		failures = append(failures, reporting.Annotations(p.stderr, r))
	}
	return errors.Join(failures...)
}

// overwrite puts a report in the place of the one before.
func overwrite(file *os.File, r *reporting.Run) error {
	var b bytes.Buffer
	if err := reporting.JUnit(&b, r); err != nil {
		return err
	}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() { // and no pipe
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if err := file.Truncate(0); err != nil {
			return err
		}
	} else if errors.Is(r.Err, errUnfinished) {
		return err
	}
	_, err := file.Write(b.Bytes())
	return err
}
