package shim

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	headerTime = 10 * time.Second // for a client to say what it wants
	idleTime   = 2 * time.Minute
	maxHeader  = 32 << 10 // bytes
)

// ErrBrokenOff is what Serve ends with if some requests took too long to end.
var ErrBrokenOff = errors.New("some requests were not finished in time, and were broken off")

// Serve answers on the listener until the context ends. Then it takes no more
// requests, finishes those under way, for at most the grace time, and returns.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger, grace time.Duration) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s, isShim := h.(*Shim)
	if isShim {
		s.End()
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := server.Shutdown(limit); err != nil {
		idle := isShim && s.answering.Load() == 0 // of connections that ask for nothing
		server.Close()
		if !idle {
			return ErrBrokenOff
		}
	}
	return nil
}

// Certificate is a TLS certificate in two files, which are read again when they
// change. One that is no good then leaves the last good one in use.
type Certificate struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate
	looked time.Time
	state  [2]fileState
}

// fileState tells one version of a file from another.
type fileState struct {
	modified time.Time
	size     int64
}

// LoadCertificate reads a certificate and its key.
func LoadCertificate(cert, key string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{cert: cert, key: key, log: log}
	return c, c.load()
}

// Config is the configuration of a TLS server with the certificate.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current(), nil },
	}
}

func (c *Certificate) load() error {
	state := c.states()
	loaded, err := tls.LoadX509KeyPair(c.cert, c.key)
	c.looked, c.state = time.Now(), state
	if err == nil {
		c.loaded = &loaded
	}
	return err
}

func (c *Certificate) states() (state [2]fileState) {
	for i, name := range []string{c.cert, c.key} {
		if info, err := os.Stat(name); err == nil {
			state[i] = fileState{info.ModTime(), info.Size()}
		}
	}
	return state
}

// current is the certificate to be used now.
func (c *Certificate) current() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < time.Second {
		return c.loaded
	}
	c.looked = time.Now()
	if c.states() != c.state {
		if err := c.load(); err != nil {
			c.log.Error("the new TLS certificate cannot be used; the last good one stays", "error", err)
		}
	}
	return c.loaded
}
