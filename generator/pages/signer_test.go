package pages_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/generator/pages"
	"github.com/portolan-charts/portolan/publisher"
)

// Who signed a version is named on its page and in the chart's document, also after later
// versions; of what nobody has verified, the page tells the key that says it made it.
func TestSigner(t *testing.T) {
	w := newTown(t, published)
	signer, dir := charttest.NewSignerAt(w.clock), t.TempDir()
	for name, data := range map[string][]byte{
		"team.gpg":      signer.Keyring(),
		"portolan.yaml": []byte("channels: [{match: stable, signatures: {keyrings: [team.gpg]}}]"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if w.config, err = config.Load(filepath.Join(dir, "portolan.yaml")); err != nil {
		t.Fatal(err)
	}
	for version, by := range map[string]*charttest.Signer{"1.0.0": signer, "1.1.0": charttest.NewSignerAt(w.clock), "1.2.0": nil} {
		chart := charttest.Simple("web", version)
		if by == nil {
			w.upload("stable", chart, nil)
		} else {
			w.upload("stable", chart, by.Sign("web-"+version+".tgz", chart))
		}
		w.run()
	}
	var doc pages.ChartDoc
	w.decode("stable/api/charts/web.json", &doc)
	for _, v := range doc.Versions {
		page := string(w.mem.Snapshot()["stable/charts/web/"+v.Version+"/index.html"])
		signed, verified := v.Version != "1.2.0", v.Version == "1.0.0"
		if v.Signed != signed || (v.Signer != nil) != verified {
			t.Errorf("%s: signed %t by %+v", v.Version, v.Signed, v.Signer)
		}
		for text, want := range map[string]bool{
			"Portolan Test (throwaway) &lt;test@example.com&gt;": verified,
			signer.Fingerprint():              verified,
			`href="../../../api/keyring.gpg"`: verified,
			"--keyring ":                      verified,
			" --verify":                       signed,
			"not signed":                      !signed,
		} {
			if strings.Contains(page, text) != want {
				t.Errorf("the page of %s says %q: %t, want %t", v.Version, text, !want, want)
			}
		}
	}
	if doc.Keyring != "../keyring.gpg" || w.mem.Snapshot()["stable/api/keyring.gpg"] == nil {
		t.Errorf("the keys are at %q", doc.Keyring)
	}
	w.mustBeRebuilt("stable", "in the end")

	// A version that was promoted may have been verified with keys of another channel.
	if err := w.site.Delete(t.Context(), "stable/api/keyring.gpg", ""); err != nil {
		t.Fatal(err)
	}
	c, err := publisher.OpenChannel(t.Context(), w.site, "stable")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.writer.Rebuild(t.Context(), w.site, c); err != nil {
		t.Fatal(err)
	}
	page := string(w.mem.Snapshot()["stable/charts/web/1.0.0/index.html"])
	if strings.Contains(page, "keyring.gpg") || strings.Contains(page, "--keyring") || !strings.Contains(page, signer.Fingerprint()) || !strings.Contains(page, " --verify") {
		t.Error("the page names keys that are not there, or nobody who signed")
	}
	doc = pages.ChartDoc{}
	if w.decode("stable/api/charts/web.json", &doc); doc.Keyring != "" || doc.Versions[2].Signer == nil {
		t.Errorf("got %+v", doc)
	}
}
