package shim

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

const (
	maxWaiting = 1024             // requests that may wait for a receipt at the same time
	maxWait    = 60 * time.Second // the longest that one request waits
	firstPoll  = 200 * time.Millisecond
	lastPoll   = 2 * time.Second
)

// undecided is the answer to a request for a receipt that does not exist yet.
type undecided struct {
	ID      string `json:"id"`
	Channel string `json:"channel"`
	Verdict string `json:"verdict"`
	Message string `json:"message"`
}

// receipts returns the encoded path of the route's receipts, relative to the public URL.
func (to *route) receipts() string {
	base := ""
	if to.project != "" {
		base = "/api/v4/projects/" + url.PathEscape(to.project) + "/packages/helm"
	}
	return base + "/api/" + strings.TrimPrefix(to.channel, to.prefix) + "/uploads/"
}

// receipt answers with the receipt of an upload or action, or with 202 until it exists.
func (s *Shim) receipt(a *answer, r *http.Request, to *route, who *auth.Identity) error {
	id := strings.ToLower(to.args[0])
	if uuid.Validate(id) != nil || len(id) != len(uuid.Nil.String()) {
		return fail(http.StatusBadRequest, "upload-id", "use the id from the answer to the upload", "%.60q is not an upload id", to.args[0])
	}
	wait, err := waitTime(r)
	if err != nil {
		return err
	}
	receipt, err := s.await(r, to.channel, id, wait, who.Party())
	if err != nil {
		return err
	}
	if receipt == nil {
		a.Header().Set("Retry-After", "2")
		return a.json(r, http.StatusAccepted, undecided{id, to.channel, "waiting", "there is no verdict yet"})
	}
	if err := allowReceipt(who, receipt); err != nil {
		return err
	}
	a.note.upload = id
	return a.json(r, http.StatusOK, receipt)
}

// allowReceipt returns an error if the caller may not ask for what the receipt is about.
func allowReceipt(who *auth.Identity, receipt *publisher.Receipt) error {
	switch {
	case receipt.Action != nil:
		return allowAction(who, receipt.Channel, receipt.Action)
	case !who.May(auth.Write, receipt.Channel):
		return denied(who, auth.Write, receipt.Channel, "")
	case receipt.Chart != "" && !who.MayChart(auth.Write, receipt.Channel, receipt.Chart):
		return denied(who, auth.Write, receipt.Channel, receipt.Chart)
	}
	return nil
}

func waitTime(r *http.Request) (time.Duration, error) {
	text := r.URL.Query().Get("wait")
	if text == "" {
		return 0, nil
	}
	wait, err := time.ParseDuration(text)
	if err != nil || wait < 0 {
		return 0, fail(http.StatusBadRequest, "wait", "write it like ?wait=30s", "%.40q is not a time to wait", text)
	}
	return min(wait, maxWait), nil
}

// await polls for the receipt for up to wait, and returns nil if none has come.
// If too many other requests are waiting, or too many of the party's, it looks only once.
func (s *Shim) await(r *http.Request, channel, id string, wait time.Duration, party string) (*publisher.Receipt, error) {
	if wait > 0 {
		if s.waiting.take(party) == nil {
			defer s.waiting.giveBack(party)
		} else {
			wait = 0
		}
	}
	deadline := time.Now().Add(wait)
	for pause := firstPoll; ; pause = min(2*pause, lastPoll) {
		receipt, err := publisher.ReadReceipt(r.Context(), s.Drop, id)
		switch {
		case err == nil && receipt.Channel == channel:
			return receipt, nil
		case err != nil && !errors.Is(err, bucket.ErrNotFound):
			return nil, err
		}
		left := time.Until(deadline)
		if left <= 0 || err == nil { // a receipt of another channel: waiting is no use
			return nil, nil
		}
		select {
		case <-r.Context().Done():
			return nil, r.Context().Err()
		case <-s.ending.Done():
			return nil, nil
		case <-time.After(min(left, pause)):
		}
	}
}
