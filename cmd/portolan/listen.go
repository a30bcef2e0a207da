package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
)

// checkAddress refuses a flag's value that is not an address to listen on.
func (f *flags) checkAddress(flag string) error {
	address := f.Lookup(flag).Value.String()
	if _, _, err := net.SplitHostPort(address); err != nil {
		return hint(usagef("%s: %q is not an address to listen on", f.given[flag], address),
			"write a host and a port, such as 127.0.0.1:8080, or 0.0.0.0:8080 for everyone who can reach this machine")
	}
	return nil
}

// listen listens on the address that a flag gives.
func (f *flags) listen(ctx context.Context, flag string) (net.Listener, error) {
	address := f.Lookup(flag).Value.String()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, hint(usedAddress(address), "stop the program that uses it, or choose another address with --%s; port 0 picks a free one", flag)
	}
	return l, err
}

// usedAddress is the error of an address that something else listens on.
type usedAddress string

func (a usedAddress) Error() string { return string(a) + ": the address is in use" }

// isLoopback reports whether only this machine can reach the address.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// reachable is an address that can be reached from this machine at least. No address
// of a server that listens on all of them is sure to be reachable from elsewhere.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if addr, err := netip.ParseAddr(host); host == "" || err == nil && addr.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}
