package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
)

// TestHelm uses a site as the users of both Helm clients do. Everything about
// it is what those clients say and fetch; nothing is read behind their back.
func TestHelm(t *testing.T) {
	t.Parallel()
	for _, client := range clients {
		testenv.Tool(t, client)
	}
	m := newMarket(t)
	tests := map[string]func(*testing.T, *market, *helm){
		"search":       testSearch,
		"channels":     testChannels,
		"root":         testRoot,
		"real":         testRealCharts,
		"show":         testShow,
		"pull":         testPull,
		"prerelease":   testPrerelease,
		"signed":       testSigned,
		"template":     testTemplate,
		"dependencies": testDependencies,
		"snapshots":    testSnapshots,
		"kept":         testKept,
		"one chart":    testOneChart,
		"replaced":     testReplaced,
		"description":  testDescription,
	}
	for _, client := range clients {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			for _, name := range sortedKeys(tests) {
				t.Run(name, func(t *testing.T) { tests[name](t, m, newHelm(t, client)) })
			}
		})
	}
}

// market is a published site with several channels. The channel stable has
// two generations.
type market struct {
	*town
	url    string
	signer *charttest.Signer
	first  map[string][]byte // in stable's first generation: file name to bytes
	head   map[string][]byte // in the second
}

// The odd channel has all that a channel's name can hold.
const oddChannel = "Group.A_b/x-1/Stable.2"

// hard is a description with what YAML, JSON, HTML and terminals treat as
// something else than text.
const hard = `Größe 漢字 עברית 😀 <b>bold</b> &amp; "double" 'single' \ %2B {{ .Values }} # no comment: yes`

func newMarket(t *testing.T) *market {
	m := &market{town: newTown(t), signer: charttest.NewSigner()}
	signed := charttest.Simple("signed", "1.0.0")
	m.first = map[string][]byte{
		"alpine-0.1.0.tgz":         charttest.Simple("alpine", "0.1.0"),
		"alpine-0.2.0.tgz":         charttest.Simple("alpine", "0.2.0"),
		"alpine-0.10.0-rc.1.tgz":   charttest.Simple("alpine", "0.10.0-rc.1"),
		"tagged-v1.2.3.tgz":        charttest.Simple("tagged", "v1.2.3"),
		"built-1.0.0+build.5.tgz":  charttest.Simple("built", "1.0.0+build.5"),
		"Odd.Name_x-y-1.0.0.tgz":   charttest.Simple("Odd.Name_x-y", "1.0.0"),
		"described-1.0.0.tgz":      described(),
		"replaced-1.0.0.tgz":       charttest.Simple("replaced", "1.0.0", "values.yaml", "replicas: 1 # old\n"),
		"signed-1.0.0.tgz":         signed,
		"signed-1.0.0.tgz.prov":    m.signer.Sign("signed-1.0.0.tgz", signed),
		"signedbuilt-1.0.0+b1.tgz": charttest.Simple("signedbuilt", "1.0.0+b1"),
	}
	m.first["signedbuilt-1.0.0+b1.tgz.prov"] = m.signer.Sign("signedbuilt-1.0.0+b1.tgz", m.first["signedbuilt-1.0.0+b1.tgz"])
	m.drop("stable", m.first)
	m.drop("42/devel", map[string][]byte{"alpine-9.0.0.tgz": charttest.Simple("alpine", "9.0.0")})
	m.drop(oddChannel, map[string][]byte{"Alpine_9.x-9.0.0+a-b.1.tgz": charttest.Simple("Alpine_9.x", "9.0.0+a-b.1")})
	m.drop("real", realCharts(t))
	write(t, filepath.Join(m.folder, "portolan.yaml"), []byte("rootChannel: stable\nchannels: [{match: kept, keep: 2}]\n"))
	m.drop("kept", keptCharts())
	m.done("generate")

	second := map[string][]byte{
		"alpine-0.3.0.tgz":   charttest.Simple("alpine", "0.3.0"),
		"replaced-1.0.0.tgz": charttest.Simple("replaced", "1.0.0", "values.yaml", "replicas: 2 # new\n"),
	}
	m.drop("stable", second)
	m.done("generate")
	m.done("verify", "--deep")
	m.head = maps.Clone(m.first)
	maps.Copy(m.head, second)
	m.url = m.preview()
	return m
}

func described() []byte {
	quoted, _ := json.Marshal(hard) // JSON is YAML
	return charttest.Simple("described", "1.0.0",
		"Chart.yaml", "apiVersion: v2\nname: described\nversion: 1.0.0\nappVersion: \"010\"\ndescription: "+string(quoted)+"\n")
}

// repo is the URL of a channel.
func (m *market) repo(channel string) string { return m.url + "/" + channel }

// add adds the repository of the channel stable.
func (m *market) add(h *helm) {
	h.t.Helper()
	h.run("repo", "add", "market", m.repo("stable"))
}

// equal compares maps and slices.
func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

// sameFiles compares files by their names and bytes.
func sameFiles(t *testing.T, got, want map[string][]byte) {
	t.Helper()
	if g, w := sortedKeys(got), sortedKeys(want); !slices.Equal(g, w) {
		t.Errorf("got the files %q, want %q", g, w)
		return
	}
	for name := range want {
		if !bytes.Equal(got[name], want[name]) {
			t.Errorf("%s: got %d bytes with digest %s, want %d with %s", name, len(got[name]), digest(got[name]), len(want[name]), digest(want[name]))
		}
	}
}

// only returns the files of those names.
func only(files map[string][]byte, names ...string) map[string][]byte {
	some := map[string][]byte{}
	for _, name := range names {
		some[name] = files[name]
	}
	return some
}

func testSearch(t *testing.T, m *market, h *helm) {
	want := map[string][]string{
		"alpine": {"0.3.0", "0.2.0", "0.1.0"}, "tagged": {"v1.2.3"}, "built": {"1.0.0+build.5"},
		"Odd.Name_x-y": {"1.0.0"}, "described": {"1.0.0"}, "replaced": {"1.0.0"},
		"signed": {"1.0.0"}, "signedbuilt": {"1.0.0+b1"},
	}
	withPrerelease := maps.Clone(want)
	withPrerelease["alpine"] = []string{"0.10.0-rc.1", "0.3.0", "0.2.0", "0.1.0"}
	h.run("repo", "add", "bare", m.repo("stable"))
	h.run("repo", "add", "slash", m.repo("stable")+"/")
	for _, repo := range []string{"bare", "slash"} {
		equal(t, repo, h.search(repo), want)
		h.run("repo", "update", repo)
		equal(t, repo+" after an update", h.search(repo), want)
		equal(t, repo+" with prereleases", h.search(repo, "--devel"), withPrerelease)
	}
	h.run("repo", "update")
}

// testRoot uses the site's root as the users of a repository without channels do.
func testRoot(t *testing.T, m *market, h *helm) {
	m.add(h)
	h.run("repo", "add", "root", m.url)
	equal(t, "the site's root", h.search("root", "--devel"), h.search("market", "--devel"))
	for _, file := range []string{"alpine-0.3.0.tgz", "built-1.0.0+build.5.tgz", "tagged-v1.2.3.tgz"} {
		name, version, _ := strings.Cut(strings.TrimSuffix(file, ".tgz"), "-")
		sameFiles(t, h.pull("root/"+name, "--version", version), only(m.head, file))
		sameFiles(t, h.pull(name, "--repo", m.url+"/", "--version", version), only(m.head, file))
	}
	parent := filepath.Join(h.dir, "parent")
	writeParent(t, parent, m.url)
	h.run("dependency", "update", parent)
	want := only(m.head, "alpine-0.2.0.tgz", "built-1.0.0+build.5.tgz", "tagged-v1.2.3.tgz", "Odd.Name_x-y-1.0.0.tgz")
	sameFiles(t, readFolder(t, filepath.Join(parent, "charts")), want)
}

func testChannels(t *testing.T, m *market, h *helm) {
	h.run("repo", "add", "devel", m.repo("42/devel"))
	equal(t, "42/devel", h.search("devel"), map[string][]string{"alpine": {"9.0.0"}})
	sameFiles(t, h.pull("devel/alpine"), map[string][]byte{"alpine-9.0.0.tgz": charttest.Simple("alpine", "9.0.0")})

	h.run("repo", "add", "odd", m.repo(oddChannel)+"/")
	equal(t, oddChannel, h.search("odd"), map[string][]string{"Alpine_9.x": {"9.0.0+a-b.1"}})
	want := map[string][]byte{"Alpine_9.x-9.0.0+a-b.1.tgz": charttest.Simple("Alpine_9.x", "9.0.0+a-b.1")}
	sameFiles(t, h.pull("odd/Alpine_9.x"), want)
	sameFiles(t, h.pull("Alpine_9.x", "--repo", m.repo(oddChannel)), want)
}

func testRealCharts(t *testing.T, m *market, h *helm) {
	h.run("repo", "add", "real", m.repo("real"))
	got := map[string][]byte{}
	for name, versions := range h.search("real", "--devel") {
		for _, version := range versions {
			maps.Copy(got, h.pull("real/"+name, "--version", version))
		}
	}
	sameFiles(t, got, realCharts(t))
}

func testShow(t *testing.T, m *market, h *helm) {
	m.add(h)
	files := charttest.Chart("alpine", "0.2.0")
	for what, want := range map[string]string{"values": files["values.yaml"], "readme": files["README.md"]} {
		if got := h.run("show", what, "market/alpine", "--version", "0.2.0"); strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("show %s: got %q, want %q", what, got, want)
		}
	}
	for chart, want := range map[string]string{"alpine": "0.3.0", "tagged": "v1.2.3", "built": "1.0.0+build.5", "Odd.Name_x-y": "1.0.0"} {
		got := "\n" + h.run("show", "chart", "market/"+chart)
		for _, line := range []string{"\nname: " + chart + "\n", "\nversion: " + want + "\n", "\ndescription: A chart for tests\n"} {
			if !strings.Contains(got, line) {
				t.Errorf("show chart %s: got %q, want the line %q", chart, got, strings.TrimSpace(line))
			}
		}
	}
}

// charts are the file names, names and versions of what the channel stable has.
var charts = [][3]string{
	{"alpine-0.1.0.tgz", "alpine", "0.1.0"},
	{"alpine-0.2.0.tgz", "alpine", "0.2.0"},
	{"alpine-0.3.0.tgz", "alpine", "0.3.0"},
	{"alpine-0.10.0-rc.1.tgz", "alpine", "0.10.0-rc.1"},
	{"tagged-v1.2.3.tgz", "tagged", "v1.2.3"},
	{"built-1.0.0+build.5.tgz", "built", "1.0.0+build.5"},
	{"Odd.Name_x-y-1.0.0.tgz", "Odd.Name_x-y", "1.0.0"},
	{"replaced-1.0.0.tgz", "replaced", "1.0.0"},
	{"signed-1.0.0.tgz", "signed", "1.0.0"},
}

func testPull(t *testing.T, m *market, h *helm) {
	m.add(h)
	urls := m.archiveURLs()
	for _, c := range charts {
		file, name, version := c[0], c[1], c[2]
		want := only(m.head, file)
		sameFiles(t, h.pull("market/"+name, "--version", version), want)
		sameFiles(t, h.pull(name, "--repo", m.repo("stable")+"/", "--version", version), want)
		sameFiles(t, h.pull(urls[name+" "+version]), want)
	}
	sameFiles(t, h.pull("market/tagged", "--version", "1.2.x"), only(m.head, "tagged-v1.2.3.tgz"))
	h.fails("pull", "market/alpine", "--version", "7.7.7")
}

// archiveURLs returns where the head of stable says that its archives are.
func (m *market) archiveURLs() map[string]string {
	m.t.Helper()
	urls := map[string]string{}
	for _, r := range m.readHead("stable") {
		urls[r.Name+" "+r.Version] = m.repo("stable") + "/" + r.URLs[0]
	}
	return urls
}

// headRelease is what an index says about a release.
type headRelease struct {
	Name, Version, Digest string
	URLs                  []string
	Deprecated            bool
}

// readHead reads a channel's index from the disk.
func (w *town) readHead(channel string) []headRelease {
	w.t.Helper()
	releases, err := parseIndex(read(w.t, filepath.Join(w.folder, "site", filepath.FromSlash(channel), "index.yaml")))
	if err != nil {
		w.t.Fatal(err)
	}
	return releases
}

func parseIndex(b []byte) ([]headRelease, error) {
	var index struct{ Entries map[string][]headRelease }
	if err := json.Unmarshal(b, &index); err != nil {
		return nil, fmt.Errorf("%v in the index %.100q…", err, b)
	}
	var all []headRelease
	for _, name := range sortedKeys(index.Entries) {
		all = append(all, index.Entries[name]...)
	}
	return all, nil
}

func testPrerelease(t *testing.T, m *market, h *helm) {
	m.add(h)
	sameFiles(t, h.pull("market/alpine"), only(m.head, "alpine-0.3.0.tgz"))
	sameFiles(t, h.pull("market/alpine", "--devel"), only(m.head, "alpine-0.10.0-rc.1.tgz"))
	sameFiles(t, h.pull("market/alpine", "--version", "<0.3"), only(m.head, "alpine-0.2.0.tgz"))
}

func testSigned(t *testing.T, m *market, h *helm) {
	m.add(h)
	keyring, other := filepath.Join(h.dir, "keyring.gpg"), filepath.Join(h.dir, "other.gpg")
	write(t, keyring, m.signer.Keyring())
	write(t, other, charttest.NewSigner().Keyring())
	for name, file := range map[string]string{"signed": "signed-1.0.0.tgz", "signedbuilt": "signedbuilt-1.0.0+b1.tgz"} {
		want := only(m.head, file, file+".prov")
		sameFiles(t, h.pull("market/"+name, "--prov"), want)
		sameFiles(t, h.pull("market/"+name, "--verify", "--keyring", keyring), want)
		h.fails("pull", "market/"+name, "--verify", "--keyring", other, "--destination", t.TempDir())
	}
	h.fails("pull", "market/tagged", "--verify", "--keyring", keyring, "--destination", t.TempDir())
}

func testTemplate(t *testing.T, m *market, h *helm) {
	m.add(h)
	commands := [][]string{
		{"template", "mine", "market/alpine"},
		{"template", "mine", "alpine", "--repo", m.repo("stable")},
		{"template", "mine", "market/built", "--version", "1.0.0+build.5"},
	}
	if h.major != "3" { // which wants a cluster for it
		commands = append(commands, []string{"install", "mine", "market/alpine", "--dry-run=client"})
	}
	for _, args := range commands {
		out := h.run(append(args, "--set", "replicas=5")...)
		for _, want := range []string{"kind: ConfigMap", "name: mine", `replicas: "5"`} {
			if !strings.Contains(out, want) {
				t.Errorf("helm%s %q prints %q, want %q in it", h.major, args, out, want)
			}
		}
	}
}

// testDependencies resolves the dependencies of a chart under every spelling
// of the channel, with the repository added before and without.
func testDependencies(t *testing.T, m *market, h *helm) {
	cases := []struct {
		name, repository string
		added            string // the URL that is added before; "" for none
	}{
		{"url", m.repo("stable"), ""},
		{"slash", m.repo("stable") + "/", ""},
		{"added url", m.repo("stable"), m.repo("stable")},
		{"added slash", m.repo("stable") + "/", m.repo("stable") + "/"},
		{"added url, used with slash", m.repo("stable") + "/", m.repo("stable")},
		{"added slash, used without", m.repo("stable"), m.repo("stable") + "/"},
		{"at", "@market", m.repo("stable")},
		{"at slash", "@market", m.repo("stable") + "/"},
		{"alias", "alias:market", m.repo("stable")},
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := h.fresh()
			h.t = t
			if c.added != "" {
				h.run("repo", "add", "market", c.added)
			}
			parent := filepath.Join(h.dir, "parent"+strconv.Itoa(i))
			writeParent(t, parent, c.repository)
			want := only(m.head, "alpine-0.2.0.tgz", "built-1.0.0+build.5.tgz", "tagged-v1.2.3.tgz", "Odd.Name_x-y-1.0.0.tgz")
			h.run("dependency", "update", parent)
			sameFiles(t, readFolder(t, filepath.Join(parent, "charts")), want)
			if c.added == "" { // build, unlike update, wants it
				h.run("repo", "add", "market", c.repository)
			}
			for file := range want {
				remove(t, filepath.Join(parent, "charts", file))
			}
			h.run("dependency", "build", parent)
			sameFiles(t, readFolder(t, filepath.Join(parent, "charts")), want)
			if out := h.run("template", "mine", parent); strings.Count(out, "kind: ConfigMap") != 5 {
				t.Errorf("the parent and its four dependencies render as %s", out)
			}
		})
	}
}

// writeParent writes a chart that depends on charts of the repository.
func writeParent(t *testing.T, folder, repository string) {
	t.Helper()
	metadata := "apiVersion: v2\nname: parent\nversion: 1.0.0\ndependencies:\n"
	for _, d := range [][2]string{{"alpine", "~0.2.0"}, {"built", "1.0.0+build.5"}, {"tagged", "v1.2.3"}, {"Odd.Name_x-y", "1.x"}} {
		metadata += fmt.Sprintf("- {name: %s, version: %q, repository: %q}\n", d[0], d[1], repository)
	}
	for file, text := range charttest.Chart("parent", "1.0.0", "Chart.yaml", metadata) {
		write(t, filepath.Join(folder, filepath.FromSlash(file)), []byte(text))
	}
}

func testSnapshots(t *testing.T, m *market, h *helm) {
	h.run("repo", "add", "old", m.repo("stable/snapshots/00000001"))
	h.run("repo", "add", "new", m.repo("stable/snapshots/00000002")+"/")
	h.run("repo", "add", "head", m.repo("stable"))
	equal(t, "alpine in the old snapshot", h.search("old")["alpine"], []string{"0.2.0", "0.1.0"})
	equal(t, "the new snapshot", h.search("new", "--devel"), h.search("head", "--devel"))
	for _, c := range charts {
		if file := c[0]; m.first[file] != nil {
			sameFiles(t, h.pull("old/"+c[1], "--version", c[2]), only(m.first, file))
		}
	}
	h.fails("pull", "old/alpine", "--version", "0.3.0")
	keyring := filepath.Join(h.dir, "keyring.gpg")
	write(t, keyring, m.signer.Keyring())
	sameFiles(t, h.pull("old/signed", "--verify", "--keyring", keyring), only(m.first, "signed-1.0.0.tgz", "signed-1.0.0.tgz.prov"))
}

// keptCharts are more versions than the channel's index is to list.
func keptCharts() map[string][]byte {
	charts := map[string][]byte{}
	for _, version := range []string{"1.0.0", "1.1.0", "1.2.0", "2.0.0-rc.1"} {
		charts["alpine-"+version+".tgz"] = charttest.Simple("alpine", version)
	}
	return charts
}

// testKept uses a channel whose index lists the newest versions alone: the others
// are at their URLs, and in a repository of their own.
func testKept(t *testing.T, m *market, h *helm) {
	h.run("repo", "add", "kept", m.repo("kept"))
	h.run("repo", "add", "older", m.repo("kept/snapshots/00000001/older"))
	equal(t, "alpine", h.search("kept", "--devel")["alpine"], []string{"2.0.0-rc.1", "1.2.0"})
	equal(t, "older alpine", h.search("older")["alpine"], []string{"1.1.0", "1.0.0"})
	sameFiles(t, h.pull("kept/alpine"), only(keptCharts(), "alpine-1.2.0.tgz"))
	h.fails("pull", "kept/alpine", "--version", "1.1.0")
	oldest := only(keptCharts(), "alpine-1.0.0.tgz")
	sameFiles(t, h.pull("older/alpine", "--version", "1.0.0"), oldest)
	older := read(t, filepath.Join(m.folder, "site", "kept", "snapshots", "00000001", "older", "index.yaml"))
	releases, err := parseIndex(older)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(releases, func(r headRelease) bool { return r.Version == "1.0.0" })
	sameFiles(t, h.pull(m.repo("kept")+"/"+strings.TrimPrefix(releases[i].URLs[0], "../../../")), oldest) // as from its page
}

// testOneChart uses the index of one chart, and that of all versions, as repositories of
// their own: added, by URL, and as a dependency.
func testOneChart(t *testing.T, m *market, h *helm) {
	h.run("repo", "add", "alone", m.repo("kept/charts/alpine"))
	h.run("repo", "add", "all", m.repo("kept/all")+"/")
	every := []string{"2.0.0-rc.1", "1.2.0", "1.1.0", "1.0.0"}
	equal(t, "alpine alone", h.search("alone", "--devel"), map[string][]string{"alpine": every})
	equal(t, "all versions", h.search("all", "--devel"), map[string][]string{"alpine": every})
	for _, repo := range []string{"alone", "all"} {
		sameFiles(t, h.pull(repo+"/alpine"), only(keptCharts(), "alpine-1.2.0.tgz"))
		sameFiles(t, h.pull(repo+"/alpine", "--version", "1.0.0"), only(keptCharts(), "alpine-1.0.0.tgz"))
	}
	sameFiles(t, h.pull("--repo", m.repo("stable/charts/built"), "built", "--version", "1.0.0+build.5"), only(m.head, "built-1.0.0+build.5.tgz"))
	h.run("repo", "add", "replaced", m.repo("stable/charts/replaced"))
	sameFiles(t, h.pull("replaced/replaced"), only(m.head, "replaced-1.0.0.tgz"))
	folder := filepath.Join(h.dir, "dependent")
	write(t, filepath.Join(folder, "Chart.yaml"), fmt.Appendf(nil, "apiVersion: v2\nname: dependent\nversion: 0.1.0\ndependencies: [{name: alpine, version: ~1.0.0, repository: %q}]\n", m.repo("kept/charts/alpine")))
	h.run("dependency", "update", folder)
	if got, want := read(t, filepath.Join(folder, "charts", "alpine-1.0.0.tgz")), keptCharts()["alpine-1.0.0.tgz"]; !bytes.Equal(got, want) {
		t.Error("the dependency is another archive")
	}
}

// testReplaced pulls both contents of one version with one client, whose
// cache must not take the one for the other.
func testReplaced(t *testing.T, m *market, h *helm) {
	h.run("repo", "add", "old", m.repo("stable/snapshots/00000001"))
	m.add(h)
	for range 2 {
		sameFiles(t, h.pull("market/replaced", "--version", "1.0.0"), only(m.head, "replaced-1.0.0.tgz"))
		sameFiles(t, h.pull("old/replaced", "--version", "1.0.0"), only(m.first, "replaced-1.0.0.tgz"))
	}
	if got := h.run("show", "values", "market/replaced"); !strings.Contains(got, "# new") {
		t.Errorf("show values: got %q, want the new ones", got)
	}
}

func testDescription(t *testing.T, m *market, h *helm) {
	m.add(h)
	for _, f := range h.searchAll("market") {
		if f.Name == "market/described" && (f.Description != hard || f.AppVersion != "010") {
			t.Errorf("got the description %q and appVersion %q,\nwant %q and 010", f.Description, f.AppVersion, hard)
		}
	}
	if got := h.run("show", "chart", "market/described"); !strings.Contains(got, "漢字") {
		t.Errorf("show chart: got %q", got)
	}
}
