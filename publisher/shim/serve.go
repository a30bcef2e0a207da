package shim

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/portolan-charts/portolan/publisher/shim/reread"
)

const (
	headerTime = 10 * time.Second // for a client to send its header
	idleTime   = 2 * time.Minute
	maxHeader  = 32 << 10 // bytes
)

// ErrBrokenOff is returned by Serve if it had to abort requests that did not
// finish within the grace time.
var ErrBrokenOff = errors.New("some requests did not finish in time and were aborted")

// Serve answers requests on the listener until the context ends. It then accepts no
// more, gives those under way up to the grace time to finish, and returns.
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
		idle := isShim && s.answering.Load() == 0 // the connections left have no request under way
		server.Close()
		if !idle {
			return ErrBrokenOff
		}
	}
	return nil
}

// Certificate is a TLS certificate in two files, which are read again when they
// change. If the new certificate is bad, the last good one stays in use.
type Certificate struct {
	loaded reread.Value[*tls.Certificate]
}

// LoadCertificate reads a certificate and its key.
func LoadCertificate(cert, key string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{reread.Value[*tls.Certificate]{
		Read: func(*tls.Certificate) (*tls.Certificate, []reread.Stamp, error) {
			stamps := []reread.Stamp{reread.StampOf(cert), reread.StampOf(key)}
			loaded, err := tls.LoadX509KeyPair(cert, key)
			return &loaded, stamps, err
		},
		Changed: func(_ *tls.Certificate, err error) {
			if err != nil {
				log.Error("the new TLS certificate cannot be used; the last good one stays in use", "error", err)
			}
		},
		Now: time.Now,
	}}
	return c, c.loaded.Load()
}

// Config returns the configuration of a TLS server that uses the certificate.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.loaded.Get(), nil },
	}
}
