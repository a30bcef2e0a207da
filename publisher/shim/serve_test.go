package shim

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/shim/reread"
)

// serve serves the shim, with TLS if there is a configuration of it, until stop
// is called.
func (p *port) serve(config *tls.Config, grace time.Duration) (address string, stop func(), ended chan error) {
	p.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	address = l.Addr().String()
	if config != nil {
		l = tls.NewListener(l, config)
	}
	ctx, stop := context.WithCancel(p.t.Context())
	ended = make(chan error, 1)
	go func() { ended <- Serve(ctx, l, p.Shim, p.Log, grace) }()
	return address, stop, ended
}

// TestServeStops checks that a server that is stopped finishes the upload under way
// and accepts no other.
func TestServeStops(t *testing.T) {
	p := open(t, nil)
	address, stop, ended := p.serve(nil, time.Hour)
	p.url = "http://" + address
	body, writer := io.Pipe()
	answered := make(chan reply, 1)
	go func() { answered <- p.do(p.request(http.MethodPost, "/api/charts", body)) }()
	io.WriteString(writer, "chart alpha")
	p.receiving()
	stop()
	<-p.ending.Done()
	io.WriteString(writer, " 1.0.0")
	writer.Close()
	if got := <-answered; got.StatusCode != http.StatusCreated {
		t.Errorf("the upload under way: %d %s", got.StatusCode, got.body)
	}
	if err := <-ended; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if _, err := net.Dial("tcp", address); err == nil {
		t.Error("it still listens")
	}
}

// TestServeGrace checks that an upload that does not finish in time is aborted and
// leaves nothing in the inbox.
func TestServeGrace(t *testing.T) {
	p := open(t, nil)
	address, stop, ended := p.serve(nil, 50*time.Millisecond)
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "POST /api/charts HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n")
	if _, err := c.Read(make([]byte, 25)); err != nil { // it waits for the body
		t.Fatal(err)
	}
	stop()
	if err := <-ended; err == nil {
		t.Error("Serve returned no error")
	}
	if keys := p.inbox(); len(keys) > 0 {
		t.Errorf("the inbox has %q", keys)
	}
}

// TestCertificate checks that a new certificate replaces the old one, and that a
// bad one does not.
func TestCertificate(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	write := func(number int64) {
		t.Helper()
		certPEM, keyPEM := newCertificate(t, number)
		for name, b := range map[string][]byte{cert: certPEM, key: keyPEM} {
			if err := os.WriteFile(name, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := LoadCertificate(cert, key, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a missing certificate was loaded")
	}
	write(1)
	c, err := LoadCertificate(cert, key, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var looks atomic.Int64
	c.loaded.Now = func() time.Time { return time.Now().Add(time.Duration(looks.Add(1)) * reread.Every) }
	address, stop, ended := open(t, nil).serve(c.Config(), time.Second)
	serial := func() int64 {
		t.Helper()
		transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		got, err := (&http.Client{Transport: transport}).Get("https://" + address + "/livez")
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
		if got.ProtoMajor != 2 {
			t.Errorf("the protocol is %s, want HTTP/2", got.Proto)
		}
		return got.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	if n := serial(); n != 1 {
		t.Errorf("certificate %d, want the first", n)
	}
	write(2)
	if n := serial(); n != 2 {
		t.Errorf("certificate %d, want the second", n)
	}
	if err := os.WriteFile(cert, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := serial(); n != 2 {
		t.Errorf("certificate %d, want the last good one", n)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func newCertificate(t *testing.T, number int64) (certPEM, keyPEM []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(number), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw})
}
