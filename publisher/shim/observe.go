package shim

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/untrusted"
)

// maxRequestID is the length, in bytes, of the longest request id accepted from a
// client.
const maxRequestID = 128

// observed answers a request, logs it in one line and counts it, even if
// answering it panics.
func (s *Shim) observed(w http.ResponseWriter, r *http.Request, answerIt func(*answer, *http.Request) error) {
	start := time.Now()
	r = s.direct(r)
	id := requestID(r)
	r.Header.Set("X-Request-Id", id)
	w.Header().Set("X-Request-Id", id)
	a := &answer{ResponseWriter: w, patience: s.Patience}
	a.note.route = "none"
	s.answering.Add(1)
	defer func() {
		s.answering.Add(-1)
		s.observe(a, r, id, time.Since(start))
	}()
	defer func() {
		if p := recover(); p != nil {
			a.recovered(r, p, id)
		}
	}()
	if err := answerIt(a, r); err != nil {
		f := failureOf(r, err)
		s.drain(a, r, f)
		a.fail(r, f, id)
		return
	}
	s.hurry(a, r, s.Patience)
}

// recovered answers a request that made the shim panic.
func (a *answer) recovered(r *http.Request, p any, id string) {
	if p == http.ErrAbortHandler {
		panic(p) // makes the server close the connection, as intended
	}
	f := fail(http.StatusInternalServerError, "internal", "report this to the operator of this server, with the request id", "an internal error occurred")
	a.fail(r, f.because(fmt.Errorf("panic: %v\n%s", p, debug.Stack())), id)
}

// observe logs and counts a request that was answered.
func (s *Shim) observe(a *answer, r *http.Request, id string, took time.Duration) {
	n := a.note
	s.metrics.observe(n.route, r.Method, a.status, took)
	attrs := []slog.Attr{
		slog.String("id", id), slog.String("method", r.Method), slog.String("path", untrusted.Cut(r.URL.Path, 512)),
		slog.String("route", n.route), slog.Int("status", a.status), slog.Int64("bytes", a.bytes),
		slog.Float64("seconds", took.Seconds()), slog.String("remote", r.RemoteAddr),
	}
	for _, optional := range [][2]string{
		{"who", n.who}, {"channel", n.channel}, {"chart", n.chart}, {"version", n.version},
		{"action", n.action}, {"upload", n.upload}, {"rule", n.rule}, {"agent", untrusted.Cut(r.UserAgent(), 128)},
	} {
		if optional[1] != "" {
			attrs = append(attrs, slog.String(optional[0], optional[1]))
		}
	}
	if n.received > 0 {
		attrs = append(attrs, slog.Int64("received", n.received))
	}
	level := slog.LevelInfo
	if n.cause != nil {
		attrs = append(attrs, causes(n.cause)...)
		level = slog.LevelError
	}
	s.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

// causes are the attributes of an error in the log: the error, and what the client of a
// bucket says behind it.
func causes(err error) []slog.Attr {
	attrs := []slog.Attr{slog.String("error", err.Error())}
	if chains := bucket.Chains(err); len(chains) > 0 {
		attrs = append(attrs, slog.String("cause", strings.Join(chains, "; ")))
	}
	return attrs
}

// requestID returns the id that a proxy or the client gave the request, or a new
// one if that is missing or unusable.
func requestID(r *http.Request) string {
	id := r.Header.Get("X-Request-Id")
	printable := func(c rune) bool { return c > ' ' && c < 0x7f }
	if id == "" || len(id) > maxRequestID || strings.ContainsFunc(id, func(c rune) bool { return !printable(c) }) {
		return uuid.NewString()
	}
	return id
}

// direct returns the request as the client sent it to the first trusted proxy:
// with the client's address and scheme. If the request did not come from a trusted
// proxy, its X-Forwarded headers are ignored.
func (s *Shim) direct(r *http.Request) *http.Request {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || !s.trusted(host) {
		s.unknownProxy(r, host)
		r.Header.Del("X-Forwarded-Proto")
		r.Header.Del("X-Forwarded-Host")
		return r
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		hop = strings.TrimSpace(hop)
		if with, err := netip.ParseAddrPort(hop); err == nil { // some proxies add the port
			hop = with.Addr().String()
		}
		if _, err := netip.ParseAddr(hop); err != nil {
			break
		}
		host = hop
		if !s.trusted(hop) {
			break
		}
	}
	r = r.WithContext(r.Context()) // a copy, so that its address can be set
	r.RemoteAddr = net.JoinHostPort(host, "0")
	return r
}

// unknownProxy warns, once, of a header that only a proxy sets, from a peer that is not
// trusted. If that is a proxy, all clients behind it look like one, and share one
// allowance of uploads and of failed attempts to authenticate.
func (s *Shim) unknownProxy(r *http.Request, peer string) {
	for _, header := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip"} {
		if r.Header.Get(header) == "" {
			continue
		}
		s.warned.Do(func() {
			s.Log.Warn("a request has a header of a proxy, but does not come from a trusted one, so it is not believed; "+
				"if this peer is your proxy, name it with --trusted-proxy, or all clients behind it will count as one",
				"header", header, "peer", peer)
		})
		return
	}
}

func (s *Shim) trusted(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && slices.ContainsFunc(s.Proxies, func(p netip.Prefix) bool { return p.Contains(addr.Unmap()) })
}

// base returns the URL under which the client reached the shim's root, without a
// trailing slash.
func (s *Shim) base(r *http.Request) string {
	if s.PublicURL != nil {
		return strings.TrimSuffix(s.PublicURL.String(), "/")
	}
	scheme, host := "http", r.Host
	if r.TLS != nil {
		scheme = "https"
	}
	if proto := r.Header.Get("X-Forwarded-Proto"); proto == "http" || proto == "https" {
		scheme = proto
	}
	if forwarded := r.Header.Get("X-Forwarded-Host"); forwarded != "" {
		host = forwarded
	}
	return scheme + "://" + host
}
