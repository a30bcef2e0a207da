package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

const helpDrop = `Usage:
    portolan drop [--drop URL] [--wait] CHANNEL FILE...

Check chart archives and put them into the drop area. The next 'portolan
generate' publishes them in CHANNEL. A provenance file FILE.prov next to an
archive goes with it; a provenance file named on its own signs a chart that is
already uploaded or published. If FILE is -, the archive is read from standard
input.

A chart that breaks a rule or the channel's policy is refused at once and not
uploaded; if the site can be read, so is one that it would not take, such as
other content for a version that is final. For each upload, the id, channel,
chart and version are printed.

Options:
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site (default ./site), to see what is  PORTOLAN_SITE
                        published. It need not be there, or be readable.
    --force             Replace a published version even if    PORTOLAN_FORCE
                        the channel has 'duplicates: reject'.
    --strict            Refuse charts with warnings, such as   PORTOLAN_STRICT
                        those that no Helm can install.
    --wait              Wait for the verdicts and print them.  PORTOLAN_WAIT
    --timeout TIME      How long to wait (default 10m). PORTOLAN_DROP_TIMEOUT
` + optionsConfig + `

Exit codes:
    0 done, 1 failed or not decided in time, 2 wrong settings, 3 done but
    some upload was rejected, 130 interrupted

Example:
    $ helm package mychart
    $ portolan drop stable mychart-0.1.0.tgz
`

func (p *program) drop(ctx context.Context, args []string) error {
	f := newFlags("drop")
	f.withDrop()
	f.withSite()
	f.withConfig()
	force := f.Bool("force", false, "")
	strict := f.Bool("strict", false, "")
	wait := f.Bool("wait", false, "")
	timeout := f.Duration("timeout", 10*time.Minute, "")
	if err := p.parse(f, args); err != nil {
		return err
	}
	if err := f.checkTimeout(*timeout); err != nil {
		return err
	}
	channel, files, err := f.dropOperands()
	if err != nil {
		return err
	}
	if err := f.apart(); err != nil {
		return err
	}
	site, err := p.siteAtHand(ctx, f)
	if err != nil {
		return err
	}
	if err := f.checkTakesUploads(channel); err != nil {
		return err
	}
	store, err := p.open(ctx, f, "drop")
	if err != nil {
		return err
	}
	p.warnOfDefault(f)
	d := &dropper{
		program: p, store: store, channel: channel, checks: f.config.Policy(channel).Checks,
		request: droparea.Request{Force: *force, Uploader: whoAsks("drop")}, json: f.output.json,
	}
	if *strict {
		d.checks.Warnings = "reject"
	}
	d.judgeAlone(f.config)
	if site != nil {
		d.readSite(ctx, site, f.config)
	}
	err = d.all(ctx, files, f.drop, *wait, *timeout)
	p.found = map[string]any{"uploads": append([]*dropped{}, d.results...)}
	return err
}

// all drops the files into the drop area of that name, and waits for the verdicts if it is
// to wait.
func (d *dropper) all(ctx context.Context, files []string, area string, wait bool, timeout time.Duration) error {
	if err := d.files(ctx, files); err != nil {
		return err
	}
	d.tellWhere(area, wait, timeout)
	if wait {
		if err := d.wait(ctx, timeout); err != nil {
			return err
		}
	}
	if d.rejected() {
		return errRejected
	}
	return nil
}

// dropOperands returns the channel and the files. All that can be wrong with
// them is found before anything is uploaded.
func (f *flags) dropOperands() (channel string, files []string, err error) {
	if f.NArg() < 2 {
		return "", nil, hint(usagef("drop needs a channel and at least one file"), "for example: portolan drop stable mychart-0.1.0.tgz")
	}
	channel, files = f.Arg(0), f.Args()[1:]
	if err := channelname.Check(channel); err != nil {
		return "", nil, wrongChannel(err, "the channel comes first, then the files")
	}
	named := map[string]string{}
	for _, file := range files {
		path := cleanPath(file)
		if first, twice := named[path]; twice && first != file {
			return "", nil, usagef("%s is named twice, first as %s", file, first)
		} else if twice {
			return "", nil, usagef("%s is named twice", file)
		}
		named[path] = file
		if file == "-" {
			continue
		}
		info, err := os.Stat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return "", nil, fmt.Errorf("%s: no such file", file)
		case err != nil:
			return "", nil, err
		case info.IsDir():
			return "", nil, hint(fmt.Errorf("%s: a folder, not a chart archive", file), "package it first: helm package %s", file)
		}
	}
	// The provenance file of a chart that is named too goes with the chart.
	files = slices.DeleteFunc(slices.Clone(files), func(file string) bool {
		chart, isProv := strings.CutSuffix(cleanPath(file), ".prov")
		return isProv && named[chart] != ""
	})
	return channel, files, nil
}

// cleanPath returns one form for all spellings of a file's path; - stays as it is.
func cleanPath(file string) string {
	if abs, err := filepath.Abs(file); err == nil && file != "-" {
		return abs
	}
	return file
}

// dropper puts files into one channel's inbox.
type dropper struct {
	*program
	store   bucket.Store
	channel string
	checks  check.Options
	request droparea.Request
	json    bool
	judge   judge            // nil if there is nothing to judge by
	odd     *verdict.Warning // about the channel's name; may be nil
	results []*dropped
}

// dropped is the outcome for one file.
type dropped struct {
	File     string            `json:"file"`
	Channel  string            `json:"channel"`
	Verdict  verdict.Verdict   `json:"verdict"`      // waiting is not decided yet
	ID       string            `json:"id,omitempty"` // "" if it was not uploaded
	Chart    string            `json:"chart,omitempty"`
	Version  string            `json:"version,omitempty"`
	Digest   string            `json:"digest,omitempty"`
	Rule     string            `json:"rule,omitempty"` // why it was rejected
	Message  string            `json:"message,omitempty"`
	Fix      string            `json:"fix,omitempty"`
	Warnings []check.Warning   `json:"warnings,omitempty"`
	Receipt  *droparea.Receipt `json:"receipt,omitempty"`
	signs    string            // the archive that a provenance file alone is for
}

const verdictWaiting verdict.Verdict = "waiting"

func (d *dropper) rejected() bool {
	return slices.ContainsFunc(d.results, func(r *dropped) bool { return r.Verdict == verdict.Rejected })
}

// files checks and uploads each file. A rejected one does not keep the others
// from being uploaded; a store that fails does.
func (d *dropper) files(ctx context.Context, names []string) error {
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		u, err := d.readUnlessDone(ctx, name)
		if err != nil {
			return err
		}
		r := &dropped{File: name, Channel: d.channel, Verdict: verdictWaiting}
		d.results = append(d.results, r)
		problem := (*check.Problem)(nil)
		err = u.check(d.checks, r)
		if err == nil && d.judge != nil {
			err = d.judge(ctx, u)
		}
		if errors.As(err, &problem) {
			d.refuse(r, problem)
			continue
		} else if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if u.warned != nil {
			r.Warnings = nil // it has those of the archive as well
		}
		for _, w := range u.warned {
			r.Warnings = append(r.Warnings, check.Warning(w))
		}
		if d.odd != nil {
			r.Warnings = append(r.Warnings, check.Warning(*d.odd))
		}
		if err := d.submit(ctx, u, r); err != nil {
			return fmt.Errorf("%s: not uploaded: %w", name, err)
		}
		d.printUploaded(r)
	}
	return nil
}

// refuse notes that a file was not uploaded, and says why.
func (d *dropper) refuse(r *dropped, p *check.Problem) {
	r.Verdict, r.Rule, r.Message, r.Fix = verdict.Rejected, p.Rule, p.Message, p.Fix
	if !d.json {
		d.complain(hint(fmt.Errorf("%s: %s", r.File, oneLine(p.Message)), "%s", oneLine(p.Fix)))
	}
}

func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }

func (d *dropper) submit(ctx context.Context, u *upload, r *dropped) error {
	id, err := droparea.NewID()
	if err != nil {
		return err
	}
	s := droparea.Submission{Request: d.request}
	s.Request.File = u.file
	if u.chart != nil {
		s.Chart = bucket.Bytes(u.chart)
	}
	if u.prov != nil {
		s.Prov = bucket.Bytes(u.prov)
	}
	if err := droparea.Submit(ctx, d.store, d.channel, id, s); err != nil {
		return err
	}
	r.ID = id
	return nil
}

func (d *dropper) printUploaded(r *dropped) {
	if d.json {
		return
	}
	what := r.Chart + " " + r.Version
	if r.signs != "" {
		what = "signature of " + r.signs
	}
	d.printf("%s  %s  %s\n", r.ID, d.channel, plain(what))
	for _, w := range r.Warnings {
		d.say("warning", r.File+": "+w.Message)
	}
}
