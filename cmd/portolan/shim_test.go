package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/shim"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// caller is somebody who sends requests, and what they may do in the channel
// team; in no other channel may they do anything.
type caller struct {
	name         string
	user, secret string // no credentials if both are empty
	bearer       bool
	wrong        bool // the credentials are no good
	read, write  bool // in the channel team
	force        bool // likewise
	yank         bool
	charts       []string // that they may upload; all if there are none
	site         bool     // may read the site's own pages
}

// callers are all kinds of them. Their secrets look like nothing else, so that
// one can look for them.
func callers() []caller {
	return []caller{
		{name: "nobody"},
		{name: "reader", user: "u", secret: "canary-reader-1f0c", read: true},
		{name: "writer", user: "u", secret: "canary-writer-2f0c", write: true},
		{name: "bearer", secret: "canary-writer-2f0c", bearer: true, write: true},
		{name: "limited", user: "u", secret: "canary-limited-3f0c", read: true, write: true, charts: []string{"alpha-*"}},
		{name: "forcer", user: "u", secret: "canary-forcer-4f0c", read: true, write: true, force: true},
		{name: "everywhere", user: "u", secret: "canary-everywhere-5f0c", read: true, write: true, force: true, yank: true, site: true},
		{name: "alice", user: "alice", secret: "canary-alice-6f0c", read: true, write: true},
		{name: "expired", user: "u", secret: "canary-expired-7f0c", wrong: true},
		{name: "unknown", user: "u", secret: "canary-unknown-8f0c", wrong: true},
		{name: "wrong password", user: "alice", secret: "canary-wrong-9f0c", wrong: true},
		{name: "password as bearer", secret: "canary-alice-6f0c", bearer: true, wrong: true},
	}
}

func (c caller) sign(r *http.Request) {
	switch {
	case c.bearer:
		r.Header.Set("Authorization", "Bearer "+c.secret)
	case c.secret != "":
		r.SetBasicAuth(c.user, c.secret)
	}
}

// writeAuth writes the auth file of the callers.
func (w *town) writeAuth() {
	w.t.Helper()
	password, err := bcrypt.GenerateFromPassword([]byte("canary-alice-6f0c"), bcrypt.MinCost)
	if err != nil {
		w.t.Fatal(err)
	}
	hash := func(secret string) string { return auth.HashToken(secret) }
	write(w.t, filepath.Join(w.folder, "htpasswd"), append([]byte("alice:"), password...))
	write(w.t, filepath.Join(w.folder, "auth.yaml"), fmt.Appendf(nil, `tokens:
  - {id: reader, hash: %q, scopes: ["read:team"]}
  - {id: writer, hash: %q, scopes: ["write:team"]}
  - {id: limited, hash: %q, scopes: ["read:team", "write:team"], charts: ["alpha-*"]}
  - {id: forcer, hash: %q, scopes: ["read:team", "write:team", "force:team"]}
  - {id: everywhere, hash: %q, scopes: ["read:**", "write:team", "force:team", "yank:team"]}
  - {id: expired, hash: %q, scopes: ["read:**", "write:**"], notAfter: 2020-01-01T00:00:00Z}
htpasswd: htpasswd
users:
  - {name: alice, scopes: ["read:team", "write:team"]}
anonymous: []
`, hash("canary-reader-1f0c"), hash("canary-writer-2f0c"), hash("canary-limited-3f0c"), hash("canary-forcer-4f0c"),
		hash("canary-everywhere-5f0c"), hash("canary-expired-7f0c")))
	write(w.t, filepath.Join(w.folder, "portolan.yaml"), []byte("channels: [{match: team, duplicates: reject}]\n"))
}

// transports are the ways in which an upload is sent.
var transports = map[string]func(archive []byte) (body io.Reader, contentType string){
	"raw":     func(b []byte) (io.Reader, string) { return bytes.NewReader(b), "application/gzip" },
	"form":    func(b []byte) (io.Reader, string) { return formOf("chart", b) },
	"chunked": func(b []byte) (io.Reader, string) { r, media := formOf("chart", b); return io.MultiReader(r), media },
}

func formOf(part string, b []byte) (io.Reader, string) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	file, _ := w.CreateFormFile(part, "/home/somebody/chart.tgz")
	file.Write(b)
	w.Close()
	return &body, w.FormDataContentType()
}

// access is a request of the table below.
type access struct {
	method, path string
	needs        string // read, write, yank, site or nothing
	channel      string
	archive      []byte // of an upload
	chart        string // its name
	ok           int    // the status if it is allowed
	final        bool   // it replaces a version that is final: 201 if that may be forced, 409 otherwise
}

// want is the status that the caller gets.
func (a access) want(c caller) int {
	allowed := a.needs == ""
	if a.channel == "team" {
		allowed = allowed || a.needs == "read" && c.read || a.needs == "write" && c.write || a.needs == "yank" && c.yank
	} else {
		allowed = allowed || a.needs == "read" && c.site || a.needs == "site" && c.site
	}
	switch {
	case a.needs == "":
		return a.ok
	case c.wrong, !allowed && c.secret == "":
		return http.StatusUnauthorized
	case !allowed:
		return http.StatusForbidden
	case a.chart != "" && len(c.charts) > 0 && !strings.HasPrefix(a.chart, "alpha-"):
		return http.StatusForbidden
	case a.final && !c.force:
		return http.StatusConflict
	}
	return a.ok
}

// TestShimAccess asks for everything, in every way, as everybody.
func TestShimAccess(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.writeAuth()
	signer := charttest.NewSigner()
	one := charttest.Simple("alpha-one", "1.0.0")
	w.drop("team", map[string][]byte{"alpha-one-1.0.0.tgz": one, "beta-1.0.0.tgz": charttest.Simple("beta", "1.0.0")})
	w.drop("other", map[string][]byte{"beta-1.0.0.tgz": charttest.Simple("beta", "1.0.0")})
	id := w.dropped("team", charttest.Simple("gamma", "1.0.0"))
	settings := filepath.Join(w.folder, "portolan.yaml")
	write(t, settings, append(read(t, settings), "\nrootChannel: team\n"...))
	w.done("generate")
	write(t, filepath.Join(w.folder, "site", "index.html"), []byte("<p>the channels"))
	write(t, filepath.Join(w.folder, "site", "assets", "style.css"), []byte("p{}"))
	s := w.shim("--auth", "auth.yaml", "--site", "site", "--project", "8")
	url := w.readHead("team")[0].URLs[0]

	var table []access
	for _, channel := range []string{"team", "other"} {
		for _, path := range []string{
			"/%s/index.yaml", "/%s/log/00000001.json", "/%s/snapshots/00000001/index.yaml", "/api/%s/charts", "/api/%s/charts/beta",
			"/api/%s/charts/beta/latest", "/%s/charts/beta-1.0.0.tgz",
		} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				table = append(table, access{method: method, path: fmt.Sprintf(path, channel), needs: "read", channel: channel, ok: http.StatusOK})
			}
		}
		table = append(table,
			access{method: http.MethodPost, path: "/api/" + channel + "/charts", needs: "write", channel: channel, archive: charttest.Simple("alpha-two", "1.0.0"), chart: "alpha-two", ok: http.StatusCreated},
			access{method: http.MethodPost, path: "/api/" + channel + "/charts", needs: "write", channel: channel, archive: charttest.Simple("delta", "1.0.0"), chart: "delta", ok: http.StatusCreated},
			access{method: http.MethodPost, path: "/api/" + channel + "/charts", needs: "write", channel: channel, archive: charttest.Simple("alpha-two", "1"), ok: http.StatusUnprocessableEntity},
			access{method: http.MethodPost, path: "/api/v4/projects/9/packages/helm/api/" + channel + "/charts", needs: "write", channel: channel, archive: one, chart: "alpha-one", ok: http.StatusCreated},
		)
	}
	const alias = "/api/v4/projects/8/packages/helm/" // of the site's root
	for _, path := range []string{
		alias + "team/index.yaml", alias + "team/charts/beta-1.0.0.tgz", alias + "team/" + url, alias + "api/team/charts", alias + "team/log/00000001.json",
		"/index.yaml", "/charts/beta-1.0.0.tgz", "/" + url, "/api/charts", "/api/charts/beta/1.0.0", "/api/charts?offset=1&limit=1",
	} {
		table = append(table, access{method: http.MethodGet, path: path, needs: "read", channel: "team", ok: http.StatusOK})
	}
	table = append(table,
		access{method: http.MethodGet, path: "/api/v4/projects/9/packages/helm/team/index.yaml", needs: "read", channel: "9/team", ok: http.StatusNotFound},
		access{method: http.MethodGet, path: "/team/charts/beta-1.0.0.tgz.prov", needs: "read", channel: "team", ok: http.StatusNotFound},
		access{method: http.MethodPost, path: alias + "api/team/charts", needs: "write", channel: "team", archive: one, chart: "alpha-one", ok: http.StatusCreated},
		access{method: http.MethodPost, path: alias + "api/team/prov", needs: "write", channel: "team", archive: signer.Sign("alpha-one-1.0.0.tgz", one), chart: "alpha-one", ok: http.StatusCreated},
		access{method: http.MethodGet, path: alias + "api/team/uploads/" + id, needs: "write", channel: "team", chart: "gamma", ok: http.StatusOK},
		access{method: http.MethodPost, path: "/api/charts", needs: "write", channel: "team", archive: one, chart: "alpha-one", ok: http.StatusCreated},
		access{method: http.MethodPost, path: "/api/prov", needs: "write", channel: "team", archive: signer.Sign("alpha-one-1.0.0.tgz", one), chart: "alpha-one", ok: http.StatusCreated},
	)
	other := charttest.Simple("alpha-one", "1.0.0", "values.yaml", "replicas: 5\n")
	table = append(table,
		access{method: http.MethodGet, path: "/team/" + url, needs: "read", channel: "team", ok: http.StatusOK},
		access{method: http.MethodPost, path: "/api/team/charts?force", needs: "write", channel: "team", archive: other, chart: "alpha-one", ok: http.StatusCreated, final: true},
		access{method: http.MethodPost, path: "/api/team/prov", needs: "write", channel: "team", archive: signer.Sign("alpha-one-1.0.0.tgz", one), chart: "alpha-one", ok: http.StatusCreated},
		access{method: http.MethodPost, path: "/api/team/prov", needs: "write", channel: "team", archive: signer.Sign("beta-9.0.0.tgz", one), chart: "beta", ok: http.StatusCreated},
		access{method: http.MethodGet, path: "/api/team/uploads/" + id, needs: "write", channel: "team", chart: "gamma", ok: http.StatusOK},
		access{method: http.MethodGet, path: "/index.html", needs: "site", ok: http.StatusOK},
		access{method: http.MethodGet, path: "/", needs: "site", ok: http.StatusOK},
		access{method: http.MethodGet, path: "/assets/style.css", ok: http.StatusOK},
		access{method: http.MethodGet, path: "/health", ok: http.StatusOK},
		access{method: http.MethodGet, path: "/readyz", ok: http.StatusOK},
		access{method: http.MethodGet, path: "/assets/..%2fteam/index.yaml", ok: http.StatusBadRequest},
		access{method: http.MethodGet, path: "/other/..%2fteam/index.yaml", ok: http.StatusBadRequest},
		access{method: http.MethodGet, path: "/api/nonsense", ok: http.StatusNotFound},
		access{method: http.MethodGet, path: "/api/nonsense.json", needs: "site", ok: http.StatusNotFound},
		access{method: http.MethodPost, path: "/api/team/charts/authorize", ok: http.StatusNotFound},
		access{method: http.MethodDelete, path: "/api/team/charts/beta/1.0.0", needs: "yank", channel: "team", ok: http.StatusOK},
		access{method: http.MethodDelete, path: "/api/team/charts/beta/9.0.0", needs: "yank", channel: "team", ok: http.StatusNotFound},
		access{method: http.MethodPost, path: "/api/team/actions", needs: "yank", channel: "team", archive: []byte(`{"kind":"undeprecate","chart":"beta"}`), ok: http.StatusAccepted},
		access{method: http.MethodDelete, path: "/api/team/charts/beta", ok: http.StatusMethodNotAllowed},
		access{method: http.MethodPut, path: "/team/index.yaml", ok: http.StatusMethodNotAllowed},
	)
	for _, c := range callers() {
		t.Run(c.name, func(t *testing.T) {
			for _, a := range table {
				a.try(t, s, c)
			}
		})
	}
}

// try makes the request in every way that there is.
func (a access) try(t *testing.T, s *shimProcess, c caller) {
	t.Helper()
	ways := []string{"raw"}
	if a.needs == "write" && a.archive != nil && !strings.HasSuffix(a.path, "/prov") {
		ways = sortedKeys(transports)
	}
	for _, way := range ways {
		body, media := transports[way](a.archive)
		r, err := http.NewRequestWithContext(t.Context(), a.method, s.url+a.path, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", media)
		c.sign(r)
		want := a.want(c)
		// Project 9 is the site's root for nobody: its channel is 9/team.
		if strings.Contains(a.path, "/projects/9/") && a.method == http.MethodPost && !c.wrong && c.secret != "" {
			want = http.StatusForbidden
		}
		status, answer := answerOf(t, r)
		if status == http.StatusTooManyRequests && c.wrong && want == http.StatusUnauthorized {
			continue // there were many wrong ones: that is the point of the limit
		}
		if status != want {
			t.Errorf("%s %s, %s: %d %s, want %d", a.method, a.path, way, status, answer, want)
		}
	}
}

// TestShimPrivate checks that no cache shows others what somebody had to log in
// for, and that all caches keep what is public.
func TestShimPrivate(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.writeAuth()
	w.drop("team", map[string][]byte{"beta-1.0.0.tgz": charttest.Simple("beta", "1.0.0")})
	w.done("generate")
	path := "/team/" + w.readHead("team")[0].URLs[0]
	for flag, want := range map[string]string{
		"--auth=auth.yaml": "private, max-age=31536000, immutable",
		"--auth=":          "public, max-age=31536000, immutable",
	} {
		s := w.shim(flag, "--site", "site")
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth("u", "canary-reader-1f0c")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("Cache-Control"); resp.StatusCode != http.StatusOK || got != want {
			t.Errorf("%s: %s, Cache-Control %q, want %q", flag, resp.Status, got, want)
		}
	}
}

// dropped uploads a chart and returns the upload's id.
func (w *town) dropped(channel string, archive []byte) string {
	w.t.Helper()
	file := filepath.Join(w.t.TempDir(), "chart.tgz")
	write(w.t, file, archive)
	var out struct{ Uploads []dropped }
	decode(w.t, w.done("drop", channel, file, "--output", "json").stdout, &out)
	return out.Uploads[0].ID
}

// TestShimSecrets looks for the callers' secrets in all that is written.
func TestShimSecrets(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.writeAuth()
	s := w.shim("--auth", "auth.yaml", "--generate", "--metrics-listen", "127.0.0.1:0")
	metrics := regexp.MustCompile(`"serving metrics","address":"([^"]+)"`).FindStringSubmatch(s.log.String())
	if metrics == nil {
		t.Fatal("the log does not say where the metrics are")
	}
	for i, c := range callers() {
		all := []caller{c, {user: c.secret, secret: c.secret}, {secret: c.secret, bearer: true}, {user: c.secret, secret: "x"}}
		if !c.wrong && c.user != "alice" { // a token, where the name should be
			all = append(all, caller{user: c.secret, secret: "canary-writer-2f0c"})
		}
		for _, who := range all {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/api/team/charts?token="+who.secret, bytes.NewReader(charttest.Simple("alpha-x", fmt.Sprintf("1.%d.0", i))))
			if err != nil {
				t.Fatal(err)
			}
			who.sign(r)
			if _, answer := answerOf(t, r); bytes.Contains(answer, []byte("canary-")) {
				t.Errorf("%s: the answer tells a secret: %s", c.name, answer)
			}
		}
	}
	s.get(t, s.url+"/team/index.yaml", credentials{"u", "canary-reader-1f0c"})
	_, counted := s.get(t, "http://"+metrics[1]+"/metrics", credentials{})
	if !bytes.Contains(counted, []byte("portolan_auth_failures_total")) {
		t.Errorf("the metrics: %s", counted)
	}
	s.stop()
	text := map[string][]byte{"the log": []byte(s.log.String()), "the metrics": counted}
	for _, folder := range []string{"drop", "site"} {
		for _, file := range filesIn(t, filepath.Join(w.folder, folder)) {
			text[file] = read(t, filepath.Join(w.folder, folder, file))
		}
	}
	if len(text) < 10 {
		t.Fatalf("only %d files were written", len(text))
	}
	for name, b := range text {
		for _, c := range callers() {
			if c.secret == "" {
				continue
			}
			basic := base64.StdEncoding.EncodeToString([]byte(c.user + ":" + c.secret))
			for _, secret := range []string{c.secret, basic, auth.HashToken(c.secret)} {
				if bytes.Contains(b, []byte(secret)) {
					t.Errorf("%s tells %q", name, secret)
				}
			}
		}
	}
}

// TestShimTellsOnce: what nobody can read by oci:// is in the log once, however many runs
// find it.
func TestShimTellsOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	var o shim.Options
	var err error
	if o.Drop, err = bucket.Open(t.Context(), filepath.Join(w.folder, "drop")); err == nil {
		o.Site, err = bucket.Open(t.Context(), filepath.Join(w.folder, "site"))
	}
	if err != nil {
		t.Fatal(err)
	}
	f := newShimFlags()
	if f.config, err = config.Parse([]byte("channels: [{match: '**', oci: true}]"), "portolan.yaml"); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	run := f.run(o, nil, slog.New(slog.NewJSONHandler(&log, nil)))
	for _, version := range []string{"1.0.0", "1.1.0"} {
		w.dropped("Team", charttest.Simple("alpha", version))
		if err := run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	told := strings.Count(log.String(), `"registry","channel":"Team","problem":"channel Team cannot be read by oci://`)
	if published := strings.Count(log.String(), `"published"`); told != 1 || published != 2 {
		t.Errorf("the log:\n%s", log.String())
	}
}

// TestShimMany lets two shims take 400 uploads on one drop area, of which some are
// bad and some the same, while two generators publish them: nothing is lost, and
// nothing is published twice.
func TestShimMany(t *testing.T) {
	t.Parallel()
	const n, clients = 400, 16
	w := newTown(t)
	shims := []*shimProcess{w.shim("--site", makeFolder(t, w, "site"), "--generate"), w.shim("--site", "site", "--generate")}
	var mu sync.Mutex
	taken := map[string]string{} // upload to chart and version
	work := make(chan int)
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for i := range work {
				s := shims[i%len(shims)]
				archive, want := charttest.Simple("many", fmt.Sprintf("1.%d.0", i)), http.StatusCreated
				version := fmt.Sprintf("1.%d.0", i)
				switch i % 10 {
				case 3: // bad
					archive, want = charttest.Simple("many", fmt.Sprint(i)), http.StatusUnprocessableEntity
				case 4: // the same as others
					archive, version = charttest.Simple("many", "9.9.9"), "9.9.9"
				}
				r, err := http.NewRequest(http.MethodPost, s.url+"/api/stable/charts", bytes.NewReader(archive))
				if err != nil {
					t.Error(err)
					return
				}
				status, answer, err := tryAnswer(r)
				if err != nil || status != want {
					t.Errorf("upload %d: %d %s, %v", i, status, answer, err)
					continue
				}
				if status == http.StatusCreated {
					var a struct{ ID string }
					decode(t, string(answer), &a)
					mu.Lock()
					taken[a.ID] = version
					mu.Unlock()
				}
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	group.Wait()
	for _, s := range shims {
		s.stop()
	}
	w.done("generate")
	w.done("verify", "--site", "site", "--deep")
	if len(taken) != n*9/10 {
		t.Errorf("%d uploads were acknowledged, want %d", len(taken), n*9/10)
	}
	want := map[string]bool{}
	for id, version := range taken {
		want[version] = true
		var receipt droparea.Receipt
		decode(t, w.done("status", id, "--output", "json").stdout, &receipt)
		if receipt.Version != version || receipt.Verdict == verdict.Rejected {
			t.Errorf("upload %s of %s: %+v", id, version, receipt)
		}
	}
	var got []string
	for _, r := range w.readHead("stable") {
		got = append(got, r.Version)
	}
	slices.Sort(got)
	if w := sortedKeys(want); !slices.Equal(got, w) {
		t.Errorf("published: %q, want %q", got, w)
	}
	if left := filesIn(t, filepath.Join(w.folder, "drop", "inbox")); len(left) > 0 {
		t.Errorf("the inbox still has %q", left)
	}
}

func makeFolder(t *testing.T, w *town, name string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(w.folder, name), 0o777); err != nil {
		t.Fatal(err)
	}
	return name
}

func tryAnswer(r *http.Request) (int, []byte, error) {
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, b, err
}

// TestGitLab does what GitLab's page tells its users to do, line by line, with
// another host.
func TestGitLab(t *testing.T) {
	t.Parallel()
	for _, client := range clients {
		testenv.Tool(t, client)
	}
	w := newTown(t)
	w.writeAuth()
	write(t, filepath.Join(w.folder, "auth.yaml"), fmt.Appendf(nil, `tokens:
  - {id: deploy, hash: %q, scopes: ["read:**", "write:**"]}
`, auth.HashToken("canary-deploy")))
	s := w.shim("--auth", "auth.yaml", "--generate")
	for _, client := range clients {
		for name, project := range map[string]string{"numeric": "42", "encoded": "group%2Fproject"} {
			t.Run(client+"/"+name, func(t *testing.T) {
				folder := t.TempDir()
				write(t, filepath.Join(folder, "mychart-0.1.0.tgz"), charttest.Simple("mychart", "0.1.0"))
				write(t, filepath.Join(folder, "bad-0.1.tgz"), charttest.Simple("bad", "0.1"))
				root := s.url + "/api/v4/projects/" + project + "/packages/helm/"
				curl := func(file, as string) outcome {
					return process(t, folder, plainEnv(), "curl", "--silent", "--show-error", "--fail-with-body", "--request", "POST",
						"--form", "chart=@"+file, "--user", as, root+"api/"+client+"/charts")
				}
				if o := curl("mychart-0.1.0.tgz", "gitlab-ci-token:canary-deploy"); o.code != 0 || !strings.Contains(o.stdout, `"message":"201 Created"`) {
					t.Fatalf("curl: exit code %d: %s%s", o.code, o.stdout, o.stderr)
				}
				if o := curl("bad-0.1.tgz", "gitlab-ci-token:canary-deploy"); o.code != 22 || !strings.Contains(o.stdout, `is not a semantic version`) {
					t.Errorf("a bad chart: exit code %d: %s%s", o.code, o.stdout, o.stderr)
				}
				if o := curl("mychart-0.1.0.tgz", "me:wrong"); o.code != 22 || !strings.Contains(o.stderr, "401") {
					t.Errorf("a wrong token: exit code %d: %s%s", o.code, o.stdout, o.stderr)
				}
				as := credentials{"me", "canary-deploy"}
				s.waitFor(t, root+client, as, "published", func(all []headRelease) bool { return len(all) == 1 })

				h := newHelm(t, client)
				h.run("repo", "add", "--username", as.user, "--password", as.secret, "project-1", root+client)
				h.run("repo", "update")
				if client == "helm4" {
					h.run("install", "my-release", "project-1/mychart", "--dry-run=client")
				} else {
					h.run("template", "my-release", "project-1/mychart")
				}
				files := h.pull("project-1/mychart", "--version", "0.1.0")
				sameFiles(t, files, map[string][]byte{"mychart-0.1.0.tgz": charttest.Simple("mychart", "0.1.0")})
				h.fresh().fails("repo", "add", "project-1", root+client)

				o := process(t, folder, plainEnv(), "curl", "--silent", "--fail", "--user", "me:canary-deploy", "--output", "flat.tgz", root+client+"/charts/mychart-0.1.0.tgz")
				if o.code != 0 || !bytes.Equal(read(t, filepath.Join(folder, "flat.tgz")), charttest.Simple("mychart", "0.1.0")) {
					t.Errorf("the chart by its file name: exit code %d %s", o.code, o.stderr)
				}
			})
		}
	}
}

// TestShimSoon checks that what is uploaded to a shim that generates is there for
// Helm soon: its users are told so.
func TestShimSoon(t *testing.T) {
	t.Parallel()
	s := newTown(t).shim("--generate")
	start := time.Now()
	if status, b := s.post(t, s.url+"/api/charts", credentials{}, charttest.Simple("soon", "1.0.0")); status != http.StatusCreated {
		t.Fatalf("%d %s", status, b)
	}
	s.waitFor(t, s.url, credentials{}, "published", func(all []headRelease) bool { return len(all) == 1 })
	t.Logf("published after %v", time.Since(start).Round(time.Millisecond))
	h := newHelm(t, "helm3")
	h.run("repo", "add", "root", s.url)
	equal(t, "versions", h.search("root"), map[string][]string{"soon": {"1.0.0"}})
}
