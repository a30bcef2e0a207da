package auth

import (
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestAuthorities trusts a server whose authority was named, and no other.
func TestAuthorities(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // one handshake fails
	server.StartTLS()
	defer server.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	for _, authorities := range []*x509.CertPool{nil, trusted} {
		err := getJSON(t.Context(), newClient(authorities), server.URL, nil, &struct{}{})
		if (err == nil) != (authorities != nil) {
			t.Errorf("authority named: %v; got %v", authorities != nil, err)
		}
	}
}
