package importer

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/config"
)

// oddSignatures are answers to a request for a provenance file, and a part of the
// reason why it is left out; "" if the chart counts as not signed.
var oddSignatures = []struct {
	name   string
	status int
	body   string
	reason string
}{
	{"missing", 404, "", ""},
	{"gone", 410, "", ""},
	{"denied", 403, "", ""},
	{"login", 401, "", ""},
	{"bad-request", 400, "no", "400 Bad Request"},
	{"not-allowed", 405, "no", "405 Method Not Allowed"},
	{"teapot", 418, "no", "418"},
	{"no-content", 204, "", "204"},
	{"error", 500, "no", "500 Internal Server Error"},
	{"not-implemented", 501, "no", "501"},
	{"unavailable", 503, "no", "503 Service Unavailable"},
	{"loop", 302, "", "redirects"},
	{"json", 200, `{"error":"not found"}`, "not clear-signed text"},
	{"text", 200, "File not found", "not clear-signed text"},
	{"empty", 200, "", "empty"},
	{"page", 200, "\n<!doctype html>", "web page"},
	{"page-bom", 200, "\ufeff<!doctype html>", "web page"},
	{"page-utf16", 200, "\xff\xfe<\x00h\x00t\x00m\x00l\x00>\x00", "not clear-signed text"},
	{"huge", 200, strings.Repeat("x", maxProv+10), "larger than"},
	{"cut", 200, "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nname: x\n", "not clear-signed text"},
}

// TestSignatureLeftOut takes each chart whatever the server has in place of its
// provenance file, and says why the signature was left out.
func TestSignatureLeftOut(t *testing.T) {
	s, g := newOld(t), newTarget(t)
	for _, odd := range oddSignatures {
		s.add(odd.name, "1.0.0")
	}
	signer := charttest.NewSigner()
	for file, signs := range map[string][]byte{
		"stale-1.0.0.tgz":   signer.Sign("stale-1.0.0.tgz", []byte("what it was before")),
		"foreign-1.0.0.tgz": nil, // below
	} {
		name := strings.TrimSuffix(file, "-1.0.0.tgz")
		s.add(name, "1.0.0")
		if signs == nil {
			signs = signer.Sign("other-1.0.0.tgz", s.files["/repo/"+file])
		}
		s.files["/repo/"+file+".prov"] = signs
	}
	s.odd = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		for _, odd := range oddSignatures {
			if r.URL.Path == "/repo/"+odd.name+"-1.0.0.tgz.prov" {
				w.Header().Set("Location", r.URL.Path)
				w.Header().Set("Retry-After", "60")
				w.WriteHeader(odd.status)
				w.Write([]byte(odd.body))
				return true
			}
		}
		return false
	}
	_, r := g.imports(g.options(s.open(Credentials{})))
	reasons := map[string]string{"stale": "SHA-256", "foreign": `for "other-1.0.0.tgz"`}
	for _, odd := range oddSignatures {
		reasons[odd.name] = odd.reason
	}
	if r.Lost() > 0 || r.Count(Taken) != len(reasons) {
		t.Errorf("%d of %d are taken", r.Count(Taken), len(reasons))
	}
	for _, result := range r.Results {
		if want := reasons[result.Chart]; (result.Unsigned == "") != (want == "") || !strings.Contains(result.Unsigned, want) {
			t.Errorf("%s: the signature is left out because %q, want %q", result.Chart, result.Unsigned, want)
		}
		if asked := s.times("/repo/" + result.Chart + "-1.0.0.tgz.prov"); asked > optionalLimits.Tries && result.Chart != "loop" {
			t.Errorf("%s: asked %d times for the provenance file", result.Chart, asked)
		}
	}
	g.generate()
	if n := strings.Count(g.published(), " 1.0.0 "); n != len(reasons) {
		t.Errorf("%d are published, want %d", n, len(reasons))
	}
}

// TestSignatureTime spends little time on a server that is always down for
// provenance files, or never answers for them.
func TestSignatureTime(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request){
		"error": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"later": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusServiceUnavailable)
		},
		"silence": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		synctest.Test(t, func(t *testing.T) {
			s, g := emptyOld(t), newTarget(t)
			for _, version := range []string{"1.0.0", "2.0.0", "3.0.0", "4.0.0", "5.0.0", "6.0.0"} {
				s.add("web", version)
			}
			s.odd = func(w http.ResponseWriter, r *http.Request, _ int) bool {
				if !strings.HasSuffix(r.URL.Path, ".prov") {
					return false
				}
				answer(w, r)
				return true
			}
			from, err := OpenWeb("http://old/repo", Credentials{})
			if err != nil {
				t.Fatal(err)
			}
			from.place.(*web).client.Transport.(*signer).next = testenv.Serve(t, s).Transport(t)
			o := g.options(from)
			o.Workers = 1
			begun := time.Now()
			_, r := g.imports(o)
			most := map[string]time.Duration{"error": 2 * time.Second, "later": 10 * time.Second, "silence": 90 * time.Second}[name]
			if took := time.Since(begun); r.Count(Taken) != 6 || took > most {
				t.Errorf("%s: %d taken in %v, want 6 in less than %v", name, r.Count(Taken), took, most)
			}
		})
	}
}

// TestSignatureOfFolder takes a chart from a folder whatever lies beside it.
func TestSignatureOfFolder(t *testing.T) {
	a, b := charttest.Simple("a", "1.0.0"), charttest.Simple("b", "1.0.0")
	dir := writeFiles(t, map[string][]byte{
		"a-1.0.0.tgz": a, "a-1.0.0.tgz.prov": charttest.NewSigner().Sign("a-1.0.0.tgz", b), "b-1.0.0.tgz": b,
	})
	if err := os.Mkdir(filepath.Join(dir, "b-1.0.0.tgz.prov"), 0o777); err != nil {
		t.Fatal(err)
	}
	from, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	g := newTarget(t)
	got, r := g.imports(g.options(from))
	g.want("folder", got, "a 1.0.0 taken, b 1.0.0 taken")
	for _, result := range r.Results {
		if result.Unsigned == "" {
			t.Errorf("%s: nothing says that the signature is left out", result.Chart)
		}
	}
}

// TestSignatureRefused finds that a chart is there whose signature the channel would
// refuse: it signs an archive that is packed otherwise than the published one.
func TestSignatureRefused(t *testing.T) {
	s, before, g := newOld(t), newOld(t), newTarget(t)
	var err error
	if g.config, err = config.Parse([]byte("channels: [{match: stable, duplicates: reject}]"), "portolan.yaml"); err != nil {
		t.Fatal(err)
	}
	before.add("a", "1.0.0")
	g.imports(g.options(before.open(Credentials{})))
	g.generate()
	repacked := charttest.Pack("a", charttest.Chart("a", "1.0.0"), &charttest.Options{Time: charttest.Time.AddDate(1, 0, 0)})
	s.add("a", "1.0.0")["digest"] = sum(repacked)
	s.files["/repo/a-1.0.0.tgz"] = repacked
	s.files["/repo/a-1.0.0.tgz.prov"] = charttest.NewSigner().Sign("a-1.0.0.tgz", repacked)
	got, r := g.imports(g.options(s.open(Credentials{})))
	g.want("repacked", got, "a 1.0.0 there")
	if r.Lost() > 0 || r.Results[0].Unsigned == "" {
		t.Errorf("got %+v", r.Results)
	}
}

// TestSignatureRequired imports into a channel that takes only what is signed with its
// keys: what is not is left, with the reason.
func TestSignatureRequired(t *testing.T) {
	s, g := newOld(t), newTarget(t)
	signer, dir := charttest.NewSigner(), t.TempDir()
	for name, data := range map[string][]byte{
		"team.gpg":      signer.Keyring(),
		"portolan.yaml": []byte("channels: [{match: stable, signatures: {keyrings: [team.gpg], require: true}}]"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if g.config, err = config.Load(filepath.Join(dir, "portolan.yaml")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"good", "stranger", "unsigned"} {
		s.add(name, "1.0.0")
		if file := name + "-1.0.0.tgz"; name == "good" {
			s.files["/repo/"+file+".prov"] = signer.Sign(file, s.files["/repo/"+file])
		} else if name == "stranger" {
			s.files["/repo/"+file+".prov"] = charttest.NewSigner().Sign(file, s.files["/repo/"+file])
		}
	}
	got, _ := g.imports(g.options(s.open(Credentials{})))
	g.want("required", got, "good 1.0.0 taken, stranger 1.0.0 refused signature-unknown, unsigned 1.0.0 refused signature-missing")
}
