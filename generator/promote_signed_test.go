package generator_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// TestPromoteRevoked: a version whose key has been revoked since it was published is not let
// in as signed, be it the keyring of this channel or of the other one that says so.
func TestPromoteRevoked(t *testing.T) {
	for _, keys := range []string{"dev", "stable", "*"} {
		t.Run(keys, func(t *testing.T) {
			w := newWorld(t)
			ann, dir := charttest.NewSignerAt(w.clock), t.TempDir()
			configure := func(text string) {
				t.Helper()
				file := filepath.Join(dir, "portolan.yaml")
				for name, b := range map[string][]byte{file: []byte(text), filepath.Join(dir, "ann.gpg"): ann.Keyring()} {
					if err := os.WriteFile(name, b, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				var err error
				if w.config, err = config.Load(file); err != nil {
					t.Fatal(err)
				}
			}
			const ring = "{match: '%s', signatures: {keyrings: [ann.gpg]}}"
			configure("channels: [" + fmt.Sprintf(ring, "dev") + "]")
			chart := alphaAt("1.0.0")
			w.mustUpload("dev", id(1), chart, ann.Sign("alpha-1.0.0.tgz", chart))
			w.mustRun()
			gated := "channels: [" + fmt.Sprintf(ring, keys) + ", {match: stable, promote: {signed: true}}]"
			ann.Revoke()
			configure(gated)
			if r := w.decide("stable", 2, promote("dev", pin("alpha", "1.0.0", chart))); r.Rule != "gate-signed" || !strings.Contains(r.Message, "revoked") {
				t.Errorf("it is %s, %s: %s", r.Verdict, r.Rule, r.Message)
			}
			configure("channels: [{match: stable, promote: {signed: true}}]")
			if r := w.decide("stable", 3, promote("dev", pin("alpha", "1.0.0", chart))); r.Verdict != verdict.Accepted {
				t.Errorf("by what was verified at first, it is %s: %s", r.Verdict, r.Message)
			}
		})
	}
}
