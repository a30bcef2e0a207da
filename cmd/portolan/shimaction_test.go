package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/shim"
)

// TestShimActionEarly asks, as curl does, for actions on a version that nobody has published.
// The answer says so. One is refused once a run has waited for it; before the other, an
// upload came. What can never be there is refused in the answer.
func TestShimActionEarly(t *testing.T) {
	t.Parallel()
	w := newGuarded()
	w.submit(t, charttest.Simple("web", "1.0.0"), nil)
	w.generate(t, nil, generator.Options{})
	drop, site := w.as(nil)
	web := shimOn(t, shim.Options{Drop: drop, Site: site})
	archive := charttest.Simple("web", "1.1.0")
	ask := func(kind, version string) (int, []byte) {
		body := `{"kind": "` + kind + `", "versions": [{"chart": "web", "version": "` + version + `", "digest": "` + registry.SumOf(archive).SHA256 + `"}]}`
		if kind == "promote" {
			body = strings.Replace(body, "{", `{"from": "dev", `, 1)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, web.url+"/api/stable/actions", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		return answerOf(t, r)
	}
	for _, c := range []struct {
		kind, version string
		status        int
		says          string
	}{
		{"restore", "1.1.0", http.StatusAccepted, `"warnings":[{"rule":"warn-action","message":"channel stable does not have web 1.1.0 now (perhaps 1.0.0 is meant): the action waits for that for 10 minutes, and is then refused"}]`},
		{"restore", "1.0.0", http.StatusAccepted, "other content than the action names is published in channel stable as web 1.0.0"},
		{"promote", "1.1.0", http.StatusAccepted, "channel dev does not have web 1.1.0 now"},
		{"restore", "latest", http.StatusConflict, `"rule":"action-unknown"`},
	} {
		if status, b := ask(c.kind, c.version); status != c.status || !bytes.Contains(b, []byte(c.says)) {
			t.Errorf("%s %s: %d %s; want %d, %s", c.kind, c.version, status, b, c.status, c.says)
		}
	}
	w.submit(t, archive, nil)
	status, b := ask("restore", "1.1.0")
	w.generate(t, nil, generator.Options{})
	if _, receipt, ok := bytes.Cut(b, []byte(`"receipt":"`)); status != http.StatusAccepted || !ok {
		t.Errorf("%d %s", status, b)
	} else {
		url, _, _ := strings.Cut(string(receipt), `"`)
		web.get(url, http.StatusOK)
	}
	web = shimOn(t, shim.Options{Drop: drop, Site: site}) // which has not looked at the site before
	if status, b = ask("restore", "1.1.0"); status != http.StatusAccepted || bytes.Contains(b, []byte("warnings")) {
		t.Errorf("of what is published: %d %s", status, b)
	}
}
