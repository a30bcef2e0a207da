package shim

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

// Options says what a shim works on. The zero value of every field but Drop,
// Auth and Rules works.
type Options struct {
	Drop bucket.Store
	Site bucket.Store // nil serves no site, and judges no upload by what is published
	Auth *auth.Authoriser
	Rules

	Projects    []string // whose channels lie at the site's root
	RootChannel string   // what is meant where no channel is named; "" means stable
	PublicURL   *url.URL // where clients reach the shim's root; nil means where they say they did
	Proxies     []netip.Prefix

	MaxUploads int           // received at the same time; 0 means 256
	MinRate    int           // bytes a second that an upload must come with; 0 means 1,024
	Patience   time.Duration // over which MinRate is measured, and for a reader to take the next bytes; 0 means 20 s

	Uploaded func(channel string) // is told of each upload that was taken
	Log      *slog.Logger         // nil means none
}

// Rules are what the generator knows and the shim does not: what makes a chart
// a good one.
type Rules struct {
	// Check reads an upload to a channel; what there is none of is nil. A
	// fault of it is a *Refusal, any other error is a reader's.
	Check func(channel string, chart, prov io.Reader) (*publisher.Offer, error)

	// Judge returns what judges uploads to a channel by what is published.
	Judge func(channel string, index *publisher.Index) Judge

	// MaxArchive is how many bytes an archive may have.
	MaxArchive func(channel string) int64
}

// Judge says why an upload would be rejected as things stand, with a *Refusal;
// nil if it would not. Any other error is one of the site.
type Judge func(ctx context.Context, o *publisher.Offer, force bool) error

// Refusal is a fault of an upload.
type Refusal struct {
	Rule    string // stable code
	Message string // a sentence that names the thing and the rule
	Fix     string
}

// Error returns the message.
func (r *Refusal) Error() string { return r.Message }

const (
	defaultUploads  = 256
	defaultRate     = 1 << 10
	defaultPatience = 20 * time.Second

	// maxProv is what is received of a provenance file: more than is accepted,
	// so that the checker says why.
	maxProv = 2 << 20
)

// Shim answers requests. Use [New].
type Shim struct {
	Options
	origins   *http.CrossOriginProtection
	compress  func(http.Handler) http.HandlerFunc
	views     *views // nil if there is no site
	metrics   *metrics
	probe     *probe
	uploads   chan struct{} // one for each that is being received
	checks    chan struct{} // one for each that is being checked
	waiting   chan struct{} // one for each request that holds on for a receipt
	ending    context.Context
	answering atomic.Int64 // requests
	end       context.CancelFunc
}

// New returns a shim. It reads nothing yet.
func New(o Options) *Shim {
	o.RootChannel = cmp.Or(o.RootChannel, "stable")
	o.MaxUploads = cmp.Or(o.MaxUploads, defaultUploads)
	o.MinRate = cmp.Or(o.MinRate, defaultRate)
	o.Patience = cmp.Or(o.Patience, defaultPatience)
	if o.Uploaded == nil {
		o.Uploaded = func(string) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Drop = &unlisted{Store: o.Drop, log: o.Log}
	if o.Site != nil {
		o.Site = &unlisted{Store: o.Site, log: o.Log}
	}
	s := &Shim{
		Options: o,
		probe:   &probe{stores: []bucket.Store{o.Drop}},
		uploads: make(chan struct{}, o.MaxUploads),
		checks:  make(chan struct{}, runtime.GOMAXPROCS(0)),
		waiting: make(chan struct{}, maxWaiting),
	}
	s.metrics, s.compress, s.origins = newMetrics(s), compressing(), http.NewCrossOriginProtection()
	s.ending, s.end = context.WithCancel(context.Background())
	if o.Site != nil {
		s.views = newViews(o.Site, o.Judge)
		s.probe.stores = append(s.probe.stores, o.Site)
	}
	return s
}

// ServeHTTP answers one request.
func (s *Shim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.observed(w, r, func(a *answer, r *http.Request) error {
		if err := s.origins.Check(r); err != nil {
			return fail(http.StatusForbidden, "cross-origin", "upload from a program, such as curl or helm", "a web page of another site may not upload with its reader's rights")
		}
		route, err := s.route(r)
		if err != nil {
			return err
		}
		a.note.route, a.note.channel = route.kind.String(), route.channel
		return s.handle(a, r, route)
	})
}

// Published tells the shim that the site has just changed, so that the next
// request sees it.
func (s *Shim) Published() {
	if s.views != nil {
		s.views.expire()
	}
}

// End makes requests that hold on for a receipt answer at once.
func (s *Shim) End() { s.end() }

// handle authorises a request and answers it.
func (s *Shim) handle(a *answer, r *http.Request, to *route) error {
	if to.kind.open() {
		return s.handleOpen(a, r, to)
	}
	who, err := s.identify(r)
	if err != nil {
		return err
	}
	a.note.who, a.private = who.String(), !who.Anonymous()
	if err := to.allow(r, who); err != nil {
		return err
	}
	switch to.kind {
	case kindCharts, kindProv:
		return s.upload(a, r, to, who)
	case kindReceipt:
		return s.receipt(a, r, to, who)
	}
	if s.Site == nil {
		return s.siteless(a, r, to, who)
	}
	switch to.kind {
	case kindList:
		return s.list(a, r, to)
	case kindIndex:
		return s.index(a, r, to, who)
	case kindFlat:
		return s.flat(a, r, to)
	}
	return s.file(a, r, to.path)
}

// handleOpen answers what anybody may ask.
func (s *Shim) handleOpen(a *answer, r *http.Request, to *route) error {
	switch {
	case to.kind == kindHealth:
		return s.health(a, r, to)
	case s.Site == nil:
		return s.siteless(a, r, to, nil)
	}
	return s.file(a, r, to.path)
}
