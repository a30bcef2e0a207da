// Package doctor examines a set-up. It checks whether the drop area and the site can
// be used and keep the promises that portolan relies on, and whether the site is
// served so that Helm and browsers get what was published. For everything that is
// wrong, it says how to fix it.
//
// It is safe to run on a live set-up. It only writes objects whose names begin with
// [bucket.ProbePrefix], which nothing treats as an upload, channel or page, and it
// removes them again.
package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
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
	Channels   []string // empty means all channels of the site
	ReadOnly   bool     // write nothing, and skip the checks that need writing

	Now    func() time.Time // nil means time.Now
	Client *http.Client     // nil means one with a timeout of half a minute

	// Authorities may have signed the certificate of the web server; nil means the
	// system's. They are for the client that is made here.
	Authorities *x509.CertPool
}

// Place is a bucket or a folder. It is missing if its Store is nil.
type Place struct {
	Store  bucket.Store
	URL    string
	Folder string // its path, if it is a local folder
}

// Result is the result of a check.
type Result string

// The results.
const (
	OK      Result = "ok"
	Warning Result = "warning" // works, but not as it should
	Fail    Result = "FAIL"    // does not work
)

// Row is one check and what it found.
type Row struct {
	Check  string `json:"check"`
	Result Result `json:"result"`
	Seen   string `json:"seen"`
	Fix    string `json:"fix,omitempty"`
	Chain  string `json:"chain,omitempty"` // all that the client of a bucket says of a failure
}

// Report is what an examination found.
type Report struct {
	ReadOnly bool  `json:"readOnly"`
	Checks   []Row `json:"checks"`

	// Known are the channels that the site has, or that the inbox has uploads
	// for. KnownAll is false if not all of them could be listed.
	Known    []string `json:"-"`
	KnownAll bool     `json:"-"`
}

// Failed returns how many checks failed.
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
	r.Checks = append(r.Checks, Row{Check: check, Result: result, Seen: seen, Fix: fix})
}

const (
	stepTime = 45 * time.Second // for one check of a store
	webTime  = 30 * time.Second // for one answer of a web server
	maxSkew  = time.Minute      // clocks that differ by more get a warning
	badSkew  = 15 * time.Minute // S3 refuses every request above this
)

// Examine examines the set-up. After a failure, it continues as far as it can.
func Examine(ctx context.Context, o Options) *Report {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Client == nil {
		o.Client = newClient(o.Authorities)
	}
	e := &exam{Options: o, Report: &Report{ReadOnly: o.ReadOnly, KnownAll: true}, served: o.Channels}
	e.drop(ctx)
	e.site(ctx)
	e.web(ctx)
	return e.Report
}

func newClient(authorities *x509.CertPool) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{}
	}
	t.TLSClientConfig.RootCAs = authorities
	return &http.Client{Timeout: webTime, Transport: t}
}

// exam is one examination.
type exam struct {
	Options
	*Report
	served []string // channels to check as they are served

	examined bool // whether the host has been asked about what all registries have
}

// fail adds a row for an error of a place.
func (e *exam) fail(check string, p Place, err error) {
	seen, fix := Explain(err, p)
	e.Checks = append(e.Checks, Row{check, Fail, seen, fix, strings.Join(bucket.Chains(err), "; ")})
}

// within runs one step, for at most stepTime.
func within(ctx context.Context, step func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	return step(ctx)
}

// skew checks another clock against this machine's. The other time was read up to
// slack ago.
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

// notable returns the first few names, and how many more there are.
func notable(names []string) string {
	if len(names) <= 3 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), len(names)-3)
}

func isNotFound(err error) bool { return errors.Is(err, bucket.ErrNotFound) }
