package main

import (
	"bytes"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
)

// signedTown has a channel team that takes only what one signer signs.
func signedTown(t *testing.T, settings string) (*town, *charttest.Signer) {
	w, signer := newTown(t), charttest.NewSigner()
	write(t, filepath.Join(w.folder, "keys", "team.gpg"), signer.Keyring())
	write(t, filepath.Join(w.folder, "portolan.yaml"), fmt.Appendf(nil,
		"repoPrefix: acme\nchannels: [{match: team, signatures: {keyrings: [keys/team.gpg], require: true}%s}]\n", settings))
	return w, signer
}

// TestSignedByHelm has both Helms sign charts and push them, and verify them with the keys
// that the channel publishes.
func TestSignedByHelm(t *testing.T) {
	t.Parallel()
	for _, client := range clients {
		testenv.Tool(t, client)
	}
	w, signer := signedTown(t, ", oci: true")
	secret := filepath.Join(t.TempDir(), "secret.gpg")
	write(t, secret, signer.SecretKeyring())
	archives, url := map[string]map[string][]byte{}, w.shim().url
	for _, client := range clients {
		h := newHelm(t, client)
		for name, text := range charttest.Chart("web"+h.major, "1.0.0") {
			write(t, filepath.Join(h.dir, "chart", name), []byte(text))
		}
		h.run("package", "--sign", "--key", "Portolan Test", "--keyring", secret, "--destination", filepath.Join(h.dir, "made"), filepath.Join(h.dir, "chart"))
		archives[client] = readFolder(t, filepath.Join(h.dir, "made"))
		h.run("push", filepath.Join(h.dir, "made", sortedKeys(archives[client])[0]), "oci://"+strings.TrimPrefix(url, "http://")+"/team", "--plain-http")
		unsigned := filepath.Join(h.dir, "unsigned-1.0.0.tgz")
		write(t, unsigned, charttest.Simple("unsigned", "1.0.0"))
		if said := h.fails("push", unsigned, "oci://"+strings.TrimPrefix(url, "http://")+"/team", "--plain-http"); !strings.Contains(said, "the chart is not signed") {
			t.Errorf("%s says of an unsigned chart: %s", client, said)
		}
	}
	if out := w.done("generate").stdout; strings.Count(out, "accepted    ") != len(clients) {
		t.Errorf("got %s, want a chart of each", out)
	}
	w.done("verify", "--deep")
	w.done("rebuild", "--channel", "team")
	w.done("prune", "--grace", "0s")
	keyring := filepath.Join(w.folder, "site", "team", filepath.FromSlash(publisher.KeyringURL))
	for _, client := range clients {
		h := newHelm(t, client)
		for _, files := range archives {
			file := sortedKeys(files)[0]
			for name, b := range files {
				write(t, filepath.Join(h.dir, name), b)
			}
			if said := h.run("verify", "--keyring", keyring, file); !strings.Contains(said, charttest.SignerIdentity) {
				t.Errorf("%s verifies %s: %s", client, file, said)
			}
		}
	}
}

// TestSignedPageCommands pastes the commands of the pages of a signed version into both
// Helms: they fetch the keys and verify with them.
func TestSignedPageCommands(t *testing.T) {
	t.Parallel()
	for _, client := range clients {
		testenv.Tool(t, client)
	}
	for name, settings := range map[string]string{"public": "", "private": ", private: true", "oci": ", oci: true"} {
		t.Run(name, func(t *testing.T) {
			w, signer := signedTown(t, settings)
			write(t, filepath.Join(w.folder, "site", "robots.txt"), nil) // a site that can be served
			var url string
			if name == "private" {
				settings := read(t, filepath.Join(w.folder, "portolan.yaml"))
				w.writeAuth() // only some may read team
				write(t, filepath.Join(w.folder, "portolan.yaml"), settings)
				url = w.shim("--auth=auth.yaml", "--site", "site").url
			} else {
				url = w.preview()
			}
			if name == "oci" {
				write(t, filepath.Join(w.folder, "portolan.yaml"), append(read(t, filepath.Join(w.folder, "portolan.yaml")), "baseURL: "+url+"\n"...))
			}
			archive := charttest.Simple("web", "1.0.0+b.1")
			w.drop("team", map[string][]byte{"web-1.0.0+b.1.tgz": archive, "web-1.0.0+b.1.tgz.prov": signer.Sign("web-1.0.0+b.1.tgz", archive)})
			w.done("generate")
			for _, client := range clients {
				for _, page := range []string{"charts/web/index.html", "charts/web/1.0.0+b.1/index.html"} {
					got := w.pasteVerifying(newHelm(t, client), page, url)
					if want := map[string]int{"public": 3, "private": 1, "oci": 4}[name]; got != want {
						t.Errorf("%s has %d commands that verify, want %d", page, got, want)
					}
				}
			}
			w.mustNameSigner(signer)
		})
	}
}

// pasteVerifying runs the commands of a page that verify with the channel's keys, after
// those that they need, and returns how many there are.
func (w *town) pasteVerifying(h *helm, page, url string) (verified int) {
	w.t.Helper()
	lines := pageCommands(w.t, read(w.t, filepath.Join(w.folder, "site", "team", filepath.FromSlash(page))), url+"/team")
	first := slices.IndexFunc(lines, func(args []string) bool { return args[0] == "helm" && args[1] == "repo" })
	for _, args := range slices.Concat(lines[first:], lines[:first]) {
		switch text := strings.Join(args, " "); {
		case args[0] == "curl" && strings.Contains(text, "keyring.gpg"):
			if i := slices.Index(args, "USER"); i >= 0 {
				args[i] = "alice:canary-alice-6f0c"
			}
			if o := process(w.t, h.dir, h.env, "curl", args[1:]...); o.code != 0 {
				w.t.Fatalf("%q: %s", args, o.stderr)
			}
		case args[0] != "helm":
		case strings.Contains(text, "--verify --keyring acme-team.gpg"):
			verified++
			h.run(offline(args[1:])...)
		case strings.Contains(text, "--verify"):
			w.t.Errorf("%s verifies without a keyring: %s", page, text)
		case args[1] == "repo":
			h.run(offline(args[1:])...)
		}
	}
	return verified
}

// mustNameSigner looks at what the page and the JSON of the chart web say of who signed it.
func (w *town) mustNameSigner(signer *charttest.Signer) {
	w.t.Helper()
	page := string(read(w.t, filepath.Join(w.folder, "site", "team", "charts", "web", "index.html")))
	for _, want := range []string{signer.Fingerprint(), "Portolan Test (throwaway) &lt;test@example.com&gt;"} {
		if !strings.Contains(page, want) {
			w.t.Errorf("the page does not say %s", want)
		}
	}
	var doc struct {
		Keyring  string
		Versions []struct {
			Signer struct{ Fingerprint, Identity string }
		}
	}
	decode(w.t, string(read(w.t, filepath.Join(w.folder, "site", "team", "api", "charts", "web.json"))), &doc)
	if s := doc.Versions[0].Signer; s.Fingerprint != signer.Fingerprint() || s.Identity != charttest.SignerIdentity || doc.Keyring != "../keyring.gpg" {
		w.t.Errorf("the JSON says %+v", doc)
	}
}

// TestUnsigned uploads what the channel's keys do not fit, in every way: who can know it
// says so at once, and otherwise the run does.
func TestUnsigned(t *testing.T) {
	t.Parallel()
	w, signer := signedTown(t, "")
	chart := charttest.Simple("web", "1.0.0")
	stranger := charttest.NewSigner().Sign("web-1.0.0.tgz", chart)
	file := filepath.Join(w.folder, "web-1.0.0.tgz")
	write(t, file, chart)
	tell := func(what, said string, want ...string) {
		t.Helper()
		for _, part := range want {
			if !strings.Contains(said, part) {
				t.Errorf("%s says %q, want %q", what, said, part)
			}
		}
	}
	drop := func(what string, args ...string) {
		t.Helper()
		o := w.run([]int{exitRejected}, append([]string{"drop"}, append(args, "team", file)...)...)
		tell(what, o.stderr, "the chart is not signed", "helm package --sign")
	}
	drop("drop without a site")
	w.done("generate", "--dry-run")

	plain := w.shim()
	answers := func(s *shimProcess, what string) {
		t.Helper()
		status, b := s.post(t, s.url+"/api/team/charts", credentials{}, chart)
		tell(fmt.Sprintf("%s, %d", what, status), fmt.Sprint(status, " ", string(b)), "422", "the chart is not signed", "helm package --sign")
		status, b = s.postForm(t, s.url+"/api/team/charts", map[string][]byte{"chart": chart, "prov": stranger})
		tell(fmt.Sprintf("%s, %d", what, status), fmt.Sprint(status, " ", string(b)), "422", "not among those of the channel", "signatures.keyrings")
	}
	answers(plain, "the shim without a site")
	status, b := plain.postForm(t, plain.url+"/api/team/charts", map[string][]byte{"chart": chart, "prov": signer.Sign("web-1.0.0.tgz", chart)})
	if status != http.StatusCreated {
		t.Fatalf("a signed chart: %d %s", status, b)
	}
	write(t, filepath.Join(w.folder, "drop", "inbox", "team", "mine-1.0.0.tgz"), charttest.Simple("mine", "1.0.0"))
	o := w.run([]int{exitRejected}, "generate")
	tell("generate", o.stdout+o.stderr, "accepted    web 1.0.0", "the chart is not signed")
	if kept := readFolder(t, filepath.Join(w.folder, "drop", "rejected", "team")); len(kept) != 2 {
		t.Errorf("rejected are %v", slices.Sorted(maps.Keys(kept)))
	}

	// What is published already stays unchanged, unsigned or not.
	w.done("drop", "team", file)
	sited := w.shim("--site", "site")
	if status, b := sited.post(t, sited.url+"/api/team/charts", credentials{}, chart); status != http.StatusCreated {
		t.Errorf("the same chart: %d %s", status, b)
	}
	chart = charttest.Simple("web", "1.1.0")
	stranger = charttest.NewSigner().Sign("web-1.1.0.tgz", chart)
	write(t, file, chart)
	answers(sited, "the shim")
	drop("drop")
	drop("drop of another", "--strict")

	// Where it is not required, it gets a warning.
	settings := read(t, filepath.Join(w.folder, "portolan.yaml"))
	write(t, filepath.Join(w.folder, "portolan.yaml"), bytes.Replace(settings, []byte("require: true"), []byte("require: false"), 1))
	for _, site := range []string{"site", "none"} {
		tell("drop with a warning", w.done("drop", "--site", site, "team", file).stderr, "warning", "the chart is not signed")
	}
}

// postForm uploads files as curl does with --form.
func (s *shimProcess) postForm(t *testing.T, url string, files map[string][]byte) (int, []byte) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, name := range sortedKeys(files) {
		part, err := form.CreateFormFile(name, name)
		if err == nil {
			_, err = part.Write(files[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, &body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	return answerOf(t, r)
}
