package shim

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

// failure is an error and how it is answered.
type failure struct {
	status  int
	rule    string // stable code
	message string // a sentence
	hint    string // what to do about it
	code    string // of the distribution specification, see registryCode; "" follows from the status
	header  http.Header
	cause   error // for the log only: it may name things that are not public
}

func (f *failure) Error() string {
	if f.cause != nil {
		return f.message + ": " + f.cause.Error()
	}
	return f.message
}

func (f *failure) Unwrap() error { return f.cause }

// sentence returns the message, and what to do about it.
func (f *failure) sentence() string {
	if f.hint == "" {
		return f.message
	}
	return f.message + "; " + f.hint
}

// fail makes a failure. The hint may be empty.
func fail(status int, rule, hint, format string, args ...any) *failure {
	return &failure{status: status, rule: rule, hint: hint, message: fmt.Sprintf(format, args...)}
}

// with adds a header to the answer.
func (f *failure) with(name, value string) *failure {
	if f.header == nil {
		f.header = http.Header{}
	}
	f.header.Set(name, value)
	return f
}

// coded sets the code that clients of a registry are told.
func (f *failure) coded(code string) *failure {
	f.code = code
	return f
}

// after tells the client how long to wait before it tries again.
func (f *failure) after(d time.Duration) *failure {
	return f.with("Retry-After", strconv.Itoa(max(1, int((d+time.Second-1)/time.Second))))
}

// because sets the cause, for the log.
func (f *failure) because(err error) *failure {
	f.cause = err
	return f
}

// statusGone is the status logged when the client did not wait for the answer.
// nginx uses the same.
const statusGone = 499

// failureOf returns the failure for any error that ended a request.
func failureOf(r *http.Request, err error) *failure {
	if f := (*failure)(nil); errors.As(err, &f) {
		return f
	}
	if r.Context().Err() != nil {
		return fail(statusGone, "gone", "", "the client has gone")
	}
	return storeFailure(err)
}

// storeFailure returns the failure for a bucket that does not answer, or that
// refuses the shim.
func storeFailure(err error) *failure {
	return fail(http.StatusServiceUnavailable, "store", "try again; if this keeps failing, tell the operator of this server",
		"the storage behind this server does not answer").because(err).after(storePause)
}

const (
	busyPause  = time.Second     // how long clients should wait when there are too many uploads
	storePause = 5 * time.Second // and when a store or the disk fails
)

// refused returns the failure for a refused upload.
func refused(status int, r *Refusal) *failure {
	return fail(status, r.Rule, r.Fix, "%s", r.Message)
}

// identify finds out who sends a request.
func (s *Shim) identify(r *http.Request) (*auth.Identity, error) {
	who, err := s.Auth.Identify(r)
	var throttled auth.Throttled
	var unavailable *auth.Unavailable
	switch {
	case err == nil:
		return who, nil
	case errors.As(err, &throttled):
		s.metrics.refusedLogins.Inc()
		return nil, fail(http.StatusTooManyRequests, "attempts", "wait, and check the credentials", "%s", throttled).after(throttled.RetryAfter)
	case errors.Is(err, auth.ErrCredentials):
		s.metrics.refusedLogins.Inc()
		return nil, unauthorized("check the user name and the token or password", err.Error())
	case errors.As(err, &unavailable):
		return nil, fail(http.StatusServiceUnavailable, "issuer", "try again; if this keeps failing, tell the operator of this server", "%s", unavailable).because(errors.Join(err, errors.Unwrap(unavailable))).after(unavailable.RetryAfter())
	}
	return nil, err
}

// denied returns the failure for a caller who may not take an action: 401 if the
// caller sent no credentials, since those may help, and 403 otherwise.
func denied(who *auth.Identity, a auth.Action, channel, chart string) *failure {
	what := map[auth.Action]string{
		auth.Read: "read", auth.Write: "upload to", auth.Force: "force uploads to",
		auth.Yank: "yank or deprecate what is in", auth.Promote: "promote to", auth.Rollback: "roll back",
	}[a]
	where := "the site's pages"
	if channel != "" {
		where = "channel " + channel
	}
	if who.Anonymous() {
		return unauthorized("send a token or a password, as in 'curl --user NAME:TOKEN', 'helm repo add --username NAME --password TOKEN' or 'helm registry login'",
			fmt.Sprintf("nobody may %s %s without credentials", what, where))
	}
	if chart != "" {
		verb, to := "upload", "to"
		switch a {
		case auth.Yank:
			verb, to = "yank or deprecate", "in"
		case auth.Promote:
			verb = "promote"
		}
		return fail(http.StatusForbidden, "forbidden", "ask for a token that may "+verb+" this chart", "%s may not %s a chart called %.100q %s %s", who, verb, chart, to, where)
	}
	return fail(http.StatusForbidden, "forbidden", fmt.Sprintf("ask for a token with the scope %s:%s", a, channel), "%s may not %s %s", who, what, where)
}

func unauthorized(hint, message string) *failure {
	return fail(http.StatusUnauthorized, "credentials", hint, "%s", message).with("WWW-Authenticate", `Basic realm="portolan", charset="UTF-8"`)
}
