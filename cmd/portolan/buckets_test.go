package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest/servers"
)

// The tests in this file use portolan as it is used with buckets: on servers of
// each provider's protocol, as a process, and then read the site as Helm
// does, from the bucket's public address.

// backends are the servers that there are, by the scheme of their URLs.
var backends = map[string]func(testing.TB) *servers.Server{"s3": servers.S3, "gs": servers.GCS, "azblob": servers.Azure}

// harbor is a town whose drop area and site are where portolan.yaml says.
type harbor struct {
	*town
	drop, site place
	url        string // where everybody can read the site
}

// place is a bucket or a folder of one, or else a folder of this machine.
type place struct {
	scheme, url string
	public      string // where everybody can read it; "" if nobody can
}

func newPlace(t *testing.T, scheme string) place {
	t.Helper()
	start := backends[scheme]
	if start == nil {
		return place{scheme: scheme, url: "file://" + filepath.ToSlash(t.TempDir())}
	}
	url := start(t).Bucket(t)
	return place{scheme, url, strings.TrimSuffix(start(t).Object(url, ""), "/")}
}

func (p place) folder(name string) place {
	return place{p.scheme, servers.Folder(p.url, name), p.public + "/" + name}
}

func newHarbor(t *testing.T, drop, site place) *harbor {
	t.Helper()
	h := &harbor{town: newTown(t), drop: drop, site: site, url: site.public}
	config := fmt.Appendf(nil, "drop: %q\nsite: %q\n", drop.url, site.url)
	if site.public != "" {
		config = fmt.Appendf(config, "baseURL: %q\n", site.public)
	}
	write(t, filepath.Join(h.folder, "portolan.yaml"), config)
	return h
}

// TestBuckets publishes charts and reads them with both Helm clients, with the
// drop area and the site in one bucket, in two, and with two providers.
func TestBuckets(t *testing.T) {
	t.Parallel()
	for _, client := range clients {
		testenv.Tool(t, client)
	}
	for _, scheme := range sortedKeys(backends) {
		t.Run(scheme+", one bucket", func(t *testing.T) {
			t.Parallel()
			bucket := newPlace(t, scheme)
			newHarbor(t, bucket.folder("charts/drop"), bucket.folder("log/site")).trade() // words of the layout's
		})
	}
	for _, c := range [][2]string{{"s3", "s3"}, {"gs", "gs"}, {"azblob", "azblob"}, {"s3", "gs"}, {"gs", "azblob"}, {"azblob", "file"}, {"file", "s3"}} {
		t.Run(c[0]+" to "+c[1], func(t *testing.T) {
			t.Parallel()
			newHarbor(t, newPlace(t, c[0]), newPlace(t, c[1])).trade()
		})
	}
}

// trade publishes charts, and gets them with both Helm clients.
func (h *harbor) trade() {
	h.t.Helper()
	g := newGoods()
	h.publish(g)
	h.dropAndWait(g)
	h.checkPrune()
	h.checkDoctor()
	if h.url == "" {
		h.url = h.preview()
	} else {
		h.checkHeaders()
	}
	for _, client := range clients {
		h.buy(newHelm(h.t, client), g)
	}
	if o := h.done("prune", "--keep-snapshots", "1", "--keep-days", "0", "--grace", "0s"); !strings.Contains(o.stdout, "snapshots before generation 2") {
		h.t.Errorf("portolan prune prints %s%s", o.stdout, o.stderr)
	}
	h.done("rebuild", "--channel", "stable")
	h.done("verify", "--deep")
	h.checkTakedown()
}

// checkTakedown takes a version down, whose file names have a plus, and looks for what is left.
func (h *harbor) checkTakedown() {
	h.t.Helper()
	o := h.done("takedown", "stable", "signedbuilt", "1.0.0+b.1", "--reason", "a test")
	if !regexp.MustCompile(`(?m)^removed  stable/charts/signedbuilt/1\.0\.0\+b\.1/[^/]+/signedbuilt-1\.0\.0\+b\.1\.tgz\.prov$`).MatchString(o.stdout) {
		h.t.Errorf("portolan takedown prints %s%s", o.stdout, o.stderr)
	}
	for _, key := range h.keys() {
		if strings.Contains(key, "signedbuilt/1.0.0") {
			h.t.Errorf("%s is still there", key)
		}
	}
	// S3 takes the plus in an address for a space, and has each file under both names.
	for _, line := range regexp.MustCompile(`(?m)^removed  (.*)$`).FindAllStringSubmatch(o.stdout, -1) {
		if h.site.public == "" {
			break
		}
		r, err := http.Get(h.site.public + "/" + line[1])
		if err != nil {
			h.t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode == http.StatusOK {
			h.t.Errorf("%s can still be read", line[1])
		}
	}
	h.done("verify", "--deep")
}

// goods are what is published.
type goods struct {
	signer       *charttest.Signer
	files        map[string][]byte
	descriptions map[string]string // by chart
}

func newGoods() *goods {
	g := &goods{signer: charttest.NewSigner(), files: map[string][]byte{}, descriptions: map[string]string{
		"chinese": "海图:给水手的图表", "arabic": "مخططات بحرية للبحارة", "alpine": "A chart for tests",
	}}
	for _, name := range []string{"chinese", "arabic"} {
		g.files[name+"-1.0.0.tgz"] = charttest.Simple(name, "1.0.0",
			"Chart.yaml", "apiVersion: v2\nname: "+name+"\nversion: 1.0.0\ndescription: "+g.descriptions[name]+"\n")
	}
	g.files["alpine-0.1.0.tgz"] = charttest.Simple("alpine", "0.1.0")
	g.files["built-1.0.0+build.5.tgz"] = charttest.Simple("built", "1.0.0+build.5")
	for _, file := range []string{"signed-1.0.0", "signedbuilt-1.0.0+b.1"} {
		name, version, _ := strings.Cut(file, "-")
		g.files[file+".tgz"] = charttest.Simple(name, version)
		g.files[file+".tgz.prov"] = g.signer.Sign(file+".tgz", g.files[file+".tgz"])
	}
	return g
}

// says matches what portolan has to say, but for progress.
var says = regexp.MustCompile(`(?m)^portolan: (error|hint|note|warning):`)

// publish makes the first generation.
func (h *harbor) publish(g *goods) {
	h.t.Helper()
	h.town.drop("stable", g.files)
	for _, c := range []struct {
		want string
		args []string
	}{
		{`(?m)^stable: would be new, generation 1$`, []string{"generate", "--dry-run"}},
		{`(?m)^stable: new, generation 1$`, []string{"generate"}},
		{`(?m)^stable +1 +6 +6 .* 0$`, []string{"status"}},
		{`^ok      stable: generation 1, 6 charts, 6 versions, 1 snapshot, `, []string{"verify", "--deep"}},
		{`^nothing to do\n$`, []string{"generate"}},
	} {
		if o := h.done(c.args...); !regexp.MustCompile(c.want).MatchString(o.stdout) || says.MatchString(o.stderr) {
			h.t.Errorf("portolan %q prints %s%s, want %s", c.args, o.stdout, o.stderr, c.want)
		}
	}
}

// dropAndWait drops another chart and, while somebody waits for the verdict,
// decides it.
func (h *harbor) dropAndWait(g *goods) {
	h.t.Helper()
	const file = "alpine-0.2.0.tgz"
	g.files[file] = charttest.Simple("alpine", "0.2.0")
	write(h.t, filepath.Join(h.folder, file), g.files[file])
	var stderr bytes.Buffer
	c := exec.CommandContext(h.t.Context(), portolanPath(h.t), "drop", "--wait", "--timeout", "24h", "stable", file)
	c.Dir, c.Env, c.Stderr = h.folder, plainEnv(), &stderr
	out, err := c.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		h.t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n') // it is uploaded
	if err != nil {
		h.t.Fatalf("portolan drop --wait: %v: %s", err, stderr.String())
	}
	h.done("generate")
	rest, _ := io.ReadAll(lines)
	if err := c.Wait(); err != nil || !strings.Contains(first, "alpine 0.2.0") || string(rest) != "accepted    alpine 0.2.0, generation 2\n" || stderr.Len() > 0 {
		h.t.Errorf("portolan drop --wait: %v; it prints %s%s%s", err, first, rest, stderr.String())
	}
}

// checkPrune checks that a dry run says what would go, and removes nothing.
func (h *harbor) checkPrune() {
	h.t.Helper()
	before := h.keys()
	o := h.done("prune", "--keep-snapshots", "1", "--keep-days", "0", "--grace", "0s", "--dry-run")
	if !regexp.MustCompile(`(?m)^stable +snapshots before generation 2 +1 `).MatchString(o.stdout) {
		h.t.Errorf("portolan prune --dry-run prints %s%s", o.stdout, o.stderr)
	}
	equal(h.t, "objects after prune --dry-run", h.keys(), before)
}

// quirks are what doctor has to say of the servers, beside what is well: of a
// drop area, and of a site.
var quirks = map[string][2][]string{
	"gs":   {{"drop: inbox/"}, {"web: listing"}}, // no deletion if unchanged; a bucket's root lists
	"file": {nil, {"web"}},                       // it is not served
}

// checkDoctor checks that doctor finds nothing wrong, and leaves nothing.
func (h *harbor) checkDoctor() {
	h.t.Helper()
	before := h.keys()
	var report struct {
		Checks []struct{ Check, Result, Seen string }
	}
	decode(h.t, h.done("doctor", "--output", "json").stdout, &report)
	want := append(slices.Clone(quirks[h.drop.scheme][0]), quirks[h.site.scheme][1]...)
	if strings.Contains(h.site.url, "prefix") { // where fake-gcs-server lists nothing
		want = slices.DeleteFunc(want, func(check string) bool { return check == "web: listing" })
	}
	var got []string
	for _, c := range report.Checks {
		if c.Result != "ok" {
			got = append(got, c.Check)
			h.t.Logf("portolan doctor: %+v", c)
		}
	}
	if len(report.Checks) < 9 || !slices.Equal(got, want) {
		h.t.Errorf("portolan doctor makes %d checks and complains of %q, want %q", len(report.Checks), got, want)
	}
	equal(h.t, "objects after doctor", h.keys(), before)
}

// keys are those of all objects, in the drop area and in the site.
func (h *harbor) keys() []string {
	h.t.Helper()
	var all []string
	for _, p := range []place{h.drop, h.site} {
		for _, key := range h.list(p) {
			all = append(all, p.url+" "+key)
		}
	}
	return all
}

func (h *harbor) list(p place) []string {
	h.t.Helper()
	store, err := bucket.Open(h.t.Context(), p.url)
	if err != nil {
		h.t.Fatal(err)
	}
	var keys []string
	for e, err := range store.List(h.t.Context(), "", bucket.Descendants) {
		if err != nil {
			h.t.Fatal(err)
		}
		keys = append(keys, e.Key)
	}
	slices.Sort(keys)
	return keys
}

const (
	forever     = "public, max-age=31536000, immutable"
	revalidated = "public, max-age=60, must-revalidate"
)

// stored are the headers that objects must have, by their keys.
var stored = []struct {
	kind, key, contentType, cacheControl string
}{
	{"head", `^stable/index\.yaml$`, "application/yaml", revalidated},
	{"snapshot", `^stable/snapshots/\d{8}/index\.yaml$`, "application/yaml", forever},
	{"record", `^stable/log/\d{8}\.json$`, "application/json", forever},
	{"archive", `^stable/charts/.*\.tgz$`, "application/gzip", forever},
	{"provenance", `^stable/charts/.*\.tgz\.prov$`, "text/plain; charset=utf-8", forever},
	{"release", `^stable/charts/.*/release\.json$`, "application/json", forever},
	{"page", `^stable/index\.html$`, "text/html; charset=utf-8", revalidated},
	{"version's page", `^stable/charts/built/[^/]*/index\.html$`, "text/html; charset=utf-8", revalidated},
	{"version's values", `^stable/charts/built/[^/]*/values\.yaml$`, "application/yaml", revalidated},
	{"chart's versions", `^stable/charts/built/versions\.json$`, "application/json", revalidated},
	{"data", `^stable/api/index\.json$`, "application/json", revalidated},
	{"feed", `^stable/feed\.xml$`, "application/xml", revalidated},
}

// checkHeaders reads every object of those kinds from the bucket, and compares
// how it is served.
func (h *harbor) checkHeaders() {
	h.t.Helper()
	seen := map[string]int{}
	for _, key := range h.list(h.site) {
		for _, want := range stored {
			if !regexp.MustCompile(want.key).MatchString(key) {
				continue
			}
			seen[want.kind]++
			header := h.header(key)
			got := [3]string{header.Get("Content-Type"), header.Get("Cache-Control"), header.Get("Content-Encoding")}
			if got != [3]string{want.contentType, want.cacheControl, ""} {
				h.t.Errorf("%s: Content-Type, Cache-Control and Content-Encoding are %q, want %q and %q", key, got, want.contentType, want.cacheControl)
			}
		}
	}
	equal(h.t, "objects by kind", seen, map[string]int{
		"head": 1, "snapshot": 2, "record": 2, "archive": 7, "provenance": 2, "release": 7,
		"page": 1, "version's page": 1, "version's values": 1, "chart's versions": 1, "data": 1, "feed": 1,
	})
}

func (h *harbor) header(key string) http.Header {
	h.t.Helper()
	r, err := http.Get(h.url + "/" + key)
	if err != nil {
		h.t.Fatal(err)
	}
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); err != nil || r.StatusCode != http.StatusOK {
		h.t.Fatalf("%s: %s, %v", key, r.Status, err)
	}
	return r.Header
}

// buy gets all the goods with Helm.
func (h *harbor) buy(client *helm, g *goods) {
	h.t.Helper()
	client.run("repo", "add", "harbor", h.url+"/stable")
	equal(h.t, "search", client.search("harbor"), map[string][]string{
		"alpine": {"0.2.0", "0.1.0"}, "built": {"1.0.0+build.5"}, "chinese": {"1.0.0"}, "arabic": {"1.0.0"},
		"signed": {"1.0.0"}, "signedbuilt": {"1.0.0+b.1"},
	})
	for _, f := range client.searchAll("harbor") {
		name := strings.TrimPrefix(f.Name, "harbor/")
		if want := g.descriptions[name]; want != "" && f.Description != want {
			h.t.Errorf("helm%s search: %s is described as %q, want %q", client.major, name, f.Description, want)
		}
	}
	keyring := filepath.Join(client.dir, "keyring.gpg")
	write(h.t, keyring, g.signer.Keyring())
	got := map[string][]byte{}
	for name, version := range map[string]string{"alpine": "0.1.0", "built": "1.0.0+build.5", "chinese": "1.0.0", "arabic": "1.0.0"} {
		maps.Copy(got, client.pull("harbor/"+name, "--version", version))
	}
	for _, name := range []string{"signed", "signedbuilt"} {
		maps.Copy(got, client.pull("harbor/"+name, "--verify", "--keyring", keyring))
	}
	maps.Copy(got, client.pull("alpine", "--repo", h.url+"/stable"))
	sameFiles(h.t, got, g.files)
}
