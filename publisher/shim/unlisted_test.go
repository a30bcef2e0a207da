package shim

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"gocloud.dev/gcerrors"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// denying is a store that denies access to every object.
type denying struct{ bucket.Store }

func (denying) Get(_ context.Context, key string) (*bucket.Reader, error) {
	return nil, bucket.About(key, gcerrors.ErrPermissionDenied)
}

// TestUnlisted checks that denied objects are treated as missing, and that each
// store logs this once.
func TestUnlisted(t *testing.T) {
	var log bytes.Buffer
	p := open(t, func(o *Options) {
		o.Drop, o.Site = denying{o.Drop}, denying{o.Site}
		o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	})
	for path, want := range map[string]int{
		"/readyz": http.StatusOK,
		"/api/stable/uploads/019cab00-0000-7000-8000-000000000001": http.StatusAccepted,
		"/stable/log/00000001.json":                                http.StatusNotFound,
	} {
		for range 2 {
			if got := p.get(path); got.StatusCode != want {
				t.Errorf("%s: got %s, want %d: %s", path, got.Status, want, got.body)
			}
		}
	}
	if got := p.get("/api/stable/uploads/019cab00-0000-7000-8000-000000000001"); !strings.Contains(got.body, "this server may not look into the inbox, and cannot tell") {
		t.Errorf("what may wait: %s", got.body)
	}
	if got := p.post("/api/stable/charts", "chart web 1.0.0"); got.StatusCode != http.StatusCreated {
		t.Errorf("upload: got %s: %s", got.Status, got.body)
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 2 { // the drop area and the site
		t.Errorf("%d warnings, want 2:\n%s", n, log.String())
	}
}
