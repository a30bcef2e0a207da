package generator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// TestTell: receivers are told what a generation changed, in the words of the index.
func TestTell(t *testing.T) {
	r := newReceiver(t)
	w := newWorld(t)
	w.publish("stable", 1, alphaOld, beta) // before anybody is told
	w.notify(r)
	w.mustUpload("stable", id(3), alphaNew, nil)
	w.mustUpload("stable", id(4), gamma, gammaSig)
	w.mustUpload("stable", id(5), bad, nil)
	w.mustUpload("42/devel", id(6), beta, nil)
	w.clock = w.clock.Add(time.Minute)
	report := w.mustRun()
	want := map[string]string{
		"stable": `{"channel":"stable","url":"https://charts.example.com/helm/stable","generation":2,"time":"2026-03-01T12:03:06Z",` +
			`"changes":{"since":1,"added":{"count":1,"versions":[{"chart":"gamma","version":"0.1.0"}]},` +
			`"changed":{"count":1,"versions":[{"chart":"alpha","version":"1.0.0"}]},"removed":{"count":0,"versions":[]}}}`,
		"42/devel": `{"channel":"42/devel","url":"https://charts.example.com/helm/42/devel","generation":1,"time":"2026-03-01T12:03:06Z",` +
			`"changes":{"since":0,"added":{"count":1,"versions":[{"chart":"beta","version":"1.0.0"}]},` +
			`"changed":{"count":0,"versions":[]},"removed":{"count":0,"versions":[]}}}`,
	}
	if len(r.told) != len(want) {
		t.Errorf("told %v", r.told)
	}
	for _, news := range r.told {
		if got, _ := json.Marshal(news); string(got) != want[news.Channel] {
			t.Errorf("told\n%s\nwant\n%s", got, want[news.Channel])
		}
	}
	for _, c := range report.Channels {
		if len(c.Told) != 1 || c.Told[0].Error != "" || "http://"+c.Told[0].Receiver != r.URL || c.Told[0].Generation != c.After {
			t.Errorf("%s: the report says %+v", c.Channel, c.Told)
		}
		w.mustHaveNoOutbox(c.Channel)
	}
}

// TestTellOfHead: what `keep` takes out of the index is removed, as clients see it.
func TestTellOfHead(t *testing.T) {
	r := newReceiver(t)
	w := newWorld(t)
	w.publish("stable", 1, alphaAt("1.0.0"), alphaAt("1.1.0"))
	w.configure(fmt.Sprintf("channels: [{match: stable, keep: 2, notify: [{url: '%s', secretEnv: RECEIVER_SECRET}]}]", r.URL))
	w.publish("stable", 3, alphaAt("1.2.0"))
	if len(r.told) != 1 {
		t.Fatalf("told %v", r.told)
	}
	changes := r.told[0].Changes
	if len(changes.Added.Versions) != 1 || changes.Added.Versions[0].Version != "1.2.0" ||
		len(changes.Removed.Versions) != 1 || changes.Removed.Versions[0].Version != "1.0.0" || changes.Changed.Count != 0 {
		t.Errorf("told %+v", changes)
	}
}

// TestTellOfActions: a generation that an action makes is told like any other.
func TestTellOfActions(t *testing.T) {
	r := newReceiver(t)
	w := newWorld(t)
	w.publish("stable", 1, alphaOld, beta)
	w.notify(r)
	w.mustAsk("stable", id(3), yank(pin("beta", "1.0.0", beta)))
	w.mustAsk("stable", id(4), deprecate("alpha"))
	w.runOnce()
	if len(r.told) != 1 {
		t.Fatalf("told %v", r.told)
	}
	got, _ := json.Marshal(r.told[0].Changes)
	const want = `{"since":1,"added":{"count":0,"versions":[]},"changed":{"count":1,"versions":[{"chart":"alpha","version":"1.0.0"}]},` +
		`"removed":{"count":1,"versions":[{"chart":"beta","version":"1.0.0"}]}}`
	if string(got) != want || r.told[0].Generation != 2 {
		t.Errorf("told of generation %d\n%s\nwant\n%s", r.told[0].Generation, got, want)
	}
}

// TestTellWithoutChanges: if what a receiver knows is not kept any more, it is told that there
// is a new generation all the same.
func TestTellWithoutChanges(t *testing.T) {
	r := newReceiver(t)
	w := newWorld(t)
	w.quiet = true
	w.notify(r)
	w.publish("stable", 1, alphaOld)
	r.fails(http.StatusServiceUnavailable)
	w.mustUpload("stable", id(2), beta, nil)
	w.mustRunQuiet()
	w.mustUpload("stable", id(3), gamma, nil)
	w.mustRunQuiet()
	if err := w.site.Handle("pruner").Delete(t.Context(), "stable/snapshots/00000001/index.yaml", ""); err != nil {
		t.Fatal(err)
	}
	r.fails(0)
	w.clock = w.clock.Add(time.Hour)
	w.mustRunQuiet()
	if n := len(r.told); n != 2 || r.told[0].Changes == nil || r.told[1].Generation != 3 || r.told[1].Changes != nil {
		t.Errorf("told %+v", r.told)
	}
	w.mustHaveNoOutbox("stable")
}

// TestTellNobodyAnyMore: what nobody is to be told any more costs nothing, and is gone a day
// later.
func TestTellNobodyAnyMore(t *testing.T) {
	w := newWorld(t)
	w.publish("stable", 1, alphaOld)
	w.drop.Put("inbox/stable/00000000-00000001.notify.json", []byte("{}"))
	if ops := w.operations(func() { w.mustRunQuiet() }); !slices.Equal(ops, []string{"drop list inbox"}) {
		t.Errorf("operations: %q", ops)
	}
	w.mustUpload("stable", id(2), beta, nil)
	w.mustRunQuiet()
	if len(w.outbox("stable")) != 1 {
		t.Error("a run that may not know of receivers empties the outbox")
	}
	w.clock = w.clock.Add(24 * time.Hour)
	w.mustRunQuiet()
	w.mustHaveNoOutbox("stable")
}

// TestTellOfMany: the lists are bounded, and say how many there are.
func TestTellOfMany(t *testing.T) {
	r := newReceiver(t)
	w := newWorld(t)
	w.quiet = true
	w.notify(r)
	var many [][]byte
	for i := range 120 {
		many = append(many, charttest.Simple("chart", fmt.Sprintf("1.%d.0", i)))
	}
	w.publish("stable", 1, many...)
	if added := r.told[0].Changes.Added; added.Count != 120 || len(added.Versions) != 100 {
		t.Errorf("told of %d versions, and named %d", added.Count, len(added.Versions))
	}
}

// TestTellNothing: nobody is told of generations that leave the index as it is, nor by a
// dry run, which leaves the outbox alone, too.
func TestTellNothing(t *testing.T) {
	r := newReceiver(t)
	w := newWorld(t)
	w.notify(r)
	w.publish("stable", 1, alphaOld)
	r.tried()
	w.publish("stable", 2, bad, alphaOld)
	if n := r.tried(); n != 0 {
		t.Errorf("a generation that changes nothing is told %d times", n)
	}
	w.mustUpload("stable", id(4), beta, nil)
	w.drop.Put("inbox/stable/00000000-00000001.notify.json", []byte("{}"))
	w.drop.Put("inbox/nowhere/00000000-00000001.notify.json", []byte("{}"))
	if _, err := w.start(generator.Options{Drop: w.drop.Handle("dry"), Site: w.site.Handle("dry"), DryRun: true, Channels: []string{"stable", "nowhere"}}, "dry"); err != nil {
		t.Fatal(err)
	}
	if n := r.tried(); n != 0 {
		t.Errorf("a dry run tells %d times", n)
	}
	if len(w.outbox("stable")) != 1 || len(w.outbox("nowhere")) != 1 {
		t.Error("a dry run empties the outbox")
	}
}

// TestTellOperations: telling costs the entry in the outbox, which is written before head,
// and its removal.
func TestTellOperations(t *testing.T) {
	r := newReceiver(t)
	var ops [2][]string
	for i := range ops {
		w := newWorld(t)
		w.publish("stable", 1, alphaOld)
		if i == 1 {
			w.notify(r)
		}
		w.mustUpload("stable", id(2), gamma, nil)
		ops[i] = w.operations(func() { w.mustRunQuiet() })
		if idle := w.operations(func() { w.mustRunQuiet() }); !slices.Equal(idle, []string{"drop list inbox"}) {
			t.Errorf("with nothing to do: %q", idle)
		}
	}
	const entry = "inbox/stable/00000001-00000002.notify.json"
	head := slices.Index(ops[0], "site replace stable/index.yaml")
	want := append(slices.Insert(ops[0], head, "drop create "+entry), "drop delete "+entry)
	if !slices.Equal(ops[1], want) {
		t.Errorf("operations:\n%s\nwant\n%s", strings.Join(ops[1], "\n"), strings.Join(want, "\n"))
	}
}

// TestTellAgain: a receiver that fails is tried again after longer and longer pauses, the
// others are not told twice, and after a day it is given up.
func TestTellAgain(t *testing.T) {
	down, up := newReceiver(t), newReceiver(t)
	down.fails(http.StatusInternalServerError)
	w := newWorld(t)
	w.notify(down, up)
	w.publish("stable", 1, alphaOld)
	if down.tried() != 1 || up.tried() != 1 {
		t.Error("not both are tried")
	}
	start, tries, runs, givenUp := w.clock, 0, 0, false
	for ; len(w.outbox("stable")) > 0; runs++ {
		w.clock = w.clock.Add(time.Minute)
		report := w.mustRunQuiet()
		tried := down.tried()
		if tries += tried; tried > 1 {
			t.Fatalf("tried %d times in a run", tried)
		}
		for _, c := range report.Channels {
			if tried == 0 || len(c.Told) != 1 || c.Told[0].Error == "" || strings.Contains(c.Told[0].Error, "0a1b2c") {
				t.Fatalf("after %d tries: %+v", tried, c.Told)
			}
			givenUp = c.Told[0].GivenUp
		}
	}
	if took := w.clock.Sub(start); took < 24*time.Hour || took > 26*time.Hour || tries != 13 || !givenUp || runs < 24*60 {
		t.Errorf("given up after %s and %d tries in %d runs", took, tries, runs)
	}
	if up.tried() > 0 {
		t.Error("a receiver that knows is told again")
	}
	down.fails(0)
	w.publish("stable", 2, beta)
	if n := down.newest(); n["stable"] != 2 {
		t.Errorf("later told of %v", n)
	}
}

// TestTellRests: a run that finds a receiver not to be tried yet costs its listing.
func TestTellRests(t *testing.T) {
	r := newReceiver(t)
	r.fails(http.StatusNotFound)
	w := newWorld(t)
	w.notify(r)
	w.publish("stable", 1, alphaOld) // a minute passes
	w.mustRunQuiet()
	w.clock = w.clock.Add(time.Minute)
	r.tried()
	if ops := w.operations(func() { w.mustRunQuiet() }); !slices.Equal(ops, []string{"drop list inbox"}) || r.tried() > 0 {
		t.Errorf("operations: %q", ops)
	}
}

// TestTellMeanwhile: generations that come while a receiver is down are tried at once, do
// not use up its tries, and are told together.
func TestTellMeanwhile(t *testing.T) {
	r := newReceiver(t)
	r.fails(http.StatusBadGateway)
	w := newWorld(t)
	w.notify(r)
	for n := range 20 {
		w.mustUpload("stable", id(n+1), alphaAt(fmt.Sprintf("1.%d.0", n)), nil)
		w.mustRun()
	}
	if n := r.tried(); n != 20 {
		t.Errorf("tried %d times for 20 generations", n)
	}
	if left := w.outbox("stable"); len(left) != 2 || strings.HasPrefix(left[0], "00000000-00000020") == strings.HasPrefix(left[1], "00000000-00000020") {
		t.Errorf("in the outbox there is %q", left)
	}
	r.fails(0)
	w.clock = w.clock.Add(time.Hour)
	w.mustRun()
	if len(r.told) != 1 || r.told[0].Generation != 20 || r.told[0].Changes.Since != 0 || r.told[0].Changes.Added.Count != 20 {
		t.Errorf("told %+v", r.told)
	}
	w.mustHaveNoOutbox("stable")
}

// TestTellBadly: whatever a receiver does, uploads are decided and leave the inbox, and
// no other server gets what was meant for it.
func TestTellBadly(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer other.Close()
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request){
		"does not answer within 5s": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // or it would not see the client go
			<-r.Context().Done()
		},
		"redirects are not followed": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		},
		"500 Internal Server Error: cannot POST /…": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprintf(w, "cannot POST %s: %s%s", r.URL.Path, receiverSecret, strings.Repeat("x", 1<<20))
		},
		"cannot be reached": func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newReceiver(t)
			r.answer = answer
			w := newWorld(t)
			w.notify(r)
			w.mustUpload("stable", id(1), alphaOld, nil)
			report := w.mustRun()
			told := report.Channels[0].Told
			if len(told) != 1 || !strings.Contains(told[0].Error, name) || len(told[0].Error) > 1000 || told[0].Again.IsZero() ||
				strings.Contains(told[0].Error, receiverSecret) || strings.Contains(told[0].Error, "0a1b2c") {
				t.Errorf("got %+v", told)
			}
			if left := w.outbox("stable"); len(left) != 1 {
				t.Errorf("in the outbox there is %q", left)
			}
			for key := range w.drop.Snapshot() {
				if strings.HasPrefix(key, "inbox/") && !strings.HasSuffix(key, ".notify.json") {
					t.Errorf("%s is still there", key)
				}
			}
		})
	}
}

// besides are pages that are not done before somebody is told.
type besides struct{ told chan struct{} }

func (b besides) Project(context.Context, bucket.Store, *publisher.Channel, *generator.Archives) (*generator.Projection, error) {
	wait := func(context.Context) (bool, error) {
		select {
		case <-b.told:
			return true, nil
		case <-time.After(time.Minute):
			return false, errors.New("nobody is told while pages are made")
		}
	}
	done := func(context.Context) error { return nil }
	return &generator.Projection{Report: &generator.PagesReport{Written: []string{}}, Parts: []generator.Part{wait}, Finish: done, Pause: done}, nil
}

// TestTellBesidePages: pages are made while receivers are told, and when those are, uploads
// have their receipts.
func TestTellBesidePages(t *testing.T) {
	r := newReceiver(t)
	w := newWorld(t)
	w.notify(r)
	b := besides{make(chan struct{})}
	w.pages = b
	r.answer = func(http.ResponseWriter, *http.Request) {
		if w.drop.Snapshot()["receipts/"+id(1)+".json"] == nil {
			t.Error("somebody is told before there are receipts")
		}
		close(b.told)
	}
	w.mustUpload("stable", id(1), alphaOld, nil)
	if report := w.mustRun(); report.Channels[0].Told[0].Error != "" || len(w.outbox("stable")) > 0 {
		t.Errorf("got %+v", report.Channels[0].Told)
	}
}

// TestForgedOutbox: entries that strangers make neither keep runs busy nor stay.
func TestForgedOutbox(t *testing.T) {
	r := newReceiver(t)
	w := newWorld(t)
	w.notify(r)
	w.publish("stable", 1, alphaOld)
	r.tried()
	for _, key := range []string{
		"stable/00000000-99999999.notify.json", "stable/00000007-00000003.notify.json", "stable/00000000-00000001.00000000-999.notify.json",
		"nowhere/00000000-00000001.notify.json", "log/00000000-00000001.notify.json", "stable/00000000-00000001.notify.tgz",
	} {
		w.drop.Put("inbox/"+key, []byte("{"))
	}
	report := w.mustRun()
	if len(report.Ignored) != 1 || !strings.Contains(report.Ignored[0].Key, "log/") {
		t.Errorf("ignored: %v", report.Ignored)
	}
	w.mustHaveNoOutbox("nowhere")
	if n := r.newest(); n["stable"] != 1 || len(n) != 1 {
		t.Errorf("told of %v", n)
	}
	if left := w.outbox("stable"); len(left) != 1 { // another run may know that receiver
		t.Errorf("in the outbox there is %q", left)
	}
	w.clock = w.clock.Add(24 * time.Hour)
	w.mustRun()
	w.mustHaveNoOutbox("stable")
}
