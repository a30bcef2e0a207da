package shim

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

// TestReadsOtherIndexes: the index of one chart, and that of all versions, are files of
// the channel that they are about, and read by those who may read that.
func TestReadsOtherIndexes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "auth.yaml")
	if err := os.WriteFile(file, []byte("anonymous: [\"read:team\", \"read:secret/*\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := stocked(t, func(o *Options) {
		var err error
		if o.Auth, err = auth.Open(file, nil, nil); err != nil {
			t.Fatal(err)
		}
	})
	for _, channel := range []string{"team", "secret"} {
		for _, key := range []string{"/all/index.yaml", "/charts/alpha/index.yaml"} {
			p.put(p.site, channel+key, "the index")
			got := p.get("/" + channel + key)
			if channel == "secret" {
				failed(t, got, http.StatusUnauthorized, "credentials")
			} else if got.body != "the index" || got.Header.Get("Content-Type") != "application/yaml" || strings.Contains(got.Header.Get("Cache-Control"), "immutable") {
				t.Errorf("%s: %d %v %s", key, got.StatusCode, got.Header, got.body)
			}
		}
	}
	// A channel that was called so before the name was reserved is one of its own.
	if err := p.site.Handle("somebody").Delete(t.Context(), "secret/all/index.yaml", ""); err != nil {
		t.Fatal(err)
	}
	p.publish("secret/all", "alpha")
	p.put(p.site, "secret/all/log/00000001.json", "{}")
	if got := p.get("/secret/all/index.yaml"); got.StatusCode != http.StatusOK || !strings.HasPrefix(got.body, `{"apiVersion"`) {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}
