package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/portolan-charts/portolan/generator/survey"
	"github.com/portolan-charts/portolan/publisher/days"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// sinceDefault is how far back uploads are shown if nothing else is said.
const sinceDefault = "7d"

const helpUploads = `Usage:
    portolan uploads [--drop URL] [--site URL] [--rejected] [--since TIME]
                     [-n N] [CHANNEL]

Show uploads that were decided, the newest first: when, the verdict, the
channel, the chart and version, or the file if it could not be read, who
uploaded it, and its id; for rejected ones also why, and what to do about it.
Actions, such as a yank, are shown like uploads. Who it was is what the upload
claims; nobody knows it any more once the receipt is pruned.

'portolan status CHANNEL' lists the uploads that are not decided yet.

Options:
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site (default ./site).                 PORTOLAN_SITE
    --rejected          Only those that were rejected.         PORTOLAN_REJECTED
    --since TIME        7d (the default) or 12h for the last   PORTOLAN_SINCE
                        seven days or twelve hours, or a
                        date, such as 2027-01-31 (UTC).
    --number N          How many uploads        PORTOLAN_UPLOADS_NUMBER
                        (default 100); also -n N.
` + optionsConfig + `

Exit codes:
    0 done (whatever the verdicts), 1 failed, 2 wrong settings, 130 interrupted

Example:
    $ portolan uploads --rejected --since 1d
`

func (p *program) uploads(ctx context.Context, args []string) error {
	f := newFlags("uploads")
	f.withDrop()
	f.withSite()
	f.withConfig()
	rejected := f.Bool("rejected", false, "")
	since := f.String("since", sinceDefault, "")
	number := f.IntP("number", "n", 100, "")
	if err := p.parse(f, args); err != nil {
		return err
	}
	from, err := parseSince(*since, time.Now())
	if err != nil {
		return usagef("%s: %v", f.given["since"], err)
	}
	if err := f.checkUploads(*number); err != nil {
		return err
	}
	site, drop, err := p.openSiteAndDrop(ctx, f)
	if err != nil {
		return err
	}
	all, more, err := survey.Uploads(ctx, drop, site, survey.UploadsOptions{
		Channels: f.Args(), Since: from, Rejected: *rejected, Most: *number,
	})
	if err != nil {
		return f.noChannel(ctx, site, f.Arg(0), err)
	}
	if p.found = map[string]any{"since": from.UTC(), "uploads": all, "more": more}; f.output.json {
		return nil
	}
	when := "since " + timeText(from)
	if *since == sinceDefault {
		when = "in the last 7 days"
	}
	err = p.printUploads(all, when)
	if more {
		p.say("note", fmt.Sprintf("there were more %s: -n says how many to show, and is %d", when, *number))
	}
	return err
}

// checkUploads refuses command lines before anything is read.
func (f *flags) checkUploads(number int) error {
	if f.NArg() > 1 {
		return hint(usagef("uploads takes one channel, but got %d operands", f.NArg()), "see 'portolan uploads --help'")
	}
	if f.NArg() == 1 {
		if err := checkOperand(f.Arg(0)); err != nil {
			return err
		}
	}
	return cmp.Or(f.checkNumber(number), f.apart())
}

// checkNumber refuses a --number that shows nothing.
func (f *flags) checkNumber(n int) error {
	if n < 1 {
		return usagef("%s: %d is not at least 1", f.given["number"], n)
	}
	return nil
}

// parseSince reads since when something is asked for: for how long before now, or a date.
func parseSince(s string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	if ago, err := days.Parse(s); err == nil && ago >= 0 {
		return now.Add(-ago).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%q is neither a time such as 7d or 12h nor a date such as 2027-01-31", s)
}

func (p *program) printUploads(all []survey.Upload, when string) error {
	if len(all) == 0 {
		p.printf("no uploads were decided %s, or none like that; --since looks further back\n", when)
		return nil
	}
	// The reasons stand between the rows, and must not break the columns.
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	row(w, "DECIDED", "VERDICT", "CHANNEL", "UPLOAD", "WHO", "ID")
	for _, u := range all {
		row(w, timeText(u.Decided), cell(string(u.Verdict)), cell(u.Channel), uploadText(u), cell(who(u.Uploader)), cell(u.ID))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	heading, rows, _ := strings.Cut(table.String(), "\n")
	p.printf("%s\n", heading)
	for i, line := range strings.Split(strings.TrimSuffix(rows, "\n"), "\n") {
		p.printf("%s\n", line)
		if all[i].Verdict == verdict.Rejected {
			printReason(p.stdout, all[i].Message, all[i].Fix)
		}
	}
	return nil
}

// uploadText names what was uploaded: the version, or the file if that could not be read;
// or what was asked for.
func uploadText(u survey.Upload) string {
	return cell(cmp.Or(u.About, strings.TrimSpace(u.Chart+" "+u.Version), u.File))
}

// who is the name of an uploader, as far as the upload says.
func who(uploader map[string]string) string {
	name := ""
	for _, kind := range []string{"token", "user", "oidc", "gitlab", "as", "address"} {
		name = cmp.Or(name, uploader[kind])
	}
	return name
}
