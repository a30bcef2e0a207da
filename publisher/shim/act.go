package shim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
	"github.com/portolan-charts/portolan/publisher/untrusted"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// asked is the answer to a request for an action.
type asked struct {
	Message string      `json:"message"`
	ID      string      `json:"id"`
	Channel string      `json:"channel"`
	Kind    action.Kind `json:"kind"`
	Receipt string      `json:"receipt"`

	// Warnings say what is not published now as the action names it.
	Warnings []verdict.Warning `json:"warnings,omitempty"`
}

// maxActing is how many requests for actions are in memory at the same time, which takes
// some megabytes each if they are as large as they may be.
const maxActing = 8

// act takes a request for an action.
func (s *Shim) act(a *answer, r *http.Request, to *route, who *auth.Identity) error {
	party := who.Party()
	if f := s.uploads.take(party); f != nil {
		return s.countedAction(r, "", f)
	}
	defer s.uploads.giveBack(party)
	body, err := s.receiveAction(a, r)
	defer body.close()
	if err != nil {
		return s.countedAction(r, "", err)
	}
	end, err := s.acts(r.Context())
	if err != nil {
		return s.countedAction(r, "", err)
	}
	defer end()
	request, err := readAction(r, body)
	if err != nil {
		return s.countedAction(r, "", err)
	}
	a.note.action = request.Kind.String()
	if charts := request.Charts(); len(charts) == 1 {
		a.note.chart = untrusted.Cut(charts[0], maxFlat)
	}
	if len(request.Versions) == 1 {
		a.note.version = untrusted.Cut(request.Versions[0].Version, maxFlat)
	}
	taken, err := s.ask(a, r, to.channel, who, request)
	if err != nil {
		return s.countedAction(r, request.Kind, err)
	}
	taken.Receipt = s.base(r) + to.receipts() + taken.ID
	a.Header().Set("Location", taken.Receipt)
	return a.json(r, http.StatusAccepted, taken)
}

// acts waits until a request for an action may be in memory. Its end is to be called when
// it no longer is.
func (s *Shim) acts(ctx context.Context) (end func(), err error) {
	select {
	case s.acting <- struct{}{}:
		return func() { <-s.acting }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// receiveAction reads the body of a request for an action. The caller must close it, even
// if there is an error.
func (s *Shim) receiveAction(a *answer, r *http.Request) (*spool, error) {
	whole := &spool{}
	if r.ContentLength > action.MaxRequest {
		return whole, actionTooLarge()
	}
	body := s.paced(a, r, action.MaxRequest)
	err := whole.fillUpTo(body, action.MaxRequest, func(int64) *failure { return actionTooLarge() })
	s.received(a, body)
	if err != nil {
		return whole, s.broken(err, body, actionTooLarge())
	}
	return whole, nil
}

func actionTooLarge() *failure {
	return fail(http.StatusRequestEntityTooLarge, "action-size", "divide it", "the request for an action is larger than %d bytes, the most that is taken here", action.MaxRequest)
}

// readAction reads what is asked for. Who asks, the shim knows better.
func readAction(r *http.Request, body *spool) (action.Request, error) {
	b, err := io.ReadAll(body.reader())
	if err != nil {
		return action.Request{}, fmt.Errorf("%w: %v", errSpool, err)
	}
	if f := body.mistakenAction(); f != nil {
		return action.Request{}, f
	}
	request, err := action.Parse(b)
	if err != nil {
		return request, badAction(request.Kind, "%s", plainError(err))
	}
	if request.Requester != nil || request.RequestID != "" {
		return request, badAction(request.Kind, "requester and requestID are filled in here")
	}
	if request.From != "" && channelname.CheckOld(request.From) != nil {
		return request, badAction(request.Kind, "%.100q is not a channel", request.From)
	}
	request.RequestID = r.Header.Get("X-Request-Id")
	return request, nil
}

// badAction is the failure for what does not ask for an action. It shows how that is done.
func badAction(kind action.Kind, format string, args ...any) *failure {
	const pins = `"versions": [{"chart": "mychart", "version": "0.1.0", "digest": "SHA-256 OF THE ARCHIVE"}]`
	more, ok := map[action.Kind]string{
		action.Restore:     pins,
		action.Deprecate:   `"chart": "mychart", "reason": "use newchart", "successor": "newchart"`,
		action.Undeprecate: `"chart": "mychart"`,
		action.Promote:     `"from": "dev", ` + pins,
		action.Rollback:    `"generation": 41`,
	}[kind]
	if !ok {
		kind, more = action.Yank, pins+`, "reason": "it does not start"`
	}
	return fail(http.StatusBadRequest, "action", fmt.Sprintf(`send JSON, such as {"kind": "%s", %s}`, kind, more), format, args...)
}

// ask puts a request for an action into the inbox, if the caller may do that and it may
// succeed, and notes, counts and announces it.
func (s *Shim) ask(a *answer, r *http.Request, channel string, who *auth.Identity, request action.Request) (*asked, error) {
	warnings, err := s.consider(r.Context(), channel, who, &request)
	if err != nil {
		return nil, err
	}
	id, err := droparea.NewID()
	if err != nil {
		return nil, err
	}
	who = who.For(channel, request.Charts(), scopeOf(request.Kind))
	request.Requester = who.Uploader()
	request.Requester["client"] = untrusted.Cut(r.UserAgent(), 128)
	request.Requester["address"] = r.RemoteAddr
	// A client that goes away now has asked for everything, so it is done.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), submitTime)
	defer cancel()
	if err := droparea.Ask(ctx, s.Drop, channel, id, request); errors.Is(err, action.ErrTooLarge) {
		return nil, actionTooLarge()
	} else if err != nil {
		return nil, err
	}
	a.note.upload, a.note.who = id, who.String()
	s.metrics.actions.WithLabelValues(request.Kind.String(), "taken").Inc()
	s.Uploaded(channel)
	return &asked{Message: "202 Accepted", ID: id, Channel: channel, Kind: request.Kind, Warnings: warnings}, nil
}

// countedAction counts an action that was not taken, and returns the error.
func (s *Shim) countedAction(r *http.Request, kind action.Kind, err error) error {
	s.metrics.actions.WithLabelValues(kind.String(), failureOf(r, err).rule).Inc()
	return err
}

// scopeOf is what allows actions of a kind.
func scopeOf(kind action.Kind) auth.Action {
	switch kind {
	case action.Promote:
		return auth.Promote
	case action.Rollback:
		return auth.Rollback
	}
	return auth.Yank
}

// allowAction returns an error if the caller may not ask for this.
func allowAction(who *auth.Identity, channel string, request *action.Request) error {
	scope := scopeOf(request.Kind)
	if !who.May(scope, channel) {
		return denied(who, scope, channel, "")
	}
	for _, chart := range request.Charts() {
		if !who.MayChart(scope, channel, chart) {
			return denied(who, scope, channel, chart)
		}
	}
	if request.From != "" && !who.May(auth.Read, request.From) {
		return denied(who, auth.Read, request.From, "")
	}
	return nil
}

// mayAct reports whether the caller may ask for an action of some kind in the channel.
func mayAct(who *auth.Identity, channel string) bool {
	return who.May(auth.Yank, channel) || who.May(auth.Promote, channel) || who.May(auth.Rollback, channel)
}

// noActions returns the failure for a caller who may ask for no action at all.
func noActions(who *auth.Identity, channel string) *failure {
	if who.Anonymous() {
		return denied(who, auth.Yank, channel, "")
	}
	return fail(http.StatusForbidden, "forbidden",
		fmt.Sprintf("ask for a token with the scope %[2]s:%[1]s, or to promote %[3]s:%[1]s, or to roll back %[4]s:%[1]s", channel, auth.Yank, auth.Promote, auth.Rollback),
		"%s may not change what channel %s shows", who, channel)
}
