// Package report writes the results of a run for the systems that run portolan:
// as JUnit XML, as Markdown, and as GitHub's annotations.
//
// Anybody who can write to the drop area can choose chart names, file names and
// jobs' URLs. They are cut, made safe to print, and escaped.
package report

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// Run is a run to report.
type Run struct {
	Report  *generator.Report // nil if the run failed before it had one
	Err     error             // why it failed; nil if it did not
	Hint    string            // what to do about Err
	BaseURL string            // URL of the site; "" if not known
	Start   time.Time
	Took    time.Duration
}

// How much is shown of text that anybody may have written, in characters.
const (
	maxName  = 200
	maxProse = 2000
	maxURL   = 1000
)

// channels returns the reports of the run's channels.
func (r *Run) channels() []generator.ChannelReport {
	if r.Report == nil {
		return nil
	}
	return r.Report.Channels
}

func (r *Run) dryRun() bool { return r.Report != nil && r.Report.DryRun }

// rest returns the run's error, unless a channel reports one itself.
func (r *Run) rest() error {
	for _, c := range r.channels() {
		if c.Error != "" {
			return nil
		}
	}
	return r.Err
}

// Untold says that a receiver was not told of a generation, why, and what becomes of it.
func Untold(t generator.Telling) string {
	text := fmt.Sprintf("not everybody is told of generation %d: %s", t.Generation, short(t.Error, maxProse))
	switch {
	case t.GivenUp:
		return text + "; it is not tried again until there is a new generation"
	case t.Again.IsZero():
		return text + "; the next run tries again"
	}
	return text + "; the first run after " + t.Again.UTC().Format("2006-01-02 15:04:05 MST") + " tries again"
}

// link returns the URL of a file of the site, or "" if the site's URL is not known.
func (r *Run) link(key string) string {
	base, err := url.Parse(r.BaseURL)
	if err != nil || r.BaseURL == "" || key == "" {
		return ""
	}
	return base.JoinPath(key).String()
}

// page returns the URL of the page about a receipt's version, or "" if there is no
// such page.
func (r *Run) page(c generator.ChannelReport, receipt droparea.Receipt) string {
	if c.Pages == nil || receipt.URL == "" || r.dryRun() {
		return ""
	}
	return r.link(c.Channel + "/charts/" + receipt.Chart + "/" + receipt.Version + "/")
}

// subject names what a receipt is about: the action, the version, the file or the upload.
func subject(r droparea.Receipt) string {
	if r.Action != nil {
		return short(r.About, maxName)
	}
	if r.Chart != "" {
		return short(r.Chart+" "+r.Version, maxName)
	}
	if r.Request != nil && r.Request.File != "" {
		return short(r.Request.File, maxName)
	}
	return "upload " + short(r.ID, maxName)
}

// noun says what a receipt is about.
func noun(r droparea.Receipt) string {
	if r.Action != nil {
		return "action"
	}
	return "upload"
}

// by leads to who is behind it.
func by(r droparea.Receipt) string {
	if r.Action != nil {
		return "asked for by"
	}
	return "uploaded by"
}

// Job returns the URL of the CI job that made an upload or asked for an action, as that
// claims. It returns "" if no job is named, or if its URL is not safe to show.
func Job(r droparea.Receipt) string {
	text := ""
	switch {
	case r.Action != nil:
		text = r.Action.Requester["job"]
	case r.Request != nil:
		text = r.Request.Uploader["job"]
	}
	u, err := url.Parse(text)
	if err != nil || len(text) > maxURL || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return ""
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"<>\\^`{|}", r) }) {
		return ""
	}
	return text
}

// short cuts text and replaces characters that are not graphic, such as control
// characters and those that change the direction of text, with spaces.
func short(text string, most int) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		if n++; n > most {
			return b.String() + "…"
		}
		if !unicode.IsGraphic(r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}
