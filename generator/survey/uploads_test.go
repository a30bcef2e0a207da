package survey_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"gocloud.dev/gcerrors"

	"github.com/portolan-charts/portolan/generator/survey"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// busy has two channels in which uploads and actions were decided, with receipts for some.
func busy(t *testing.T) *world {
	w := newWorld(t)
	w.edit("stable").put("web", "1.0.0", "a").reject("not-gzip").commit() // 1, 2
	w.edit("stable").reject("not-gzip").commit()                          // 3
	w.edit("devel").put("db", "1.0.0", "a").commit()                      // 4
	w.edit("stable").
		act(publisher.ActionDecision{Kind: action.Yank, Reason: "leaks", Versions: pins("web 1.0.0")}). // 5
		act(publisher.ActionDecision{Kind: action.Deprecate, Chart: "web", Verdict: verdict.Rejected, Rule: "not-allowed"}).
		hide("web", true).commit()
	w.receipt("receipts/"+id(1)+".json", droparea.Receipt{Channel: "stable", Request: &droparea.Request{File: "w.tgz", Uploader: map[string]string{"user": "alice"}}})
	w.receipt("receipts/"+id(2)+".json", droparea.Receipt{Channel: "stable", Message: "not this one"})
	w.receipt("rejected/stable/"+id(2)+".json", droparea.Receipt{Channel: "stable", Message: "no gzip", Fix: "gzip it", Request: &droparea.Request{File: "x.tgz"}})
	w.receipt("receipts/"+id(4)+".json", droparea.Receipt{Channel: "other", Request: &droparea.Request{Uploader: map[string]string{"user": "mallory"}}})
	w.receipt("receipts/devel/"+id(4)+".json", droparea.Receipt{Channel: "devel", Request: &droparea.Request{Uploader: map[string]string{"token": "ci"}}})
	w.receipt("receipts/"+id(5)+".json", droparea.Receipt{Channel: "stable", Action: &action.Request{Kind: action.Yank, Versions: []action.Pin{{Chart: "web", Version: "1.0.0"}}, Requester: map[string]string{"user": "bob"}}})
	w.drop.Put("rejected/stable/"+id(6)+".json", []byte("damaged"))
	return w
}

func (w *world) receipt(key string, r droparea.Receipt) {
	b, err := json.Marshal(r)
	if err != nil {
		w.t.Fatal(err)
	}
	w.drop.Put(key, b)
}

func TestUploads(t *testing.T) {
	t.Parallel()
	w := busy(t)
	all, more, err := survey.Uploads(t.Context(), w.drop.Handle("test"), w.store(), survey.UploadsOptions{})
	if err != nil || more {
		t.Fatalf("%v, %v", more, err)
	}
	upload := func(n, generation int, channel string, u survey.Upload) survey.Upload {
		u.ID, u.Channel, u.Generation = id(n), channel, generation
		u.Decided, u.Arrival = at(generation), at(generation).Add(-time.Minute)
		return u
	}
	const general, advice = "the file is not a gzip-compressed archive", "package the chart again with `helm package`"
	want := []survey.Upload{
		upload(5, 3, "stable", survey.Upload{Verdict: verdict.Accepted, Action: action.Yank, About: "yank web 1.0.0", Chart: "web", Version: "1.0.0", Uploader: map[string]string{"user": "bob"}}),
		upload(6, 3, "stable", survey.Upload{Verdict: verdict.Rejected, Action: action.Deprecate, About: "deprecate", Chart: "web", Rule: "not-allowed"}),
		upload(3, 2, "stable", survey.Upload{Verdict: verdict.Rejected, Rule: "not-gzip", Message: general, Fix: advice}),
		upload(4, 1, "devel", survey.Upload{Verdict: verdict.Accepted, Chart: "db", Version: "1.0.0", Uploader: map[string]string{"token": "ci"}}),
		upload(1, 1, "stable", survey.Upload{Verdict: verdict.Accepted, Chart: "web", Version: "1.0.0", File: "w.tgz", Uploader: map[string]string{"user": "alice"}}),
		upload(2, 1, "stable", survey.Upload{Verdict: verdict.Rejected, Rule: "not-gzip", File: "x.tgz", Message: "no gzip", Fix: "gzip it"}),
	}
	equal(t, "uploads", all, want)
}

func TestUploadsOptions(t *testing.T) {
	t.Parallel()
	w := busy(t)
	for name, test := range map[string]struct {
		o    survey.UploadsOptions
		want string // the numbers of the uploads
		more bool
	}{
		"one channel":    {survey.UploadsOptions{Channels: []string{"devel"}}, "4", false},
		"since":          {survey.UploadsOptions{Since: at(2)}, "563", false},
		"since later":    {survey.UploadsOptions{Since: at(9)}, "", false},
		"rejected":       {survey.UploadsOptions{Rejected: true}, "632", false},
		"some":           {survey.UploadsOptions{Most: 4}, "5634", true},
		"exactly all":    {survey.UploadsOptions{Most: 6}, "563412", false},
		"some, rejected": {survey.UploadsOptions{Most: 2, Rejected: true}, "63", true},
	} {
		all, more, err := survey.Uploads(t.Context(), w.drop.Handle("test"), w.store(), test.o)
		got := ""
		for _, u := range all {
			got += strings.TrimLeft(u.ID[len(u.ID)-2:], "0")
		}
		if err != nil || got != test.want || more != test.more {
			t.Errorf("%s: got %s, %v, %v; want %s", name, got, more, err, test.want)
		}
	}
}

// TestUploadsOfNoChannel: a channel that is misspelt is not one without uploads.
func TestUploadsOfNoChannel(t *testing.T) {
	t.Parallel()
	w := busy(t)
	_, _, err := survey.Uploads(t.Context(), w.drop.Handle("test"), w.store(), survey.UploadsOptions{Channels: []string{"nosuch"}})
	if !errors.Is(err, survey.ErrNoChannel) {
		t.Errorf("got %v", err)
	}
	w.site.Put("begun/log/00000001-nonce.state.json", nil) // by a run that was interrupted
	if all, _, err := survey.Uploads(t.Context(), w.drop.Handle("test"), w.store(), survey.UploadsOptions{}); err != nil || len(all) != 6 {
		t.Errorf("got %v, %v", all, err)
	}
}

// TestUploadsReads: receipts are read of the uploads that are returned, and records as far
// as they are needed.
func TestUploadsReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 50 {
		w.edit("stable").reject("not-gzip").commit()
	}
	site, drop := &buckettest.Counter{}, &buckettest.Counter{}
	all, more, err := survey.Uploads(t.Context(), drop.Of(w.drop.Handle("test")), site.Of(w.store()), survey.UploadsOptions{Channels: []string{"stable"}, Most: 5})
	if err != nil || len(all) != 5 || !more {
		t.Fatalf("got %+v, %v, %v", all, more, err)
	}
	const probes = 2 * 7 // for the end of a log without head
	if drop.Count("") != 5 || site.Count(buckettest.Get) > 1+probes+7 {
		t.Errorf("it took %s of the drop area, and %s of the site", drop, site)
	}
}

// TestUploadsFail: a store that does not answer is an error; one that lets nobody read
// receipts only knows less.
func TestUploadsFail(t *testing.T) {
	t.Parallel()
	w := busy(t)
	w.drop.Hook = func(buckettest.Op) buckettest.Fault { return buckettest.Refused }
	if _, _, err := survey.Uploads(t.Context(), w.drop.Handle("test"), w.store(), survey.UploadsOptions{}); err == nil {
		t.Error("a drop area that fails is no error")
	}
	var denied bucket.Store = barred{w.drop.Handle("test")}
	all, _, err := survey.Uploads(t.Context(), denied, w.store(), survey.UploadsOptions{})
	if err != nil || len(all) != 6 || all[4].Uploader != nil {
		t.Errorf("got %+v, %v", all, err)
	}
}

// barred is a store that denies reading.
type barred struct{ bucket.Store }

func (barred) Get(_ context.Context, key string) (*bucket.Reader, error) {
	return nil, bucket.About(key, gcerrors.ErrPermissionDenied)
}
