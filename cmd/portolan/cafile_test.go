package main

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
)

// TestCAFile reads servers whose certificate the system does not trust, with the
// authority's certificate.
func TestCAFile(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.drop("stable", map[string][]byte{"web-1.0.0.tgz": charttest.Simple("web", "1.0.0")})
	w.done("generate")
	server := httptest.NewUnstartedServer(http.FileServer(http.Dir(filepath.Join(w.folder, "site"))))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes fail, as they should
	server.StartTLS()
	t.Cleanup(server.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	write(t, ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	for _, args := range [][]string{
		{"import", "--from", server.URL + "/stable", "copy"},
		{"verify", "--site", server.URL, "--channel", "stable"},
		{"doctor", "--base-url", server.URL, "--channel", "stable"},
	} {
		without := w.run([]int{exitFailed}, args...)
		if said := without.stdout + without.stderr; !strings.Contains(said, "certificate") {
			t.Errorf("%s without --ca-file: %s", args[0], said)
		}
		with := w.run([]int{exitDone, exitFailed}, append(args, "--ca-file", ca)...)
		if said := with.stdout + with.stderr; strings.Contains(said, "certificate") || args[0] != "doctor" && with.code != exitDone {
			t.Errorf("%s with --ca-file: %s", args[0], said)
		}
	}
	for _, bad := range []string{filepath.Join(w.folder, "site", "stable", "index.yaml"), "nowhere"} {
		o := w.run([]int{exitFailed}, "verify", "--site", server.URL, "--channel", "stable", "--ca-file", bad)
		if !strings.Contains(o.stderr, bad) {
			t.Errorf("%s: %s", bad, o.stderr)
		}
	}
}
