package httpread

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"syscall"
)

// Servers that strangers run say where a client goes next, by redirects and by the
// URLs in their files. They must not send it to where only this machine gets: to its
// own services, or to those of its cloud, which hand out credentials. Only the server
// that the user named may be there, and then others with addresses of the same kind.
// Where the user named no server, the URLs come from a file. They may be those of a
// server that ran on this machine when the file was made, but never those of the link.

// kind is what an address means to this machine.
type kind int

const (
	public    kind = iota // or of a private network
	loopback              // this machine
	linkLocal             // its own link; most clouds' metadata services are there
	metadata              // a cloud's metadata service elsewhere
)

func (k kind) String() string {
	return [...]string{"a public address", "an address of this machine", "an address on this machine's own link", "the metadata service of a cloud"}[k]
}

// metadataServices are those of AWS (of machines, and of pods), Google and Scaleway on
// IPv6, and those of Alibaba, Azure and Oracle.
var metadataServices = []netip.Addr{
	netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("fd00:ec2::23"),
	netip.MustParseAddr("fd20:ce::254"), netip.MustParseAddr("fd00:42::42"),
	netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("168.63.129.16"), netip.MustParseAddr("192.0.0.192"),
}

// nat64 are addresses of IPv6 that end with one of IPv4, to which they lead.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

func kindOf(a netip.Addr) kind {
	a = a.Unmap().WithZone("")
	if nat64.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	switch {
	case a.IsLoopback(), a.IsUnspecified():
		return loopback
	case a.IsLinkLocalUnicast(), a.IsLinkLocalMulticast(), a.IsInterfaceLocalMulticast():
		return linkLocal
	}
	for _, m := range metadataServices {
		if a == m {
			return metadata
		}
	}
	return public
}

// kindOfHost returns the kind of a host if its name alone says that.
func kindOfHost(host string) kind {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return loopback
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return public
	}
	return kindOf(a)
}

// IsLoopback reports whether a host, perhaps with a port, is this machine by its name
// alone.
func IsLoopback(host string) bool { return kindOfHost((&url.URL{Host: host}).Hostname()) == loopback }

// guard decides which addresses a client may connect to.
type guard struct {
	mu      sync.Mutex
	named   string          // host and port of the server that the user named; "" if none
	known   bool            // there was a connection to it
	allowed kind            // of its address then: a name must not lead here later
	proxies map[string]bool // hosts and ports; the environment names them
}

// firstURL is the key of the context's value that says where a request was sent
// first, before redirects.
type firstURL struct{}

// From returns a context for requests to where the server at a URL leads by its protocol,
// such as to one that gives out tokens. They may go no further than redirects from there.
// It is for the client of [Client.HTTP].
func From(ctx context.Context, u *url.URL) context.Context {
	return context.WithValue(ctx, firstURL{}, u)
}

// dialer makes connections, and checks the addresses that names turn out to have.
func (g *guard) dialer(d net.Dialer) func(ctx context.Context, network, host string) (net.Conn, error) {
	return func(ctx context.Context, network, host string) (net.Conn, error) {
		d := d
		if !g.isProxy(host) {
			d.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
				return g.checkAddress(ctx, host, address)
			}
		}
		return d.DialContext(ctx, network, host)
	}
}

// checkAddress returns an error if no connection may be made to the address of the
// host.
func (g *guard) checkAddress(ctx context.Context, host, address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil // not an address of the Internet protocol
	}
	k := kindOf(at.Addr())
	g.mu.Lock()
	if strings.EqualFold(host, g.named) && !g.known {
		g.known, g.allowed = true, k
	}
	g.mu.Unlock()
	name, _, _ := net.SplitHostPort(host)
	return g.check(ctx, k, fmt.Sprintf("%s (%s)", name, at.Addr()))
}

// checkURL returns an error if the URL's host is one to which no connection may be
// made. It knows this only of addresses; names are known when a connection is made,
// if there is no proxy.
func (g *guard) checkURL(ctx context.Context, u *url.URL) error {
	g.mu.Lock()
	named := strings.EqualFold(hostPort(u), g.named) && !g.known
	g.mu.Unlock()
	if named {
		return nil
	}
	return g.check(ctx, kindOfHost(u.Hostname()), u.Hostname())
}

// check returns an error if an address of that kind is not allowed.
func (g *guard) check(ctx context.Context, k kind, what string) error {
	g.mu.Lock()
	allowed, named := g.allowed, g.named
	g.mu.Unlock()
	if first, ok := ctx.Value(firstURL{}).(*url.URL); ok && named == "" && kindOfHost(first.Hostname()) == loopback {
		allowed = loopback // the URL itself says so, not just a redirect
	}
	if k == public || k == allowed {
		return nil
	}
	return final{fmt.Errorf("it leads to %s, %s; servers elsewhere may not lead there", what, k)}
}

// proxy remembers which proxies are used.
func (g *guard) proxy(choose func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(r *http.Request) (*url.URL, error) {
		u, err := choose(r)
		if u != nil {
			g.mu.Lock()
			g.proxies[strings.ToLower(hostPort(u))] = true
			g.mu.Unlock()
		}
		return u, err
	}
}

func (g *guard) isProxy(host string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.proxies[strings.ToLower(host)]
}

// hostPort returns the host and port of a URL, as connections are made to them.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
