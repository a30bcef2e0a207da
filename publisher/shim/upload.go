package shim

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
	"github.com/portolan-charts/portolan/publisher/untrusted"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// taken is the answer to an upload.
type taken struct {
	Message  string            `json:"message"`
	Saved    bool              `json:"saved"` // as ChartMuseum says it
	ID       string            `json:"id"`
	Channel  string            `json:"channel"`
	Name     string            `json:"name,omitempty"`
	Version  string            `json:"version,omitempty"`
	Digest   string            `json:"digest,omitempty"`
	Receipt  string            `json:"receipt"`
	Warnings []verdict.Warning `json:"warnings,omitempty"`
}

// upload takes a chart, a provenance file, or both.
func (s *Shim) upload(a *answer, r *http.Request, to *route, who *auth.Identity) error {
	party := who.Party()
	if f := s.uploads.take(party); f != nil {
		return s.counted(r, f)
	}
	defer s.uploads.giveBack(party)
	p, err := s.receive(a, r, to)
	defer p.close()
	if err != nil {
		return s.counted(r, err)
	}
	u := &uploading{Shim: s, parts: p, who: who, channel: to.channel, force: forced(r)}
	id, err := s.accept(a, r, u)
	if err != nil {
		return s.counted(r, err)
	}
	receipt := s.base(r) + to.receipts() + id
	a.Header().Set("Location", receipt)
	return a.json(r, http.StatusCreated, taken{
		Message: "201 Created", Saved: true, ID: id, Channel: to.channel, Receipt: receipt,
		Name: u.offer.Name, Version: u.offer.Version, Digest: u.offer.Digest, Warnings: u.offer.Warnings,
	})
}

// accept takes an upload, and notes, counts and announces it.
func (s *Shim) accept(a *answer, r *http.Request, u *uploading) (id string, err error) {
	id, err = u.take(r)
	if u.offer != nil {
		a.note.chart, a.note.version = u.offer.Name, u.offer.Version
	}
	if err != nil {
		return "", err
	}
	a.note.upload, a.note.who = id, u.allowed().String()
	s.metrics.uploads.WithLabelValues("taken").Inc()
	s.Uploaded(u.channel)
	return id, nil
}

// counted counts an upload that was not taken, and returns the error.
func (s *Shim) counted(r *http.Request, err error) error {
	s.metrics.uploads.WithLabelValues(failureOf(r, err).rule).Inc()
	return err
}

// forced reports whether a request asks to replace a final version.
func forced(r *http.Request) bool {
	values, ok := r.URL.Query()["force"]
	if !ok {
		return false
	}
	force, err := strconv.ParseBool(values[0])
	return force || err != nil // "?force" alone counts, as with ChartMuseum
}

// uploading is an upload on its way into the inbox.
type uploading struct {
	*Shim
	parts   *parts
	pushed  *pushed // nil unless it was pushed to the registry
	who     *auth.Identity
	channel string
	force   bool
	offer   *droparea.Offer // nil until the upload is checked
}

// take checks the upload and puts it into the inbox.
func (u *uploading) take(r *http.Request) (id string, err error) {
	if err := u.check(r); err != nil {
		return "", err
	}
	if err := u.allow(); err != nil {
		return "", err
	}
	v, exists, err := u.look(r.Context(), u.channel)
	if err != nil {
		return "", err
	}
	if err := u.invent(u.who, auth.Write, u.channel, exists); err != nil { // before judging a new channel lists the site
		return "", err
	}
	if err := u.judge(r.Context(), v); err != nil {
		return "", err
	}
	return u.submit(r)
}

// check reads the upload as the generator will. Only a few uploads are checked at
// a time, which bounds the cost.
func (u *uploading) check(r *http.Request) error {
	select {
	case u.checks <- struct{}{}:
		defer func() { <-u.checks }()
	case <-r.Context().Done():
		return r.Context().Err()
	}
	offer, err := u.Check(u.channel, u.parts.chart.reader(), u.parts.prov.reader())
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return refused(http.StatusUnprocessableEntity, u.parts.mistaken(r, refusal))
	}
	if err != nil {
		return err
	}
	u.offer = offer
	if u.pushed != nil {
		return u.pushed.check(u.channel, offer)
	}
	return nil
}

// allow returns an error if the caller may not upload this chart. If its name is
// not certain, the caller must be allowed to upload every name it may have.
func (u *uploading) allow() error {
	for _, name := range u.offer.Names {
		if !u.who.MayChart(auth.Write, u.channel, name) {
			return denied(u.who, auth.Write, u.channel, name)
		}
	}
	return nil
}

// allowed returns the caller's identity, reduced to what allows this upload, so
// that the log and the receipt show which rule did.
func (u *uploading) allowed() *auth.Identity {
	actions := []auth.Action{auth.Write}
	if u.force {
		actions = append(actions, auth.Force)
	}
	return u.who.For(u.channel, u.offer.Names, actions...)
}

// mayForce reports whether the caller may replace a final version of the chart.
func (u *uploading) mayForce() bool {
	for _, name := range u.offer.Names {
		if !u.who.MayChart(auth.Force, u.channel, name) {
			return false
		}
	}
	return true
}

const (
	// submitTime limits how long it may take to write an upload to the drop
	// area, and readTime to read an index from the site. Clients give up ('helm
	// cm-push' after half a minute) long before the stores' own timeouts, which
	// suit jobs.
	submitTime = 25 * time.Second
	readTime   = 10 * time.Second
)

// look returns what is published in the channel, and whether it is on the site. The view is
// nil if there is no site to look at, or the index is damaged, which publishing repairs.
func (s *Shim) look(ctx context.Context, channel string) (v *view, exists bool, err error) {
	if s.Site == nil {
		return nil, false, nil
	}
	v, err = s.views.get(ctx, channel)
	if errors.Is(err, errDamaged) {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, err
	}
	return v, v.known, nil
}

// judge returns an error if the generator would reject the upload because of what
// is published.
func (u *uploading) judge(ctx context.Context, v *view) error {
	asked := u.force
	u.force = asked && u.mayForce()
	unsigned := (*Refusal)(u.offer.Signature)
	if v == nil {
		return unsigned.failure()
	}
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	err := v.judge.Upload(ctx, u.offer, u.force)
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	if unsigned != nil && refusal.Rule == unsigned.Rule {
		return unsigned.failure()
	}
	f := refused(http.StatusConflict, refusal)
	if asked && !u.force {
		f.hint += "; to force it, ask for the scope " + string(auth.Force) + ":" + u.channel
	}
	return f
}

// failure is the answer to an upload that breaks a rule by itself; nil if it breaks none.
func (r *Refusal) failure() error {
	if r == nil {
		return nil
	}
	return refused(http.StatusUnprocessableEntity, r)
}

// submit puts the upload into the inbox.
func (u *uploading) submit(r *http.Request) (id string, err error) {
	if id, err = droparea.NewID(); err != nil {
		return "", err
	}
	uploader := u.allowed().Uploader()
	uploader["client"] = untrusted.Cut(r.UserAgent(), 128)
	uploader["address"] = r.RemoteAddr
	file := u.offer.File
	if u.parts.chart == nil {
		file += ".prov"
	}
	// A client that goes away now has sent everything, so its upload is kept.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), submitTime)
	defer cancel()
	request := droparea.Request{File: file, Force: u.force, RequestID: r.Header.Get("X-Request-Id"), Uploader: uploader}
	if u.pushed != nil {
		request.Manifest, request.Config = string(u.pushed.bytes), string(u.pushed.config)
	}
	return id, droparea.Submit(ctx, u.Drop, u.channel, id, droparea.Submission{
		Chart: u.parts.chart.body(), Prov: u.parts.prov.body(), Request: request,
	})
}
