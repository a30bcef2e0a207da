package main

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/importer"
)

// oldServer is a static server with a Helm repository that wants a password.
type oldServer struct {
	*httptest.Server
	folder string

	mu       sync.Mutex
	archives map[string]int // how often each was asked for
	hold     int            // after this many of them, no more are sent
	held     chan struct{}  // closed at the first that is not
}

const oldUser, oldPassword = "reader", "s3cret"

// newOldServer serves the archives, for which helm makes the index.
func newOldServer(t *testing.T, files []string) *oldServer {
	t.Helper()
	s := &oldServer{folder: t.TempDir(), archives: map[string]int{}, held: make(chan struct{})}
	for _, file := range files {
		write(t, filepath.Join(s.folder, filepath.Base(file)), read(t, file))
	}
	if o := process(t, s.folder, plainEnv(), testenv.Tool(t, "helm3"), "repo", "index", "."); o.code != 0 {
		t.Fatalf("helm repo index: %s", o.stderr)
	}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *oldServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if user, password, _ := r.BasicAuth(); user != oldUser || password != oldPassword {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	if strings.HasSuffix(r.URL.Path, ".tgz") && s.holds(path.Base(r.URL.Path)) {
		<-r.Context().Done()
		return
	}
	http.FileServer(http.Dir(s.folder)).ServeHTTP(w, r)
}

// holds counts a request for an archive, and says whether to leave it unanswered.
func (s *oldServer) holds(file string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.archives[file]++
	if s.hold == 0 || len(s.archives) <= s.hold {
		return false
	}
	if len(s.archives) == s.hold+1 {
		close(s.held)
	}
	return true
}

// asked returns how often each archive was asked for, and forgets it.
func (s *oldServer) asked() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.archives
	s.archives, s.hold = map[string]int{}, 0
	return asked
}

// edit changes the server's index.
func (s *oldServer) edit(t *testing.T, edit func(entries map[string][]map[string]any)) {
	t.Helper()
	file := filepath.Join(s.folder, "index.yaml")
	var index struct {
		APIVersion string                      `json:"apiVersion"`
		Entries    map[string][]map[string]any `json:"entries"`
		Generated  string                      `json:"generated"`
	}
	if err := yaml.Unmarshal(read(t, file), &index); err != nil {
		t.Fatal(err)
	}
	edit(index.Entries)
	b, err := yaml.Marshal(index)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, b)
}

// releases are the lines of an index that clients tell releases by: version,
// digest and date.
func indexReleases(t *testing.T, b []byte) map[string]string {
	t.Helper()
	var index struct {
		Entries map[string][]struct {
			Version, Digest string
			Created         time.Time
		}
	}
	if err := yaml.Unmarshal(b, &index); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for name, list := range index.Entries {
		for _, r := range list {
			if all[name+" "+r.Version] == "" { // Helm uses the first
				all[name+" "+r.Version] = r.Digest + " " + r.Created.UTC().Format(time.RFC3339Nano)
			}
		}
	}
	return all
}

// importArgs are the arguments of an import of the server's repository.
func (s *oldServer) importArgs(t *testing.T, more ...string) []string {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "password")
	write(t, secret, []byte(oldPassword+"\n"))
	return append([]string{"import", "--from", s.URL, "--username", oldUser, "--password-file", secret, "--output", "json", "stable"}, more...)
}

func (w *town) imports(s *oldServer, codes []int, more ...string) *importer.Report {
	w.t.Helper()
	r := &importer.Report{}
	decode(w.t, w.run(codes, s.importArgs(w.t, more...)...).stdout, r)
	return r
}

// lax lets the channel take all versions that Helm can order.
func (w *town) lax() {
	write(w.t, filepath.Join(w.folder, "portolan.yaml"), []byte("channels: [{match: \"**\", versions: helm}]\n"))
}

// sameAsOld compares the channel with the old repository, of which some
// versions were left out: by their indexes, and as Helm's users see them.
func (w *town) sameAsOld(s *oldServer, left map[string]bool) {
	w.t.Helper()
	want := indexReleases(w.t, read(w.t, filepath.Join(s.folder, "index.yaml")))
	maps.DeleteFunc(want, func(version, _ string) bool { return left[version] })
	got := indexReleases(w.t, read(w.t, filepath.Join(w.folder, "site", "stable", "index.yaml")))
	for _, version := range sortedKeys(want) {
		if got[version] != want[version] {
			w.t.Errorf("%s has digest and date %q, want %q", version, got[version], want[version])
		}
	}
	equal(w.t, "versions", sortedKeys(got), sortedKeys(want))
	w.done("verify", "--deep")
	url := w.preview()
	for _, client := range clients {
		h := newHelm(w.t, client)
		h.run("repo", "add", "old", s.URL, "--username", oldUser, "--password", oldPassword)
		h.run("repo", "add", "new", url+"/stable")
		found := h.search("old", "--devel")
		for name, versions := range found {
			versions = slices.DeleteFunc(versions, func(v string) bool { return left[name+" "+v] })
			if found[name] = slices.Compact(versions); len(versions) == 0 {
				delete(found, name)
			}
		}
		equal(w.t, client+" search repo --versions", h.search("new", "--devel"), found)
	}
}

// lost are the versions that an import left out, of which it took no other
// archive either.
func lost(r *importer.Report) map[string]bool {
	all := map[string]bool{}
	for _, result := range r.Results {
		if result.Lost {
			all[result.Chart+" "+result.Version] = true
		}
	}
	for _, result := range r.Results {
		if !result.Lost {
			delete(all, result.Chart+" "+result.Version)
		}
	}
	return all
}

// TestImport moves a repository of real charts over: in one go; and by an import
// that is killed half-way, one that goes on, and one that finds nothing to do.
func TestImport(t *testing.T) {
	t.Parallel()
	files := corpusFiles(t)
	s := newOldServer(t, files)
	once := newTown(t)
	once.lax()
	codes := []int{exitDone, exitRejected} // some folders hold what nobody takes
	report := once.imports(s, codes)
	left := lost(report)
	t.Logf("%d taken of %d; left out: %q", report.Count(importer.Taken), len(files), sortedKeys(left))
	if taken := report.Count(importer.Taken); taken < len(files)*9/10 || taken+report.Lost() != len(report.Results) {
		t.Errorf("%d taken of %d, %d lost", taken, len(report.Results), report.Lost())
	}
	if asked := s.asked(); len(asked) < report.Count(importer.Taken) {
		t.Errorf("the server was asked for %d archives", len(asked))
	}
	once.done("generate")
	once.sameAsOld(s, left)

	broken := newTown(t)
	broken.lax()
	first := broken.importKilled(s, len(files)/2)
	waiting := len(broken.inboxCharts())
	if waiting == 0 || waiting >= len(first) {
		t.Fatalf("%d charts wait after the server was asked for %d", waiting, len(first))
	}
	second := broken.imports(s, codes)
	if n := second.Count(importer.There); n != waiting {
		t.Errorf("%d were found to wait, want %d", n, waiting)
	}
	asked := s.asked()
	for _, r := range second.Results {
		if r.Outcome == importer.There && asked[path.Base(r.URL)] > 0 {
			t.Errorf("%s %s waits, and was fetched again", r.Chart, r.Version)
		}
	}
	broken.done("generate")
	broken.sameAsOld(s, left)
	third := broken.imports(s, codes)
	if n := third.Count(importer.There); n != report.Count(importer.Taken) || third.Count(importer.Taken) != 0 || len(broken.inboxCharts()) > 0 {
		t.Errorf("the third import takes %d, and finds %d", third.Count(importer.Taken), n)
	}
	if asked := s.asked(); len(asked) > report.Lost() {
		t.Errorf("published charts were fetched again: %v", asked)
	}
}

// importKilled imports until the server has sent that many archives, and is killed.
func (w *town) importKilled(s *oldServer, after int) (asked map[string]int) {
	w.t.Helper()
	s.hold = after
	c := exec.Command(portolanPath(w.t), s.importArgs(w.t, "--concurrency", "1")...)
	c.Dir, c.Env = w.folder, plainEnv()
	if err := c.Start(); err != nil {
		w.t.Fatal(err)
	}
	select {
	case <-s.held:
	case <-testenv.Late(w.t):
		w.t.Error("the import does not get half-way")
	}
	if err := c.Process.Kill(); err != nil {
		w.t.Fatal(err)
	}
	c.Wait()
	return s.asked()
}

func (w *town) inboxCharts() []string {
	files, _ := filepath.Glob(filepath.Join(w.folder, "drop", "inbox", "stable", "*.tgz"))
	return files
}

// TestImportBad reports what is wrong with single charts, and takes the others.
func TestImportBad(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	charts := map[string][]byte{
		"good-1.0.0.tgz":      charttest.Simple("good", "1.0.0"),
		"good-2.0.0.tgz":      charttest.Simple("good", "2.0.0"),
		"altered-1.0.0.tgz":   charttest.Simple("altered", "1.0.0"),
		"missing-1.0.0.tgz":   charttest.Simple("missing", "1.0.0"),
		"hostile-1.0.0.tgz":   charttest.Simple("hostile", "1.0.0"),
		"registry-1.0.0.tgz":  charttest.Simple("registry", "1.0.0"),
		"signed-1.0.0.tgz":    charttest.Simple("signed", "1.0.0"),
		"published-1.0.0.tgz": charttest.Simple("published", "1.0.0"),
	}
	var files []string
	for _, name := range sortedKeys(charts) {
		write(t, filepath.Join(folder, name), charts[name])
		files = append(files, filepath.Join(folder, name))
	}
	s := newOldServer(t, files)
	write(t, filepath.Join(s.folder, "signed-1.0.0.tgz.prov"), charttest.NewSigner().Sign("signed-1.0.0.tgz", charts["signed-1.0.0.tgz"]))
	write(t, filepath.Join(s.folder, "altered-1.0.0.tgz"), charttest.Simple("altered", "1.0.0", "values.yaml", "evil: true\n"))
	remove(t, filepath.Join(s.folder, "missing-1.0.0.tgz"))
	hostile := charttest.Archive(charttest.File("hostile/Chart.yaml", "apiVersion: v2\nname: hostile\nversion: 1.0.0\n"), charttest.Link("hostile/x", "/etc/passwd"))
	write(t, filepath.Join(s.folder, "hostile-1.0.0.tgz"), hostile)
	s.edit(t, func(entries map[string][]map[string]any) {
		entries["hostile"][0]["digest"] = digest(hostile)
		entries["registry"][0]["urls"] = []string{"oci://registry.example.com/Registry:1.0.0"}
		entries["good"] = append(entries["good"], map[string]any{"name": "good", "version": "1.0.0", "digest": digest(nil), "urls": []string{"x.tgz"}})
		entries["broken"] = []map[string]any{{"name": "broken", "urls": []string{"x.tgz"}}}
	})

	w := newTown(t)
	w.drop("stable", map[string][]byte{"published-1.0.0.tgz": charttest.Simple("published", "1.0.0", "values.yaml", "new: true\n")})
	w.done("generate")
	before := w.readHead("stable")
	report := w.imports(s, []int{exitRejected})
	got := map[string]string{}
	for _, r := range report.Results {
		key := strings.TrimSpace(r.Chart + " " + r.Version)
		got[key] = strings.TrimSpace(got[key] + " " + strings.TrimSpace(fmt.Sprintf("%s %s", r.Outcome, r.Rule)))
		if r.Lost && r.Message == "" {
			t.Errorf("%s is left out, and nothing says why", key)
		}
	}
	equal(t, "outcomes", got, map[string]string{
		"good 1.0.0": "taken duplicate", "good 2.0.0": "taken", "signed 1.0.0": "taken",
		"altered 1.0.0": "differs", "missing 1.0.0": "unfetched", "hostile 1.0.0": "refused entry-type",
		"registry 1.0.0": "unfetched", "published 1.0.0": "differs", "broken": "broken",
	})
	w.done("generate")
	want := []string{"good 1.0.0", "good 2.0.0", "published 1.0.0", "signed 1.0.0"}
	head := indexReleases(t, read(t, filepath.Join(w.folder, "site", "stable", "index.yaml")))
	if keys := sortedKeys(head); !slices.Equal(keys, want) || !strings.HasPrefix(head["published 1.0.0"], before[0].Digest) {
		t.Errorf("published are %q, want %q and the published chart as it was", keys, want)
	}
	if provs, _ := filepath.Glob(filepath.Join(w.folder, "site", "stable", "charts", "*", "*", "*", "*.prov")); len(provs) != 1 {
		t.Errorf("provenance files: %q", provs)
	}
	w.done("verify", "--deep")
	// A receipt says where the chart comes from, and no secret.
	receipts, _ := filepath.Glob(filepath.Join(w.folder, "drop", "receipts", "*.json"))
	imported := 0
	for _, file := range receipts {
		b := read(t, file)
		if bytes.Contains(b, []byte(`"from": "`+s.URL+`"`)) {
			imported++
		}
		if bytes.Contains(b, []byte(oldPassword)) {
			t.Errorf("%s holds the password", file)
		}
	}
	if imported != 3 {
		t.Errorf("%d receipts name the old repository, want 3", imported)
	}
}

// TestImportRights imports with the rights that the table lists.
func TestImportRights(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "web-1.0.0.tgz"), charttest.Simple("web", "1.0.0"))
	write(t, filepath.Join(folder, "web-2.0.0.tgz"), charttest.Simple("web", "2.0.0"))
	w := newGuarded()
	w.submit(t, charttest.Simple("app", "1.0.0"), nil)
	allowed := readmeRights(t, "portolan import")
	from, err := importer.OpenFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	var used []*guard
	for _, want := range []importer.Outcome{importer.Taken, importer.There} {
		drop, site := w.as(allowed)
		used = append(used, drop, site)
		r, err := importer.Run(t.Context(), importer.Options{From: from, Channel: "stable", Drop: lister{drop}, Site: lister{site}})
		if err != nil || r.Count(want) != 2 {
			t.Fatalf("got %+v, %v; want two %s", r, err, want)
		}
	}
	wantRights(t, "portolan import", allowed, used...)
}

// TestImportInterrupted says what was done, and that it can go on.
func TestImportInterrupted(t *testing.T) {
	t.Parallel()
	s := newOldServer(t, []string{writeChart(t)})
	s.hold, s.archives["one before"] = 1, 1
	w := newTown(t)
	c := exec.Command(portolanPath(t), s.importArgs(t)...)
	var stdout, stderr bytes.Buffer
	c.Dir, c.Env, c.Stdout, c.Stderr = w.folder, plainEnv(), &stdout, &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	<-s.held
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	if code := c.ProcessState.ExitCode(); code != exitInterrupted || !strings.Contains(stdout.String(), `"error": "interrupted"`) {
		t.Errorf("got %d, %s and %s", code, stdout.String(), stderr.String())
	}
	if charts := w.inboxCharts(); len(charts) > 0 {
		t.Errorf("in the inbox: %q", charts)
	}
}
