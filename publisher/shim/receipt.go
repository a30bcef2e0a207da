package shim

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

const (
	maxWaiting = 1024             // requests that may wait for a receipt at the same time
	maxWait    = 60 * time.Second // the longest that one request waits
	firstPoll  = 200 * time.Millisecond
	lastPoll   = 2 * time.Second
)

// undecided is the answer to a request for a receipt that is still to come.
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

// receipt answers with the receipt of an upload or action, with 202 while that waits for
// its verdict, or with 404 if there is neither.
func (s *Shim) receipt(a *answer, r *http.Request, to *route, who *auth.Identity) error {
	id := strings.ToLower(to.args[0])
	if uuid.Validate(id) != nil || len(id) != len(uuid.Nil.String()) {
		return fail(http.StatusBadRequest, "upload-id", "use the id from the answer to the upload", "%.60q is not an upload id", to.args[0])
	}
	wait, err := waitTime(r)
	if err != nil {
		return err
	}
	message := "there is no verdict yet"
	receipt, err := s.await(r, to.channel, id, wait, who.Party())
	switch {
	case errors.Is(err, droparea.ErrHidden):
		// With the least rights, the shim sees no difference. It must not tell those whose
		// upload waits that it is lost.
		message = "there is no verdict, or nothing with this id ever came: this server may not look into the inbox, and cannot tell"
	case errors.Is(err, bucket.ErrNotFound):
		return uploadUnknown(to.channel, id)
	case err != nil:
		return err
	case receipt != nil:
		if err := allowReceipt(who, receipt); err != nil {
			return err
		}
		a.note.upload = id
		return a.json(r, http.StatusOK, receipt)
	}
	a.Header().Set("Retry-After", "2")
	return a.json(r, http.StatusAccepted, undecided{id, to.channel, "waiting", message})
}

// uploadUnknown is the failure for an id under which there is nothing in a channel. Whether
// another channel has it is not said.
func uploadUnknown(channel, id string) *failure {
	return fail(http.StatusNotFound, "upload-unknown",
		fmt.Sprintf("compare the id and the channel with the answer to the upload; 'portolan uploads --since 90d %s' lists what was decided, and what never came can be sent again", channel),
		"channel %s has no upload or action %s: it never came, or 'portolan prune' has removed its receipt, which it does 30 days after the verdict unless told otherwise", channel, id)
}

// allowReceipt returns an error if the caller may not ask for what the receipt is about.
func allowReceipt(who *auth.Identity, receipt *droparea.Receipt) error {
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

// await looks for the receipt as [droparea.FindReceipt] does. If there may be something to
// wait for, it then polls for the receipt alone for up to wait, unless too many other
// requests are waiting, or too many of the party's.
func (s *Shim) await(r *http.Request, channel, id string, wait time.Duration, party string) (*droparea.Receipt, error) {
	receipt, hidden := droparea.FindReceipt(r.Context(), s.strict, channel, id)
	if receipt != nil || hidden != nil && !errors.Is(hidden, droparea.ErrHidden) || wait <= 0 || s.waiting.take(party) != nil {
		return receipt, hidden
	}
	defer s.waiting.giveBack(party)
	deadline := time.Now().Add(wait)
	for pause := firstPoll; ; pause = min(2*pause, lastPoll) {
		left := time.Until(deadline)
		if left <= 0 {
			return nil, hidden
		}
		select {
		case <-r.Context().Done():
			return nil, r.Context().Err()
		case <-s.ending.Done():
			return nil, hidden
		case <-time.After(min(left, pause)):
		}
		receipt, err := droparea.ReadReceiptIn(r.Context(), s.Drop, channel, id)
		if !errors.Is(err, bucket.ErrNotFound) {
			return receipt, err
		}
	}
}
