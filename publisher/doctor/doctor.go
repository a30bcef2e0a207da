// Package doctor examines a set-up: whether the drop area and the site can be
// used, keep the promises that portolan relies on, and are served so that Helm
// and browsers get what was published. What it finds wrong, it says how to put
// right.
//
// It never harms. All that it writes are objects whose names begin with
// [bucket.ProbePrefix], which are no uploads, channels or pages, and which
// it removes again.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Options says what to examine. Drop, Site and BaseURL may be missing.
type Options struct {
	Drop, Site Place
	BaseURL    string   // where the site's root is served
	Channels   []string // empty means all that the site has
	ReadOnly   bool     // write nothing, and do not find out what writing would tell

	Now    func() time.Time // nil means the clock
	Client *http.Client     // nil means one that waits up to half a minute
}

// Place is a bucket or a folder. It is missing if its Store is nil.
type Place struct {
	Store  bucket.Store
	URL    string
	Folder string // its path, if it is a local folder
}

// Result is how a check went.
type Result string

// The results.
const (
	OK      Result = "ok"
	Warning Result = "warning" // works, but not as it should
	Fail    Result = "FAIL"    // does not work
)

// Row is one check.
type Row struct {
	Check  string `json:"check"`
	Result Result `json:"result"`
	Seen   string `json:"seen"`
	Fix    string `json:"fix,omitempty"`
}

// Report is what an examination found.
type Report struct {
	ReadOnly bool  `json:"readOnly"`
	Checks   []Row `json:"checks"`

	// Known are the channels that the site has, or that the inbox has uploads
	// for; KnownAll is false if they could not be listed.
	Known    []string `json:"-"`
	KnownAll bool     `json:"-"`
}

// Failed is how many checks failed.
func (r *Report) Failed() int {
	n := 0
	for _, row := range r.Checks {
		if row.Result == Fail {
			n++
		}
	}
	return n
}

// Add adds a row.
func (r *Report) Add(check string, result Result, seen, fix string) {
	r.Checks = append(r.Checks, Row{check, result, seen, fix})
}

const (
	stepTime = 45 * time.Second // for one check of a store
	webTime  = 30 * time.Second // for one answer of a web server
	maxSkew  = time.Minute      // between two clocks that agree
	badSkew  = 15 * time.Minute // with which S3 refuses every request
)

// Examine examines the set-up. It goes on after a failure as far as it can.
func Examine(ctx context.Context, o Options) *Report {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: webTime}
	}
	e := &exam{Options: o, Report: &Report{ReadOnly: o.ReadOnly, KnownAll: true}, served: o.Channels}
	e.drop(ctx)
	e.site(ctx)
	e.web(ctx)
	return e.Report
}

// exam is one examination.
type exam struct {
	Options
	*Report
	served []string // channels to be looked at as they are served
}

// fail adds a row on an error of a place.
func (e *exam) fail(check string, p Place, err error) {
	seen, fix := Explain(err, p)
	e.Add(check, Fail, seen, fix)
}

// within runs one step, for which there is only so much time.
func within(ctx context.Context, step func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	return step(ctx)
}

// skew checks the other clock, of which what is known is at most slack old.
func (e *exam) skew(check string, other time.Time, slack time.Duration) {
	ahead := other.Sub(e.Now())
	off := ahead.Abs()
	if ahead < 0 {
		off = max(0, off-slack)
	}
	direction := "ahead of"
	if ahead < 0 {
		direction = "behind"
	}
	seen := fmt.Sprintf("its clock is %s %s this machine's", off.Round(time.Second), direction)
	const fix = "set this machine's clock by NTP; if it is right, the server's is wrong"
	switch {
	case off > badSkew:
		e.Add(check, Fail, seen, fix)
	case off > maxSkew:
		e.Add(check, Warning, seen, fix)
	default:
		e.Add(check, OK, "it agrees with this machine's", "")
	}
}

// notable is the first of the names, and how many more there are.
func notable(names []string) string {
	if len(names) <= 3 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), len(names)-3)
}

func isNotFound(err error) bool { return errors.Is(err, bucket.ErrNotFound) }
