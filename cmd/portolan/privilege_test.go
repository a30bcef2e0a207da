package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gocloud.dev/gcerrors"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/ask"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/shim"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

// rights are operations, by who does them: "drop inbox/ create", "site list".
type rights map[string]bool

// guard is a store that records what is done to it and, unless allowed is nil,
// denies everything else, as S3 does to those who may not list.
type guard struct {
	bucket.Store
	bucket  string // drop or site
	allowed rights

	mu   sync.Mutex
	used rights
}

func (g *guard) may(op, key string) error {
	right := g.bucket + " " + op
	if g.bucket == "drop" {
		folder, _, _ := strings.Cut(key, "/")
		right = g.bucket + " " + folder + "/ " + op
	}
	if g.allowed != nil && !g.allowed[right] {
		return bucket.About(key, gcerrors.ErrPermissionDenied)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.used == nil {
		g.used = rights{}
	}
	g.used[right] = true
	return nil
}

func (g *guard) Create(ctx context.Context, o bucket.Object) error {
	if err := g.may("create", o.Key); err != nil {
		return err
	}
	return g.Store.Create(ctx, o)
}

func (g *guard) Replace(ctx context.Context, o bucket.Object, token string) error {
	if err := g.may("replace", o.Key); err != nil {
		return err
	}
	return g.Store.Replace(ctx, o, token)
}

func (g *guard) Get(ctx context.Context, key string) (*bucket.Reader, error) {
	if err := g.may("read", key); err != nil {
		return nil, err
	}
	r, err := g.Store.Get(ctx, key)
	if err != nil && g.allowed != nil {
		return nil, bucket.About(key, gcerrors.ErrPermissionDenied)
	}
	return r, err
}

func (g *guard) List(ctx context.Context, dir string, depth bucket.Depth) iter.Seq2[bucket.Entry, error] {
	if err := g.may("list", dir); err != nil {
		return func(yield func(bucket.Entry, error) bool) { yield(bucket.Entry{}, err) }
	}
	return g.Store.List(ctx, dir, depth)
}

func (g *guard) Delete(ctx context.Context, key, token string) error {
	if err := g.may("delete", key); err != nil {
		return err
	}
	return g.Store.Delete(ctx, key, token)
}

// guarded is a drop area and a site that an actor uses, with rights or, if they
// are nil, with all.
type guarded struct {
	drop, site *buckettest.Mem
}

func newGuarded() *guarded {
	return &guarded{&buckettest.Mem{Now: time.Now}, &buckettest.Mem{Now: time.Now}}
}

func (w *guarded) as(allowed rights) (drop, site *guard) {
	return &guard{Store: w.drop.Handle("actor"), bucket: "drop", allowed: allowed}, &guard{Store: w.site.Handle("actor"), bucket: "site", allowed: allowed}
}

// readmeRights are the rights that the table of permissions gives to who.
func readmeRights(t *testing.T, who string) rights {
	t.Helper()
	all := rights{}
	place := regexp.MustCompile("^(drop area|site)(?:, `(.*)`)?$")
	for _, cells := range table(t, "permissions") {
		m := place.FindStringSubmatch(cells[1])
		if cells[0] != "`"+who+"`" || m == nil {
			continue
		}
		where := "site"
		if m[1] == "drop area" {
			where = "drop " + m[2]
		}
		for op := range strings.SplitSeq(cells[2], ", ") {
			all[where+" "+op] = true
		}
	}
	if len(all) == 0 {
		t.Fatalf("the table of permissions gives none to %s", who)
	}
	return all
}

func (r rights) String() string { return strings.Join(slices.Sorted(maps.Keys(r)), "\n") }

func union(all ...rights) rights {
	sum := rights{}
	for _, r := range all {
		maps.Copy(sum, r)
	}
	return sum
}

func wantRights(t *testing.T, who string, want rights, used ...*guard) {
	t.Helper()
	got := rights{}
	for _, g := range used {
		maps.Copy(got, g.used)
	}
	if !maps.Equal(got, want) {
		t.Errorf("%s does\n%s\nand the table says\n%s", who, got, want)
	}
}

// TestDropRights drops a chart, with no rights but those that the table lists,
// waits in vain, and once more when there is a receipt.
func TestDropRights(t *testing.T) {
	t.Parallel()
	w := newGuarded()
	allowed := readmeRights(t, "portolan drop")
	dropping, waiting := w.dropper(t, allowed)
	if err := dropping.files(t.Context(), []string{writeChart(t)}); err != nil {
		t.Fatal(err)
	}
	wantRights(t, "portolan drop", allowed, waiting)

	allowed = union(allowed, readmeRights(t, "portolan drop --wait"))
	dropping, waiting = w.dropper(t, allowed)
	if err := dropping.files(t.Context(), []string{writeChart(t)}); err != nil {
		t.Fatal(err)
	}
	if err := dropping.wait(t.Context(), 0); err == nil || !strings.Contains(err.Error(), "1 upload not decided") {
		t.Errorf("got %v, want that it is not decided", err)
	}
	w.generate(t, nil, generator.Options{})
	if err := dropping.wait(t.Context(), 0); err != nil {
		t.Error(err)
	}
	wantRights(t, "portolan drop --wait", allowed, waiting)
}

// askers are the commands that ask for actions, as the table names them.
const askers = "portolan yank`, `restore`, `deprecate`, `undeprecate`, `promote`, `rollback"

// TestTakedownRights takes a version down, with no rights but those that the table lists.
func TestTakedownRights(t *testing.T) {
	t.Parallel()
	w := newGuarded()
	settings, err := config.Parse([]byte("channels: [{match: stable, oci: true}]"), "portolan.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"one", "two"} {
		w.submit(t, charttest.Simple("web", "1.0.0", "README.md", content), nil)
		w.submit(t, charttest.Simple("web", "1.1.0"), nil)
		w.generate(t, nil, generator.Options{Config: settings})
	}
	w.submit(t, charttest.Simple("web", "1.0.0", "README.md", "three"), nil)
	w.submit(t, []byte("no chart"), nil)
	w.generate(t, nil, generator.Options{Config: settings})
	for key := range w.drop.Snapshot() { // what was refused is of that version
		if strings.HasPrefix(key, "rejected/") && strings.HasSuffix(key, ".json") {
			w.drop.Put(key, []byte(`{"chart":"web","version":"1.0.0"}`))
		}
	}
	allowed := readmeRights(t, "portolan takedown")
	drop, site := w.as(allowed)
	r, err := generator.TakeDown(t.Context(), lister{site}, publisher.TakeDownOptions{
		Channel: "stable", Chart: "web", Version: "1.0.0", Reason: "has a key in it", Drop: lister{drop},
	})
	if err != nil || len(r.Rejected) != 2 || len(r.Contents) < 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	wantRights(t, "portolan takedown", allowed, drop, site)

	allowed = union(allowed, readmeRights(t, "portolan takedown`, with `notify"))
	drop, site = w.as(allowed)
	_, err = generator.TakeDown(t.Context(), lister{site}, publisher.TakeDownOptions{
		Channel: "stable", Chart: "web", Version: "1.1.0", Reason: "likewise", Drop: lister{drop}, BeforeHead: droparea.Announce(drop, "stable"),
	})
	if err != nil || !drop.used["drop inbox/ create"] {
		t.Errorf("with notify: %v, and it does\n%s", err, drop.used)
	}
}

// TestAskRights asks for a yank, with no rights but those that the table lists, and waits
// for the verdict; and for one in a channel that is misspelt.
func TestAskRights(t *testing.T) {
	t.Parallel()
	w := newGuarded()
	w.submit(t, charttest.Simple("web", "1.0.0"), nil)
	w.generate(t, nil, generator.Options{})
	allowed := readmeRights(t, askers)
	asks := func(more ...string) (drop, site *guard, err error) {
		drop, site = w.as(allowed)
		f := newAskFlags("yank")
		if err := f.Parse(more); err != nil {
			t.Fatal(err)
		}
		plan, err := ask.Yank(t.Context(), lister{site}, "stable", "web", []string{"1.x"}, "it is broken")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ask.Yank(t.Context(), lister{site}, "stabel", "web", []string{"1.x"}, "it is broken"); err == nil {
			t.Error("there is a channel stabel")
		}
		p := &program{stdout: &checkedWriter{w: io.Discard}, stderr: io.Discard}
		return drop, site, p.putAction(t.Context(), f, drop, &asked{Plan: plan})
	}
	drop, site, err := asks()
	if err != nil {
		t.Fatal(err)
	}
	wantRights(t, "portolan yank", allowed, drop, site)

	for name, plan := range map[string]func(bucket.Store) (*ask.Plan, error){
		"restore": func(s bucket.Store) (*ask.Plan, error) {
			return ask.Restore(t.Context(), s, "stable", "web", []string{"1.x"})
		},
		"deprecate": func(s bucket.Store) (*ask.Plan, error) {
			return ask.Deprecate(t.Context(), s, "stable", "web", "old", "")
		},
		"undeprecate": func(s bucket.Store) (*ask.Plan, error) { return ask.Undeprecate(t.Context(), s, "stable", "web") },
		"rollback":    func(s bucket.Store) (*ask.Plan, error) { return ask.Rollback(t.Context(), s, "stable", 1, "") },
		"promote": func(s bucket.Store) (*ask.Plan, error) {
			return ask.Promote(t.Context(), s, ask.Promotion{From: "stable", To: "prod", Chart: "web", AllNewer: true})
		},
	} {
		_, site := w.as(allowed)
		if _, err := plan(lister{site}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}

	allowed = union(allowed, readmeRights(t, askers+"`, with `--wait"))
	drop, site, err = asks("--wait", "--timeout", "0s")
	if err == nil || !strings.Contains(err.Error(), "not decided") {
		t.Errorf("got %v, want that it is not decided", err)
	}
	wantRights(t, "portolan yank --wait", allowed, drop, site)
}

// TestDropLooks: where drop may read the site, it refuses what that would not take; where
// it may not, or the site does not answer, it uploads all the same.
func TestDropLooks(t *testing.T) {
	t.Parallel()
	settings, err := config.Parse([]byte("channels: [{match: stable, duplicates: reject}]"), "portolan.yaml")
	if err != nil {
		t.Fatal(err)
	}
	reading := rights{"site read": true}
	for name, test := range map[string]struct {
		allowed rights
		broken  bool
		changed bool // the chart, since it was published
		refused bool
		note    bool
	}{
		"readable":      {allowed: reading, changed: true, refused: true},
		"the same":      {allowed: reading},
		"not readable":  {allowed: rights{}, changed: true},
		"does not work": {allowed: reading, broken: true, changed: true, note: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newGuarded()
			allowed := union(readmeRights(t, "portolan drop"), test.allowed)
			dropping, _ := w.dropper(t, allowed)
			file := writeChart(t)
			if err := dropping.files(t.Context(), []string{file}); err != nil {
				t.Fatal(err)
			}
			w.generate(t, nil, generator.Options{})
			if test.changed {
				write(t, file, charttest.Simple("web", "1.0.0", "README.md", "changed"))
			}
			dropping, _ = w.dropper(t, allowed)
			var said bytes.Buffer
			dropping.stderr = &said
			_, guarded := w.as(allowed)
			site := bucket.Store(guarded)
			if test.broken {
				w.site.Hook = func(buckettest.Op) buckettest.Fault { return buckettest.Refused }
				site = w.site.Handle("actor")
			}
			dropping.readSite(t.Context(), site, settings)
			if err := dropping.files(t.Context(), []string{file}); err != nil {
				t.Fatal(err)
			}
			if r := dropping.results[0]; (r.Rule == "version-exists") != test.refused || (r.ID == "") != test.refused {
				t.Errorf("got %+v", r)
			}
			if strings.Contains(said.String(), "note: ") != test.note {
				t.Errorf("it says %q", said.String())
			}
		})
	}
}

func (w *guarded) dropper(t *testing.T, allowed rights) (*dropper, *guard) {
	drop, _ := w.as(allowed)
	return &dropper{program: &program{stdout: &checkedWriter{w: io.Discard}, stderr: io.Discard}, store: drop, channel: "stable"}, drop
}

func writeChart(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "web-1.0.0.tgz")
	write(t, file, charttest.Simple("web", "1.0.0"))
	return file
}

// generate is one run of the generator.
func (w *guarded) generate(t *testing.T, allowed rights, o generator.Options) (drop, site *guard) {
	t.Helper()
	drop, site = w.as(allowed)
	if o.Drop, o.Site = drop, site; allowed != nil {
		o.Drop, o.Site = lister{drop}, lister{site}
	}
	if _, err := generator.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	return drop, site
}

// lister is a guard for those who may list: S3 tells them what is missing.
type lister struct{ *guard }

func (f lister) Get(ctx context.Context, key string) (*bucket.Reader, error) {
	if err := f.may("read", key); err != nil {
		return nil, err
	}
	return f.Store.Get(ctx, key)
}

// TestGenerateRights runs the generator over uploads of every kind.
func TestGenerateRights(t *testing.T) {
	t.Parallel()
	w := newGuarded()
	allowed := readmeRights(t, "portolan generate")
	signer := charttest.NewSigner()
	chart := charttest.Simple("web", "1.0.0")
	w.drop.Now = func() time.Time { return time.Now().Add(-time.Hour) }
	w.submit(t, charttest.Simple("web", "1.0.0", "README.md", "older"), nil) // superseded
	w.submit(t, chart, nil)
	w.submit(t, charttest.Simple("app", "1.0.0"), signer.Sign("app-1.0.0.tgz", charttest.Simple("app", "1.0.0")))
	w.submit(t, []byte("no chart"), nil)
	w.drop.Put("inbox/stable/mine-1.0.0.tgz", charttest.Simple("mine", "1.0.0"))
	settings := filepath.Join(t.TempDir(), "portolan.yaml")
	write(t, settings, []byte("channels: [{match: stable, signatures: {keyrings: [team.gpg]}}]"))
	write(t, filepath.Join(filepath.Dir(settings), "team.gpg"), signer.Keyring())
	keys, err := config.Load(settings)
	if err != nil {
		t.Fatal(err)
	}
	drop, site := w.generate(t, allowed, generator.Options{Config: keys})
	if w.site.Snapshot()["stable/"+publisher.KeyringURL] == nil {
		t.Error("the keys are not published")
	}

	w.submit(t, nil, signer.Sign("web-1.0.0.tgz", chart))
	w.submit(t, charttest.Simple("app", "1.0.0", "README.md", "newer"), nil)
	id := w.submit(t, charttest.Simple("web", "2.0.0"), nil)
	second, secondSite := w.generate(t, allowed, generator.Options{})

	// One that was decided comes back, and head is lost.
	w.drop.Put("inbox/stable/"+id+".tgz", charttest.Simple("web", "2.0.0"))
	w.site.Put("stable/index.yaml", []byte("damaged"))
	third, thirdSite := w.generate(t, allowed, generator.Options{})
	wantRights(t, "portolan generate", allowed, drop, site, second, secondSite, third, thirdSite)
	if left := w.inbox(); len(left) > 0 {
		t.Errorf("in the inbox there is still %v", left)
	}
}

// TestTellRights: a run that tells receivers needs no other rights, whether they can be told or not.
func TestTellRights(t *testing.T) {
	t.Setenv("RECEIVER_SECRET", "s3cret")
	code := http.StatusInternalServerError
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
	defer server.Close()
	settings, err := config.Parse([]byte("channels: [{match: stable, notify: [{url: '"+server.URL+"', secretEnv: RECEIVER_SECRET}]}]"), "portolan.yaml")
	if err != nil {
		t.Fatal(err)
	}
	w := newGuarded()
	w.submit(t, charttest.Simple("web", "1.0.0"), nil)
	allowed := readmeRights(t, "portolan generate")
	w.generate(t, allowed, generator.Options{Config: settings})
	if left := w.inbox(); len(left) != 1 || !strings.HasSuffix(left[0], ".notify.json") {
		t.Fatalf("in the inbox there is %v", left)
	}
	code = http.StatusNoContent
	w.generate(t, allowed, generator.Options{Config: settings, Now: func() time.Time { return time.Now().Add(time.Hour) }})
	if left := w.inbox(); len(left) > 0 {
		t.Errorf("in the inbox there is still %v", left)
	}
}

// TestUpkeepRights verifies a site, rebuilds it, and prunes it, each where
// there is something of everything to do.
func TestUpkeepRights(t *testing.T) {
	t.Parallel()
	w := newGuarded()
	ago := func() time.Time { return time.Now().Add(-time.Hour) }
	w.drop.Now, w.site.Now = ago, ago
	for _, content := range []string{"one", "two"} {
		w.submit(t, charttest.Simple("web", "1.0.0", "README.md", content), nil)
		w.submit(t, []byte("no chart"), nil)
		w.generate(t, nil, generator.Options{Now: ago})
	}
	damage := func() {
		w.site.Put("stable/index.yaml", []byte("damaged"))
		if err := w.site.Handle("vandal").Delete(t.Context(), "stable/snapshots/00000002/index.yaml", ""); err != nil {
			t.Fatal(err)
		}
	}
	open := func(allowed rights) (drop, site *guard, forDrop, forSite bucket.Store) {
		drop, site = w.as(allowed)
		return drop, site, lister{drop}, lister{site}
	}

	damage()
	allowed := readmeRights(t, "portolan rebuild")
	_, rebuilt, _, site := open(allowed)
	if _, err := publisher.Rebuild(t.Context(), site, "stable", publisher.RebuildOptions{}); err != nil {
		t.Fatal(err)
	}
	wantRights(t, "portolan rebuild", allowed, rebuilt)

	allowed = readmeRights(t, "portolan verify")
	_, verified, _, site := open(allowed)
	report, err := publisher.Verify(t.Context(), site, publisher.VerifyOptions{Deep: true})
	if err != nil || len(report.Channels) != 1 || len(report.Channels[0].Faults) > 0 {
		t.Fatalf("got %+v, %v", report, err)
	}
	wantRights(t, "portolan verify", allowed, verified)

	damage()
	allowed = readmeRights(t, "portolan prune")
	pruned, prunedSite, drop, site := open(allowed)
	w.drop.Put("pushed/2026-01-01T00/stable/web/0a", []byte("never tagged"))
	files := 0
	for range 2 { // the first puts head right: what it named stays until then
		freed, err := publisher.Prune(t.Context(), drop, site, publisher.PruneOptions{Snapshots: 1})
		if err != nil {
			t.Fatal(err)
		}
		files += freed.Total().Files
	}
	if files != 4+4+1+2+1 { // receipts, refused uploads and their reasons, a snapshot, a chart and its release.json, what was pushed
		t.Errorf("%d files are removed", files)
	}
	wantRights(t, "portolan prune", allowed, pruned, prunedSite)

	// By rule: the first prune yanks, the second frees, the third removes.
	for i := range 3 {
		w.submit(t, charttest.Simple("ruled", fmt.Sprintf("1.%d.0", i)), nil)
	}
	w.generate(t, nil, generator.Options{Now: ago})
	settings, err := config.Parse([]byte("channels: [{match: stable, retain: {newest: 1}, notify: [{url: 'https://example.com', secretEnv: X}]}]"), "portolan.yaml")
	if err != nil {
		t.Fatal(err)
	}
	allowed = union(allowed, readmeRights(t, "portolan prune`, with `notify"))
	var used []*guard
	went := 0
	for i := range 3 {
		now := func() time.Time { return time.Now().Add(time.Duration(i) * time.Hour) }
		w.site.Now = now
		drop, site, forDrop, forSite := open(allowed)
		used = append(used, drop, site)
		yanked := time.Minute
		r, err := generator.Prune(t.Context(), generator.Options{Drop: forDrop, Site: forSite, Config: settings, Now: now}, publisher.PruneOptions{Yanked: &yanked})
		if err != nil {
			t.Fatal(err)
		}
		went += len(r.Retained[0].Versions) + len(r.Channels[0].Freed) + r.Channels[0].FreedFiles.Files
	}
	if went != 2+2+4 {
		t.Errorf("rules removed %d of what they should", went)
	}
	wantRights(t, "portolan prune, with notify", allowed, append(used, pruned, prunedSite)...)
}

func (w *guarded) inbox() (keys []string) {
	for key := range w.drop.Snapshot() {
		if strings.HasPrefix(key, "inbox/") {
			keys = append(keys, key)
		}
	}
	return keys
}

func (w *guarded) submit(t *testing.T, chart, prov []byte) (id string) {
	t.Helper()
	id, err := droparea.NewID()
	if err != nil {
		t.Fatal(err)
	}
	var s droparea.Submission
	if chart != nil {
		s.Chart = bucket.Bytes(chart)
	}
	if prov != nil {
		s.Prov = bucket.Bytes(prov)
	}
	if err := droparea.Submit(t.Context(), w.drop.Handle("uploader"), "stable", id, s); err != nil {
		t.Fatal(err)
	}
	return id
}

// neverCame is the id of no upload.
const neverCame = "01a22b6d-bb33-7c70-a785-0ffa8fabe9b8"

// TestShimRights uploads to shims that may do nothing but what the table lists,
// reads what they answer of receipts, and of the site where there is one.
func TestShimRights(t *testing.T) {
	t.Parallel()
	w := newGuarded()
	allowed := readmeRights(t, "portolan shim")
	drop, _ := w.as(allowed)
	web := shimOn(t, shim.Options{Drop: drop})
	receipt := web.upload("web", "1.0.0", http.StatusCreated)
	web.get("/readyz", http.StatusOK)
	web.get(receipt, http.StatusAccepted)
	w.generate(t, nil, generator.Options{})
	web.get(receipt, http.StatusOK)
	web.get("/api/stable/uploads/"+neverCame, http.StatusAccepted) // which it cannot tell
	wantRights(t, "portolan shim", allowed, drop)

	looking := union(allowed, readmeRights(t, "portolan shim`, to answer what never came with `404"))
	drop, _ = w.as(looking)
	web = shimOn(t, shim.Options{Drop: lister{drop}})
	receipt = web.upload("web", "1.1.0", http.StatusCreated)
	web.get(receipt, http.StatusAccepted)
	web.get("/api/stable/uploads/"+neverCame, http.StatusNotFound)
	w.generate(t, nil, generator.Options{})
	web.get(receipt, http.StatusOK)
	wantRights(t, "portolan shim that looks into the inbox", looking, drop)

	allowed = union(allowed, readmeRights(t, "portolan shim --site"))
	drop, site := w.as(allowed)
	web = shimOn(t, shim.Options{Drop: drop, Site: site})
	web.get("/readyz", http.StatusOK)
	web.get(web.upload("web", "2.0.0", http.StatusCreated), http.StatusAccepted)
	web.get("/stable/index.yaml", http.StatusOK)
	web.get("/stable/log/00000001.json", http.StatusOK)
	web.get("/stable/charts/web/index.html", http.StatusNotFound)
	web.get("/new/index.yaml", http.StatusOK) // to be pushed to
	web.get("/api/stable/charts", http.StatusOK)
	web.upload("web", "1.0.0", http.StatusCreated) // the same again
	web.send(http.MethodDelete, "/api/stable/charts/web/1.0.0", "", http.StatusOK)
	web.send(http.MethodPost, "/api/stable/actions", `{"kind": "undeprecate", "chart": "web"}`, http.StatusAccepted)
	w.generate(t, nil, generator.Options{})
	web = shimOn(t, shim.Options{Drop: drop, Site: site}) // with what is yanked now
	web.get("/api/stable/charts/web", http.StatusOK)
	web.send(http.MethodDelete, "/api/stable/charts/web/1.0.0", "", http.StatusNotFound)
	wantRights(t, "portolan shim --site", allowed, drop, site)
}

// TestPushRights pushes as helm does, with no rights but those that the table lists.
func TestPushRights(t *testing.T) {
	t.Parallel()
	w := newGuarded()
	w.drop.Put("pushed/2026-01-01T00/stable/web/0a", []byte("never tagged"))
	allowed := union(readmeRights(t, "portolan shim"), readmeRights(t, "portolan shim`, for `helm push"))
	drop, _ := w.as(allowed)
	shim := shimOn(t, shim.Options{Drop: drop})
	shim.push("stable", charttest.Simple("web", "1.0.0"))
	if inbox := w.inbox(); len(inbox) != 2 {
		t.Errorf("the inbox has %q", inbox)
	}
	shim.get(shim.upload("web", "1.0.0", http.StatusCreated), http.StatusAccepted) // what other uploads need
	late := testenv.Late(t)
	for slices.Contains(slices.Collect(maps.Keys(w.drop.Snapshot())), "pushed/2026-01-01T00/stable/web/0a") {
		select {
		case <-late:
			t.Fatal("what was pushed long ago stays")
		case <-time.After(10 * time.Millisecond):
		}
	}
	wantRights(t, "portolan shim, for helm push", allowed, drop)
}

// shimClient talks to a shim.
type shimClient struct {
	t   *testing.T
	url string
}

func shimOn(t *testing.T, o shim.Options) shimClient {
	o.Auth, o.Rules, o.Log = auth.Anyone(), rulesOf(nil), slog.New(slog.DiscardHandler)
	o.OCI = func(string) bool { return true }
	if o.Site != nil {
		o.Judge = judgesOf(nil, o.Site)
	}
	server := httptest.NewServer(shim.New(o))
	t.Cleanup(server.Close)
	return shimClient{t, server.URL}
}

func (c shimClient) get(path string, status int) {
	c.t.Helper()
	c.send(http.MethodGet, path, "", status)
}

func (c shimClient) send(method, path, body string, status int) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+strings.TrimPrefix(path, c.url), strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if code, b := answerOf(c.t, r); code != status {
		c.t.Errorf("%s %s: got %d, want %d: %s", method, path, code, status, b)
	}
}

// upload uploads a chart, and returns the URL of its receipt.
func (c shimClient) upload(name, version string, status int) (receipt string) {
	c.t.Helper()
	r, err := http.Post(c.url+"/api/stable/charts", "application/gzip", bytes.NewReader(charttest.Simple(name, version)))
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	if b, _ := io.ReadAll(r.Body); r.StatusCode != status {
		c.t.Errorf("got %s, want %d: %s", r.Status, status, b)
	}
	return r.Header.Get("Location")
}

// push pushes an archive, as helm does.
func (c shimClient) push(channel string, archive []byte) {
	c.t.Helper()
	read, err := check.Archive(bytes.NewReader(archive), check.Options{Versions: "helm"})
	if err != nil {
		c.t.Fatal(err)
	}
	name, version := read.Metadata.Name, read.Metadata.Version
	config := fmt.Appendf(nil, `{"apiVersion":"v2","name":%q,"version":%q}`, name, version)
	manifest, err := registry.New(registry.Release{Config: config, Archive: registry.SumOf(archive), Created: time.Unix(1e9, 0)})
	if err != nil {
		c.t.Fatal(err)
	}
	repository := c.url + "/v2/" + registry.Repository(channel, name)
	send := func(method, url string, body []byte, status int) string {
		c.t.Helper()
		r, err := http.NewRequestWithContext(c.t.Context(), method, url, bytes.NewReader(body))
		if err != nil {
			c.t.Fatal(err)
		}
		r.Header.Set("Content-Type", registry.TypeManifest)
		code, b, err := tryAnswer(r)
		if err != nil || code != status {
			c.t.Fatalf("%s %s: %d %s, %v; want %d", method, url, code, b, err, status)
		}
		return string(b)
	}
	for _, blob := range [][]byte{config, archive} {
		digest := "sha256:" + registry.SumOf(blob).SHA256
		send(http.MethodHead, repository+"/blobs/"+digest, nil, http.StatusNotFound)
		send(http.MethodPost, repository+"/blobs/uploads/?digest="+digest, blob, http.StatusCreated)
	}
	byDigest := repository + "/manifests/sha256:" + registry.SumOf(manifest).SHA256
	send(http.MethodPut, byDigest, manifest, http.StatusCreated)
	if got := send(http.MethodGet, byDigest, nil, http.StatusOK); got != string(manifest) {
		c.t.Errorf("the manifest is read back as %s", got)
	}
	send(http.MethodPut, repository+"/manifests/"+registry.Tag(version), manifest, http.StatusCreated)
}

// oneOrMany is what IAM writes as one text or as several.
type oneOrMany []string

func (o *oneOrMany) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*o = oneOrMany{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(o))
}

// TestReadmePolicies compares the READMEs' policies with the table, which the
// tests above compare with what is done.
func TestReadmePolicies(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]rights{
		"shim":     union(readmeRights(t, "portolan shim"), readmeRights(t, "portolan shim --site")),
		"generate": readmeRights(t, "portolan generate"),
	} {
		for _, block := range blocks(t, "policy "+policy) {
			if got := s3Actions(t, block); !maps.Equal(got, onS3(want)) {
				t.Errorf("the policy %s allows\n%s\nand the table\n%s", policy, got, onS3(want))
			}
		}
	}
	shim := union(readmeRights(t, "portolan shim"))
	if drop := union(readmeRights(t, "portolan drop"), readmeRights(t, "portolan drop --wait")); !maps.Equal(shim, drop) {
		t.Errorf("the policy of the shim would not do for portolan drop: %v", drop)
	}
}

// s3Actions are what a policy allows, as "drop inbox/ s3:PutObject".
func s3Actions(t *testing.T, policy string) rights {
	t.Helper()
	var p struct {
		Version   string
		Statement []struct {
			Effect           string
			Action, Resource oneOrMany
		}
	}
	if err := json.Unmarshal([]byte(policy), &p); err != nil || p.Version != "2012-10-17" {
		t.Fatalf("%v in the policy\n%s", err, policy)
	}
	all := rights{}
	for _, s := range p.Statement {
		for _, resource := range s.Resource {
			bucket, key, _ := strings.Cut(strings.TrimPrefix(resource, "arn:aws:s3:::"), "/")
			where := map[string]string{"acme-chart-drop": "drop", "acme-charts": "site"}[bucket]
			if folder := strings.TrimSuffix(key, "*"); folder != "" {
				where += " " + folder
			}
			for _, action := range s.Action {
				if s.Effect == "Allow" {
					all[where+" "+action] = true
				}
			}
		}
	}
	return all
}

// onS3 are the actions that rights need. Whoever may list something may read
// what else there is, to see what was created before.
func onS3(r rights) rights {
	actions := map[string]string{"create": "s3:PutObject", "replace": "s3:PutObject", "read": "s3:GetObject", "delete": "s3:DeleteObject"}
	all := rights{}
	lists := slices.ContainsFunc(slices.Collect(maps.Keys(r)), func(right string) bool { return strings.HasSuffix(right, " list") })
	for right := range r {
		i := strings.LastIndex(right, " ")
		where, op := right[:i], right[i+1:]
		if op == "list" {
			bucket, _, _ := strings.Cut(where, " ")
			all[bucket+" s3:ListBucket"] = true
			continue
		}
		all[where+" "+actions[op]] = true
		if lists && op == "create" {
			all[where+" s3:GetObject"] = true
		}
	}
	return all
}
