package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/doctor"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/registry"
)

const helpDoctor = `Usage:
    portolan doctor [--drop URL] [--site URL] [--base-url URL]
                    [--channel NAME]... [--read-only]

Look for the usual mistakes in a set-up, and say how to fix them. It checks the
configuration; the credentials; the drop area and the site: whether they exist,
what may be done in each folder, and whether the server keeps the promises that
portolan relies on (a bucket that lets two writers create the same object loses
charts); the clocks; and the site as it is served: the newest index and a chart,
their content types and caching, missing files, and private ones; for channels
that say 'oci: true', what clients of registries ask for as well.

It changes nothing that exists. It writes objects called .probe-... and removes
them again; with --read-only, it writes nothing.

Options:
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site (default ./site).                 PORTOLAN_SITE
    --base-url URL      Where the site's root is served        PORTOLAN_BASE_URL
                        (default: baseURL in portolan.yaml).
    --ca-file FILE      Certificates of authorities to trust   PORTOLAN_CA_FILE
                        in addition to the system's.
    --channel NAME      This channel only; may be repeated.    PORTOLAN_CHANNEL
                        Writing is also tried in its folders,
                        for credentials limited to them.
    --read-only         Write nothing.                      PORTOLAN_READ_ONLY
` + optionsConfig + `

Exit codes:
    0 nothing failed (there may be warnings), 1 something failed, 2 wrong
    command line, 130 interrupted

Example:
    $ portolan doctor --drop s3://my-drop --site s3://my-charts \
          --base-url https://charts.example.com
`

// doctorFlags are the flags of doctor.
type doctorFlags struct {
	*flags
	baseURL  string
	readOnly bool
}

func (p *program) doctor(ctx context.Context, args []string) error {
	f := &doctorFlags{flags: newFlags("doctor")}
	f.withDrop()
	f.withSite()
	f.withConfig()
	f.withChannels()
	f.withCAFile()
	f.StringVar(&f.baseURL, "base-url", "", "")
	f.BoolVar(&f.readOnly, "read-only", false, "")
	before := &doctor.Report{}
	usage := (*usageError)(nil)
	if err := p.parse(f.flags, args); err == errHelp || errors.As(err, &usage) {
		return err
	} else if err != nil {
		// Where everything is, only the file would tell.
		before.Add("configuration", doctor.Fail, err.Error(), "fix it and run doctor again; nothing else was checked")
		return p.printDoctor(f, before)
	}
	if err := f.noOperands(); err != nil {
		return err
	}
	trusted, err := f.authorities()
	if err != nil {
		return err
	}
	o := doctor.Options{Channels: f.channels, ReadOnly: f.readOnly, BaseURL: f.baseURL, Authorities: trusted}
	if f.config != nil {
		before.Add("configuration", doctor.OK, f.configFile, "")
		if o.BaseURL == "" {
			o.BaseURL = f.config.BaseURL
		}
	}
	if err := f.apart(); err != nil {
		before.Add("drop and site", doctor.Fail, err.Error(), hintOf(err))
	}
	o.Drop = f.place(ctx, before, "drop")
	o.Site = f.place(ctx, before, "site")
	report := doctor.Examine(ctx, o)
	report.Checks = append(before.Checks, report.Checks...)
	f.checkConfig(report)
	f.checkClients(ctx, o, report)
	if err := ctx.Err(); err != nil {
		return err
	}
	return p.printDoctor(f, report)
}

// place opens a bucket to be examined. What keeps it from being opened is a row.
func (f *doctorFlags) place(ctx context.Context, r *doctor.Report, flag string) doctor.Place {
	store, folder, err := f.openBucket(ctx, flag)
	p := doctor.Place{Store: store, URL: f.Lookup(flag).Value.String(), Folder: folder}
	if err == nil {
		return p
	}
	seen, fix := doctor.Explain(err, p)
	if advice := hintOf(err); advice != "" {
		seen, fix = err.Error(), advice
	}
	r.Add(flag, doctor.Fail, seen, fix)
	return doctor.Place{}
}

// hintOf is an error's advice, if it has any, or what is to be done about its disk.
func hintOf(err error) string {
	if h := (*hinted)(nil); errors.As(err, &h) {
		return h.hint
	}
	return diskAdvice(err)
}

// checkConfig compares portolan.yaml with what was found.
func (f *doctorFlags) checkConfig(r *doctor.Report) {
	if f.config == nil {
		return
	}
	for _, pattern := range f.config.Unmatched(append(r.Known, f.channels...)) {
		if r.KnownAll {
			r.Add("configuration", doctor.Warning, fmt.Sprintf("match: %q matches no channel yet", pattern),
				"check its spelling; * stands for one segment or a part of it, ** for any number of segments")
		}
	}
	if root := f.config.RootChannel; root != "" && r.KnownAll && !slices.Contains(append(r.Known, f.channels...), root) {
		r.Add("configuration", doctor.Warning, fmt.Sprintf("rootChannel: there is no channel %q yet", root), "check its spelling")
	}
	asked, err := url.Parse(f.baseURL)
	if err != nil || f.baseURL == "" {
		return
	}
	if path := strings.TrimSuffix(asked.Path, "/"); path != f.config.ContextPath() {
		r.Add("configuration", doctor.Warning, fmt.Sprintf("baseURL has the path %q, and --base-url %q", f.config.ContextPath(), path),
			"set baseURL to where the site is served: 'helm cm-push' takes the path from the index")
	}
}

// clientsTime is how long doctor reads indexes to see which clients take them.
const clientsTime = 45 * time.Second

// checkClients says which clients do not take something of the site that Helm takes. What
// keeps the site from being read, other rows say with how to fix it.
func (f *doctorFlags) checkClients(ctx context.Context, o doctor.Options, r *doctor.Report) {
	if o.Site.Store == nil {
		return
	}
	limited, cancel := context.WithTimeout(ctx, clientsTime)
	defer cancel()
	all, err := publisher.ReadStatus(limited, o.Site.Store, &droparea.Inbox{}, nil, f.channels)
	if limited.Err() != nil {
		err = fmt.Errorf("the indexes could not be read in %s", clientsTime)
	}
	if err != nil {
		r.Add("clients", doctor.Warning, "not checked: "+err.Error(), "fix what keeps the site from being read, or name a few of its channels with --channel")
		return
	}
	if f.config != nil {
		for _, s := range all {
			f.checkRegistry(s, r)
		}
	}
	read, noted := 0, len(r.Checks)
	for _, s := range all {
		if s.Generation > 0 {
			read++
		}
		for _, n := range generator.ClientNotes(s) {
			r.Add("clients: "+s.Channel, doctor.Warning, n.Seen, n.Fix)
		}
	}
	if read > 0 && len(r.Checks) == noted {
		r.Add("clients", doctor.OK, "none is known to refuse an index, an archive or a chart's name", "")
	}
}

// checkRegistry compares what portolan.yaml says of a channel and the registry with what
// is there: a setting alone changes nothing.
func (f *doctorFlags) checkRegistry(s publisher.ChannelStatus, r *doctor.Report) {
	asked, there := f.config.Policy(s.Channel).OCI, s.Registry.Since > 0
	row, run := "oci: "+s.Channel, fmt.Sprintf("run 'portolan generate --channel %s'", s.Channel)
	switch err := registry.CheckChannel(s.Channel); {
	case s.IndexGeneration == 0:
	case asked && err != nil:
		r.Add(row, doctor.Warning, err.Error(), "or leave out 'oci: true' for this one")
	case asked && !there:
		r.Add(row, doctor.Warning, "portolan.yaml says oci: true, but the channel is not in the registry yet", run+", which puts it there")
	case asked && !s.Registry.All:
		r.Add(row, doctor.Warning, "some versions published before it was put into the registry are not there yet", run+", which puts them there")
	case there && !asked:
		r.Add(row, doctor.Warning, "the channel is in the registry, but portolan.yaml does not say oci: true",
			"say so; or "+run+", which takes it out, and later 'portolan prune', which removes its files")
	}
}

// printDoctor prints what was found, and fails if anything did.
func (p *program) printDoctor(f *doctorFlags, r *doctor.Report) error {
	if p.found = r; !f.output.json {
		if err := p.printRows(r); err != nil {
			return err
		}
		if f.readOnly {
			p.say("note", "with --read-only nothing was written, so write permissions were not checked")
		}
	}
	if n := r.Failed(); n > 0 {
		return fmt.Errorf("%s failed", count(n, "check"))
	}
	return nil
}

// printRows prints the table, and below it what to do.
func (p *program) printRows(r *doctor.Report) error {
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CHECK\tRESULT\tSEEN")
	for _, row := range r.Checks {
		fmt.Fprintf(w, "%s\t%s\t%s\n", short(row.Check, maxName), row.Result, short(oneLine(row.Seen), maxProse))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, row := range r.Checks {
		if p.verbose && row.Chain != "" {
			p.printf("\n%s: cause: %s\n", short(row.Check, maxName), plain(row.Chain))
		}
		if row.Fix != "" {
			p.printf("\n%s: %s\n    fix: %s\n", short(row.Check, maxName), row.Result, short(oneLine(row.Fix), maxProse))
		}
	}
	return nil
}
