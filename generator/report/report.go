// Package report tells the systems that run portolan what a run did: as JUnit
// XML, as Markdown, and as GitHub's annotations.
//
// Chart names, file names and jobs' URLs are what anybody may have written who
// can write to the drop area. They are cut, made safe to print, and escaped.
package report

import (
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/publisher"
)

// Run is a run to be told of.
type Run struct {
	Report  *generator.Report // nil if the run came to nothing
	Err     error             // what it failed with
	Hint    string            // what to do about that
	BaseURL string            // where the site is served; "" if nobody knows
	Start   time.Time
	Took    time.Duration
}

// How much is told, in characters, of what anybody may have written.
const (
	maxName  = 200
	maxProse = 2000
	maxURL   = 1000
)

// channels are those that the run is to be judged by.
func (r *Run) channels() []generator.ChannelReport {
	if r.Report == nil {
		return nil
	}
	return r.Report.Channels
}

func (r *Run) dryRun() bool { return r.Report != nil && r.Report.DryRun }

// rest is the failure, but for what the channels tell of themselves.
func (r *Run) rest() error {
	for _, c := range r.channels() {
		if c.Error != "" {
			return nil
		}
	}
	return r.Err
}

// link is the URL of a file of the site; "" if nobody knows where the site is.
func (r *Run) link(key string) string {
	base, err := url.Parse(r.BaseURL)
	if err != nil || r.BaseURL == "" || key == "" {
		return ""
	}
	return base.JoinPath(key).String()
}

// page is the URL of the page that shows what a receipt is about.
func (r *Run) page(c generator.ChannelReport, receipt publisher.Receipt) string {
	if c.Pages == nil || receipt.URL == "" || r.dryRun() {
		return ""
	}
	return r.link(c.Channel + "/charts/" + receipt.Chart + "/" + receipt.Version + "/")
}

// subject names the thing that a receipt is about.
func subject(r publisher.Receipt) string {
	if r.Chart != "" {
		return short(r.Chart+" "+r.Version, maxName)
	}
	if r.Request != nil && r.Request.File != "" {
		return short(r.Request.File, maxName)
	}
	return "upload " + short(r.ID, maxName)
}

// Job is the URL of the job that made an upload, as it says itself; "" if it
// does not, or not with an URL that may be shown.
func Job(r publisher.Receipt) string {
	if r.Request == nil {
		return ""
	}
	text := r.Request.Uploader["job"]
	u, err := url.Parse(text)
	if err != nil || len(text) > maxURL || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return ""
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"<>\\^`{|}", r) }) {
		return ""
	}
	return text
}

// short cuts text, and takes from it what is not shown, or shows as something
// else: control characters, and those that change the direction of writing.
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
