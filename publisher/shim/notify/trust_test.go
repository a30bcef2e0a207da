package notify

import (
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestTrust notifies a server whose authority was named, and no other.
func TestTrust(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // one handshake fails
	server.StartTLS()
	defer server.Close()
	target, err := ParseTarget(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if target.Send(t.Context(), "", Event{}) == nil {
		t.Error("a server that nobody vouches for is notified")
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	target.Trust(trusted)
	if err := target.Send(t.Context(), "", Event{}); err != nil {
		t.Error(err)
	}
}
