package shim

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

// TestInvented lets a token invent channels. There is an end to it, but not for channels
// that exist, that its scope names, or that it has uploaded to before.
func TestInvented(t *testing.T) {
	token, other := auth.MakeToken(), auth.MakeToken()
	file := filepath.Join(t.TempDir(), "auth.yaml")
	text := fmt.Sprintf(`tokens:
  - {id: one, hash: "%s", scopes: ["write:x/**", "write:x/named"]}
  - {id: two, hash: "%s", scopes: ["write:**"]}
`, auth.HashToken(token), auth.HashToken(other))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var judged atomic.Int32
	p := open(t, func(o *Options) {
		judge := o.Judge
		o.Judge = func(channel string, head *publisher.Head) Judge {
			inner := judge(channel, head)
			return Judge{Upload: func(ctx context.Context, offer *droparea.Offer, force bool) error {
				judged.Add(1)
				return inner.Upload(ctx, offer, force)
			}}
		}
		var err error
		if o.Auth, err = auth.Open(file, o.Log, nil); err != nil {
			t.Fatal(err)
		}
	})
	p.publish("x/there", "beta")
	upload := func(token, channel string, version int) reply {
		t.Helper()
		return p.post("/api/"+channel+"/charts", fmt.Sprintf("chart alpha 1.0.%d", version), "Authorization", "Bearer "+token)
	}
	wants := func(token, channel string, status int) {
		t.Helper()
		if got := upload(token, channel, 0); got.StatusCode != status {
			t.Errorf("%s: status %d, want %d: %s", channel, got.StatusCode, status, got.body)
		}
	}
	failed(t, p.post("/api/x/refused/charts", "no chart", "Authorization", "Bearer "+token), http.StatusUnprocessableEntity, "not-gzip")
	for n := range inventedAtOnce {
		wants(token, fmt.Sprintf("x/%d", n), http.StatusCreated)
	}
	before := judged.Load()
	refused := upload(token, "x/more", 0)
	failed(t, refused, http.StatusTooManyRequests, "new-channels")
	if judged.Load() != before {
		t.Error("an upload above the limit was judged, which can list the site")
	}
	if refused.Header.Get("Retry-After") == "" {
		t.Error("there is no Retry-After")
	}
	for _, channel := range []string{"x/0", "x/there", "x/named"} {
		wants(token, channel, http.StatusCreated)
	}
	wants(token, "x/more", http.StatusTooManyRequests)
	wants(other, "x/more", http.StatusCreated)
	for key := range p.drop.Snapshot() {
		if matched, _ := filepath.Match("inbox/x/refused/*", key); matched {
			t.Errorf("there is %s", key)
		}
	}
}

// TestInventedLater gives back one channel after another, and remembers a limited number.
func TestInventedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newInventions(true)
		invent := func(party string, first, channels int) (taken int) {
			for c := range channels {
				if n.take(party, fmt.Sprint("x/", first+c), time.Now()) == 0 {
					taken++
				}
			}
			return taken
		}
		if got := invent("a", 0, 2*inventedAtOnce); got != inventedAtOnce {
			t.Errorf("%d at once, want %d", got, inventedAtOnce)
		}
		time.Sleep(inventedEvery / 2)
		if wait := n.take("a", "more", time.Now()); (wait - inventedEvery/2).Abs() > time.Second {
			t.Errorf("wait is %v, want %v", wait, inventedEvery/2)
		}
		time.Sleep(3 * inventedEvery)
		if got := invent("a", 1000, 10); got != 3 {
			t.Errorf("%d a while later, want 3", got)
		}
		for first := range 100 {
			time.Sleep(time.Hour)
			invent("a", 10_000+100*first, 10)
		}
		if kept := len(n.by.Get("a").Value().channels); kept > 2*inventedAtOnce {
			t.Errorf("%d channels are remembered", kept)
		}
		for party := range maxInventors + 10 {
			invent(fmt.Sprint("party ", party), 0, 1)
		}
		if kept := n.by.Len(); kept != maxInventors {
			t.Errorf("%d parties are remembered", kept)
		}
		if got := newInventions(false).atOnce; got != unknownAtOnce {
			t.Errorf("without a site: %d", got)
		}
	})
}
