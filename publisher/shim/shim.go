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
	"sync"
	"sync/atomic"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// Options configures a shim. Drop, Auth and Rules are required; the zero value of
// every other field works.
type Options struct {
	Drop bucket.Store
	Site bucket.Store // if nil, the shim serves no site, and does not compare uploads with what is published
	Auth *auth.Authoriser
	Rules

	Version     string         // what /info says
	Projects    []string       // GitLab projects whose channels are at the site's root
	RootChannel string         // the channel of URLs that name none; "" means stable
	PublicURL   *url.URL       // where clients reach the shim's root; nil means to tell from each request
	Stripped    bool           // a proxy removes PublicURL's path from requests; otherwise they must have it
	Unstripped  bool           // it is certain that no proxy does; otherwise a path that could mean two channels is refused
	Local       bool           // only names of this machine and PublicURL's are taken for the shim's, because it lets everybody in who can reach its loopback address
	Proxies     []netip.Prefix // trusted proxies, whose X-Forwarded headers count

	MaxUploads int           // uploads received at the same time, of which one party has at most half; 0 means 256
	MinRate    int           // slowest upload, in bytes a second, while half of these places are free; 0 means 1,024
	Patience   time.Duration // the time over which MinRate is measured, and in which a client must read the next 32 KiB; 0 means 20 s

	Uploaded func(channel string) // called after each upload or action that was taken
	Log      *slog.Logger         // nil logs nothing
}

// Rules are the generator's rules for charts. The shim itself has none.
type Rules struct {
	// Check reads an upload to a channel. The reader of a file that was not
	// uploaded is nil. If the upload breaks a rule, the error is a *Refusal;
	// any other error comes from a reader.
	Check func(channel string, chart, prov io.Reader) (*droparea.Offer, error)

	// CheckAction reads a request for an action in a channel; nil finds all of them good. If
	// the generator would refuse it, whatever is published, the error is a *Refusal.
	CheckAction func(channel string, request *action.Request) error

	// Judge returns the judge of a channel with this head.
	Judge func(channel string, head *publisher.Head) Judge

	// MaxArchive returns the size, in bytes, of the largest archive that a
	// channel takes.
	MaxArchive func(channel string) int64

	// OCI reports whether a channel can be read as an OCI registry; nil means that
	// none can.
	OCI func(channel string) bool
}

// Judge says what the generator would say of uploads and actions because of what is
// published in a channel. An error is a *Refusal, or means that the site could not be read.
type Judge struct {
	Upload func(ctx context.Context, o *droparea.Offer, force bool) error

	// Action judges an action in the channel, and Source one that promotes from it. What
	// may still come before the action is decided is only a warning. Nil finds all good.
	Action, Source func(request *action.Request) ([]verdict.Warning, error)
}

// Refusal is the rule that an upload breaks.
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

	// maxProv is how many bytes of a provenance file are received. It is more
	// than the checker accepts, so that the checker explains its limit.
	maxProv = 2 << 20
)

// Shim answers requests. Use [New].
type Shim struct {
	Options
	strict     bucket.Store // the drop area, in which what is denied is not taken for missing
	origins    *http.CrossOriginProtection
	compress   func(http.Handler) http.HandlerFunc
	views      *views // nil if there is no site
	metrics    *metrics
	probe      *probe
	uploads    *places
	inventions *inventions
	pushes     *pushes
	checks     chan struct{} // holds one for each upload being checked
	tags       chan struct{} // holds one for each manifest whose upload is being made
	acting     chan struct{} // holds one for each request for an action that is in memory
	waiting    *places       // for requests that wait for a receipt
	zipping    chan struct{} // holds one for each file being compressed
	ending     context.Context
	answering  atomic.Int64 // requests being answered
	warned     sync.Once    // of an unknown proxy
	end        context.CancelFunc
}

// New returns a shim. It does not access the stores yet.
func New(o Options) *Shim {
	o.RootChannel = cmp.Or(o.RootChannel, "stable")
	o.MaxUploads = cmp.Or(o.MaxUploads, defaultUploads)
	o.MinRate = cmp.Or(o.MinRate, defaultRate)
	o.Patience = cmp.Or(o.Patience, defaultPatience)
	if o.Uploaded == nil {
		o.Uploaded = func(string) {}
	}
	if o.CheckAction == nil {
		o.CheckAction = func(string, *action.Request) error { return nil }
	}
	if o.OCI == nil {
		o.OCI = func(string) bool { return false }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	pushes, strict := newPushes(o.Drop), o.Drop
	o.Drop = &unlisted{Store: o.Drop, log: o.Log}
	if o.Site != nil {
		o.Site = &unlisted{Store: o.Site, log: o.Log}
	}
	s := &Shim{
		Options:    o,
		strict:     strict,
		probe:      &probe{stores: []bucket.Store{o.Drop}},
		uploads:    newPlaces(o.MaxUploads),
		inventions: newInventions(o.Site != nil),
		pushes:     pushes,
		tags:       make(chan struct{}, maxTags),
		acting:     make(chan struct{}, maxActing),
		checks:     make(chan struct{}, runtime.GOMAXPROCS(0)),
		waiting:    newPlaces(maxWaiting),
		zipping:    make(chan struct{}, maxZipping),
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
		a.registry = publisher.InRegistry(r.URL.Path)
		if s.Local && !localHost(r, s.PublicURL) {
			return notLocal(r)
		}
		if err := s.origins.Check(r); err != nil {
			return fail(http.StatusForbidden, "cross-origin", "upload with a program, such as curl or helm", "web pages of other sites may not upload with the rights of the browser's user")
		}
		route, err := s.route(r)
		if err != nil {
			return err
		}
		a.note.route, a.note.channel = route.kind.String(), route.channel
		return s.handle(a, r, route)
	})
}

// Published tells the shim that the site has changed, so that the next request
// reads it again.
func (s *Shim) Published() {
	if s.views != nil {
		s.views.expire()
	}
}

// Receiving returns how many uploads are under way.
func (s *Shim) Receiving() int { return s.uploads.inUse() }

// End makes the shim answer requests that wait for a receipt at once.
func (s *Shim) End() { s.end() }

// handle authorises a request and answers it.
func (s *Shim) handle(a *answer, r *http.Request, to *route) error {
	switch {
	case to.kind == kindPing:
		return s.ping(a, r)
	case to.kind.open():
		return s.handleOpen(a, r, to)
	}
	who, err := s.identify(r)
	if err != nil {
		return err
	}
	a.note.who, a.private = who.String(), !who.Anonymous()
	if err := to.allow(who); err != nil {
		return err
	}
	if err := s.doubt(r, to, who); err != nil {
		return err
	}
	switch to.kind {
	case kindCharts, kindProv:
		return s.upload(a, r, to, who)
	case kindAction:
		return s.act(a, r, to, who)
	case kindDelete:
		return s.delete(a, r, to, who)
	case kindReceipt:
		return s.receipt(a, r, to, who)
	case kindRegistry:
		return s.readRegistry(a, r, to, who)
	case kindBlob, kindManifest:
		return s.push(a, r, to, who)
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

// handleOpen answers requests that need no credentials.
func (s *Shim) handleOpen(a *answer, r *http.Request, to *route) error {
	switch {
	case to.kind == kindHealth:
		return s.health(a, r, to)
	case to.kind == kindInfo:
		return a.json(r, http.StatusOK, map[string]string{"version": s.Version}) // as ChartMuseum says it
	case s.Site == nil:
		return s.siteless(a, r, to, nil)
	}
	return s.file(a, r, to.path)
}
