package testenv

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
)

// A Network is one in memory. In a bubble of package testing/synctest, where
// waiting takes no time, tests of what is slow do not depend on the machine; of
// the system's network synctest knows nothing.
type Network struct {
	dialed chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// Serve answers requests on a new network until the test ends.
func Serve(t testing.TB, h http.Handler) *Network {
	n := &Network{dialed: make(chan net.Conn), closed: make(chan struct{})}
	s := &http.Server{Handler: h}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Serve(n) }()
	t.Cleanup(func() { _ = s.Close(); <-ended })
	return n
}

// Transport makes requests to whatever host over the network, until the test ends.
func (n *Network) Transport(t testing.TB) *http.Transport {
	transport := &http.Transport{DialContext: n.DialContext}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// DialContext makes a connection, whatever the address.
func (n *Network) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case n.dialed <- theirs:
		return ours, nil
	case <-n.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (n *Network) Accept() (net.Conn, error) {
	select {
	case c := <-n.dialed:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (n *Network) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

// Addr implements net.Listener.
func (n *Network) Addr() net.Addr {
	c, _ := net.Pipe()
	return c.LocalAddr()
}
