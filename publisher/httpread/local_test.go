package httpread

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// TestKinds tells apart addresses, however they are written.
func TestKinds(t *testing.T) {
	for address, want := range map[string]kind{
		"127.0.0.1": loopback, "127.9.9.9": loopback, "::1": loopback, "::ffff:127.0.0.1": loopback, "0.0.0.0": loopback, "::": loopback, "64:ff9b::7f00:1": loopback,
		"169.254.169.254": linkLocal, "fe80::1": linkLocal, "fe80::1%eth0": linkLocal, "::ffff:169.254.0.1": linkLocal, "64:ff9b::a9fe:a9fe": linkLocal, "ff02::1": linkLocal,
		"fd00:ec2::254": metadata, "fd00:ec2::23": metadata, "fd20:ce::254": metadata, "fd00:42::42": metadata, "100.100.100.200": metadata,
		"10.0.0.1": public, "192.168.1.1": public, "fd00::1": public, "93.184.216.34": public, "2606:2800::1": public,
	} {
		if got := kindOf(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is %v, want %v", address, got, want)
		}
		if got := kindOfHost(address); got != want {
			t.Errorf("host %s is %v, want %v", address, got, want)
		}
	}
	for host, want := range map[string]kind{"localhost": loopback, "LOCALHOST.": loopback, "a.localhost": loopback, "localhost.example.com": public, "example.com": public, "": public} {
		if got := kindOfHost(host); got != want {
			t.Errorf("host %q is %v, want %v", host, got, want)
		}
	}
}

// TestGuard connects to this machine only if the server that the user named is here.
func TestGuard(t *testing.T) {
	const metadataURL = "http://169.254.169.254/latest/meta-data/"
	for _, test := range []struct {
		name        string
		named       string // "" if the client knows no such server
		namedIs     string // the address that it turns out to have
		first, then string // URLs that are asked for: the first, and where it redirects
		thenIs      string // the address that the latter turns out to have
		fine        bool
	}{
		{"public to loopback", "http://charts.example.com", "93.184.216.34", "http://charts.example.com/", "http://127.0.0.1:8080/", "127.0.0.1", false},
		{"public to localhost", "http://charts.example.com", "93.184.216.34", "http://charts.example.com/", "http://localhost/", "127.0.0.1", false},
		{"public to link-local", "http://charts.example.com", "93.184.216.34", "http://charts.example.com/", metadataURL, "169.254.169.254", false},
		{"public to a name of loopback", "http://charts.example.com", "93.184.216.34", "http://charts.example.com/", "http://evil.example.com/", "127.0.0.1", false},
		{"public to a name of link-local", "http://charts.example.com", "93.184.216.34", "http://charts.example.com/", "http://evil.example.com/", "169.254.169.254", false},
		{"public to a name of a metadata service", "http://charts.example.com", "93.184.216.34", "http://charts.example.com/", "http://evil.example.com/", "fd00:ec2::254", false},
		{"public to its own name elsewhere", "http://charts.example.com", "93.184.216.34", "http://charts.example.com/", "http://charts.example.com/x", "127.0.0.1", false},
		{"public to private", "http://charts.example.com", "93.184.216.34", "http://charts.example.com/", "http://mirror.example.com/", "10.0.0.1", true},
		{"public to public", "http://charts.example.com", "93.184.216.34", "http://charts.example.com/", "https://cdn.example.com/", "93.184.216.35", true},
		{"loopback to loopback", "http://localhost:8080", "127.0.0.1", "http://localhost:8080/", "http://127.0.0.1:9090/", "127.0.0.1", true},
		{"a name of loopback to loopback", "http://museum.internal", "127.0.0.1", "http://museum.internal/", "http://localhost/", "::1", true},
		{"loopback to link-local", "http://localhost:8080", "127.0.0.1", "http://localhost:8080/", metadataURL, "169.254.169.254", false},
		{"loopback to public", "http://localhost:8080", "127.0.0.1", "http://localhost:8080/", "http://cdn.example.com/", "93.184.216.35", true},
		{"link-local, named", "http://169.254.1.1", "169.254.1.1", "http://169.254.1.1/", "http://169.254.1.2/", "169.254.1.2", true},
		{"URL of loopback, not named", "", "", "http://127.0.0.1:8080/", "http://127.0.0.1:8080/x", "127.0.0.1", true},
		{"URL of loopback to link-local", "", "", "http://127.0.0.1:8080/", metadataURL, "169.254.169.254", false},
		{"URL of link-local, not named", "", "", metadataURL, metadataURL, "169.254.169.254", false},
		{"URL of a metadata service, not named", "", "", "http://100.100.100.200/", "http://100.100.100.200/", "100.100.100.200", false},
		{"URL of a name of link-local", "", "", "http://evil.example.com/", "http://evil.example.com/", "169.254.169.254", false},
		{"URL of public to loopback", "", "", "http://charts.example.com/", "http://localhost/", "127.0.0.1", false},
		{"URL of a name of loopback", "", "", "http://charts.example.com/", "http://charts.example.com/", "127.0.0.1", false},
	} {
		c := New(testLimits)
		if test.named != "" {
			c.Name(parse(t, test.named))
			if err := c.guard.checkAddress(t.Context(), hostPort(parse(t, test.named)), net.JoinHostPort(test.namedIs, "80")); err != nil {
				t.Errorf("%s: the named server: %v", test.name, err)
			}
		}
		first, then := parse(t, test.first), parse(t, test.then)
		ctx := context.WithValue(t.Context(), firstURL{}, first)
		if err := c.guard.checkURL(ctx, first); err != nil && test.first != test.then {
			t.Errorf("%s: %v", test.name, err)
		}
		errURL := c.guard.checkURL(ctx, then)
		errAddress := c.guard.checkAddress(ctx, hostPort(then), net.JoinHostPort(test.thenIs, "80"))
		if fine := errURL == nil && errAddress == nil; fine != test.fine {
			t.Errorf("%s: %v, %v", test.name, errURL, errAddress)
		}
		if literal := kindOfHost(then.Hostname()) != public; literal && !test.fine && errURL == nil {
			t.Errorf("%s: with a proxy, nothing refuses it", test.name)
		}
	}
}

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestGuardDials refuses real connections, at once and for good, by name and by
// address; the proxy may be on this machine.
func TestGuardDials(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		io.WriteString(w, r.URL.String())
	}))
	defer server.Close()
	port := parse(t, server.URL).Port()
	read := func(c *Client, u string) (text string, err error) {
		err = c.Read(t.Context(), parse(t, u), func(r io.Reader) error {
			b, err := io.ReadAll(r)
			text = string(b)
			return err
		})
		return text, err
	}
	c := New(testLimits)
	c.Name(parse(t, "http://charts.example.com"))
	for _, u := range []string{server.URL, "http://localhost:" + port, "http://[::ffff:127.0.0.1]:" + port, "http://0.0.0.0:" + port} {
		_, err := read(c, u)
		if err == nil || errors.As(err, new(*Exhausted)) || !strings.Contains(err.Error(), "an address of this machine") {
			t.Errorf("%s: %v", u, err)
		}
	}
	// What a name turns out to be is known when a connection is made.
	conn, err := c.base.DialContext(t.Context(), "tcp", "localhost:"+port)
	if f := (final{}); !errors.As(err, &f) {
		t.Errorf("dialled %v, %v", conn, err)
	}
	if asked != 0 {
		t.Errorf("the server was asked %d times", asked)
	}
	c = New(testLimits)
	c.Name(parse(t, "http://charts.example.com"))
	c.base.Proxy = c.guard.proxy(func(*http.Request) (*url.URL, error) { return url.Parse(server.URL) })
	if got, err := read(c, "http://charts.example.com/x"); err != nil || got != "http://charts.example.com/x" {
		t.Errorf("by proxy: %q, %v", got, err)
	}
	if _, err := read(c, "http://169.254.169.254/x"); err == nil {
		t.Error("the proxy is asked for an address of the link")
	}
}

// TestTrust trusts the authorities that it is given, and tries once without them.
func TestTrust(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }))
	defer server.Close()
	server.Config.ErrorLog = nil
	u := parse(t, server.URL)
	c := New(testLimits)
	err := c.Read(t.Context(), u, func(io.Reader) error { return nil })
	if !errors.As(err, new(x509.UnknownAuthorityError)) || errors.As(err, new(*Exhausted)) {
		t.Errorf("without the authority: %v", err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	c = New(testLimits)
	c.Trust(pool)
	if err := c.Read(t.Context(), u, func(io.Reader) error { return nil }); err != nil {
		t.Errorf("with the authority: %v", err)
	}
}
