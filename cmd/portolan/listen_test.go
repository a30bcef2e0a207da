package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher/shim"
)

// TestPrintedAddress checks that the examples which a shim prints can be pasted
// into a shell, also if it listens on all addresses.
func TestPrintedAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"[::]:8080":      "http://127.0.0.1:8080",
		"0.0.0.0:8080":   "http://127.0.0.1:8080",
		":8080":          "http://127.0.0.1:8080",
		"127.0.0.1:8080": "http://127.0.0.1:8080",
		"[::1]:8080":     "http://[::1]:8080",
		"192.0.2.7:8080": "http://192.0.2.7:8080",
	} {
		var out bytes.Buffer
		p := &program{stdout: &checkedWriter{w: &out}}
		p.printShim(newShimFlags(), shim.Options{Rules: rulesOf(nil)}, address, slog.New(slog.DiscardHandler))
		for _, example := range []string{"taking uploads on " + want + " for", want + "/api/stable/charts\n", "helm cm-push mychart-0.1.0.tgz " + want + "/stable\n"} {
			if !strings.Contains(out.String(), example) {
				t.Errorf("%s: it prints %s, want %q in it", address, out.String(), example)
			}
		}
	}
}
