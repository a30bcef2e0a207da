package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

var (
	releaser  = credentials{"ci", "secret-releaser-5a1d02"}  // may promote from dev to stable
	promoter  = credentials{"ci", "secret-promoter-8c2e13"}  // may not read where it promotes from
	tidier    = credentials{"ci", "secret-tidier-9d3f24"}    // may yank, and not promote
	committer = credentials{"dev", "secret-committer-0e4a5"} // may upload
)

// promotionTown has a channel dev, which anything may be uploaded to, and a channel stable,
// which takes what was signed and promoted from there.
func promotionTown(t *testing.T) (*town, *charttest.Signer) {
	t.Helper()
	w, signer := newTown(t), charttest.NewSigner()
	write(t, filepath.Join(w.folder, "keys", "team.gpg"), signer.Keyring())
	write(t, filepath.Join(w.folder, "portolan.yaml"), []byte(`channels:
- {match: "**", oci: true, signatures: {keyrings: [keys/team.gpg]}}
- {match: stable, duplicates: reject, promote: {from: [dev], only: true, signed: true}}
`))
	hash := func(c credentials) string { return auth.HashToken(c.secret) }
	write(t, filepath.Join(w.folder, "auth.yaml"), fmt.Appendf(nil, `tokens:
- {id: releaser, hash: %s, scopes: ["promote:stable", "read:**"]}
- {id: promoter, hash: %s, scopes: ["promote:stable", "read:stable"]}
- {id: tidier, hash: %s, scopes: ["yank:**", "read:**"]}
- {id: committer, hash: %s, scopes: ["write:**", "read:**"]}
anonymous: []
`, hash(releaser), hash(promoter), hash(tidier), hash(committer)))
	return w, signer
}

// TestPromotion takes charts from dev to stable. A gate refuses one that is not signed,
// beforehand and in the run; once it is, both channels have the same archive, provenance
// file and manifest for both Helms. What is newer then comes with one request to a shim,
// from somebody who may ask for that.
func TestPromotion(t *testing.T) {
	t.Parallel()
	for _, tool := range append(clients, "helm-cm-push") {
		testenv.Tool(t, tool)
	}
	w, signer := promotionTown(t)
	files := map[string][]byte{"web-1.0.0.tgz": charttest.Simple("web", "1.0.0")}
	w.drop("dev", files)
	w.done("generate")
	w.refusesUploads(files)

	const unsigned = "no signature that was verified with the keys of channel stable or dev"
	if o := w.run([]int{exitRejected}, "promote", "dev", "stable", "web", "1.0.0"); !strings.Contains(o.stderr, unsigned) {
		t.Errorf("without a signature, promote prints\n%s%s", o.stdout, o.stderr)
	}
	w.done("promote", "--config=", "dev", "stable", "web", "1.0.0")
	if o := w.run([]int{exitRejected}, "generate"); !strings.Contains(o.stdout, unsigned) {
		t.Errorf("without a signature, generate prints\n%s%s", o.stdout, o.stderr)
	}
	files["web-1.0.0.tgz.prov"] = signer.Sign("web-1.0.0.tgz", files["web-1.0.0.tgz"])
	write(t, filepath.Join(w.folder, "web-1.0.0.tgz.prov"), files["web-1.0.0.tgz.prov"])
	w.done("drop", "dev", "web-1.0.0.tgz.prov")
	w.done("generate")
	w.done("promote", "dev", "stable", "web", "1.0.0")
	w.done("generate")
	w.sameInBoth(signer, files)
	if o := w.done("promote", "dev", "stable", "web", "1.0.0"); o.stdout != "nothing to do\n" {
		t.Errorf("once more, promote prints\n%s%s", o.stdout, o.stderr)
	}

	for _, version := range []string{"1.1.0", "1.2.0", "2.0.0-rc.1"} {
		file := "web-" + version + ".tgz"
		files[file] = charttest.Simple("web", version)
		files[file+".prov"] = signer.Sign(file, files[file])
	}
	w.drop("dev", files) // the first one changes nothing
	w.done("generate")
	w.done("promote", "dev", "stable", "web", "--all-newer")
	w.done("generate")
	equal(t, "versions in stable", w.versions("stable"), []string{"1.2.0", "1.1.0", "1.0.0"})
	w.promotesByCurl(files["web-2.0.0-rc.1.tgz"])
	w.sameInBoth(signer, files)
}

// versions are those that the channel's index lists.
func (w *town) versions(channel string) (all []string) {
	w.t.Helper()
	for _, r := range w.readHead(channel) {
		all = append(all, r.Version)
	}
	return all
}

// refusesUploads uploads to stable in every way. Each is told at once that this channel
// takes promotions only, and from where.
func (w *town) refusesUploads(files map[string][]byte) {
	w.t.Helper()
	archive := filepath.Join(w.t.TempDir(), "web-1.0.0.tgz")
	write(w.t, archive, files["web-1.0.0.tgz"])
	s := w.shim("--auth", "auth.yaml", "--site", "site")
	said := map[string]string{
		"drop":           w.run([]int{exitUsage}, "drop", "stable", archive).stderr,
		"drop, no site,": w.run([]int{exitUsage}, "drop", "--site", "none", "stable", archive).stderr,
		"curl":           s.curlAs(w.t, committer, "--form", "chart=@"+archive, s.url+"/api/stable/charts").stdout,
	}
	for _, client := range clients {
		said[client+" cm-push"] = newPusher(w.t, client).fails("cm-push", archive, s.url+"/stable", "--access-token", committer.secret)
		h := newHelm(w.t, client)
		h.login(s.host(), committer)
		said[client+" push"] = h.fails("push", archive, "oci://"+s.host()+"/stable", "--plain-http")
	}
	for how, text := range said {
		for _, want := range []string{"channel stable takes no uploads, only promotions", "upload to channel dev"} {
			if !strings.Contains(text, want) {
				w.t.Errorf("%s says %q, want %q in it", how, text, want)
			}
		}
	}
	s.stop()
	if waiting := w.done("generate"); !strings.Contains(waiting.stdout, "nothing to do") {
		w.t.Errorf("what was refused waits all the same:\n%s", waiting.stdout)
	}
}

// sameInBoth makes sure that both channels have these files of the chart web, for both
// Helms and by both protocols, and that the site is what its logs say.
func (w *town) sameInBoth(signer *charttest.Signer, files map[string][]byte) {
	w.t.Helper()
	w.done("verify", "--deep")
	server := nginx(w.t, "folder.conf", map[string]string{"/srv/charts": filepath.Join(w.folder, "site")})
	dev := &shelf{t: w.t, host: strings.TrimPrefix(server, "http://"), channel: "dev"}
	stable := &shelf{t: w.t, host: dev.host, channel: "stable"}
	keyring := filepath.Join(w.folder, "site", "stable", filepath.FromSlash(publisher.KeyringURL))
	for _, version := range w.versions("dev") {
		file := "web-" + version + ".tgz"
		want, pinned := only(files, file, file+".prov"), stable.digest("web", version)
		if got := dev.digest("web", version); got != pinned {
			w.t.Errorf("web %s is %s in dev and %s in stable", version, got, pinned)
		}
		for _, client := range clients {
			h := newHelm(w.t, client)
			h.run("repo", "add", "stable", server+"/stable")
			h.run("repo", "add", "dev", server+"/dev")
			equal(w.t, "what helm finds in both", h.search("stable", "--devel"), h.search("dev", "--devel"))
			for _, s := range []*shelf{dev, stable} {
				sameFiles(w.t, h.pull(s.channel+"/web", "--version", version, "--verify", "--keyring", keyring), want)
				sameFiles(w.t, h.pull("oci://"+s.repository("web"), "--plain-http", "--version", version, "--verify", "--keyring", keyring), want)
				for _, got := range h.pull("oci://"+s.repository("web")+"@"+pinned, "--plain-http") { // which Helm names by the digest
					if digest(got) != digest(files[file]) {
						w.t.Errorf("%s pulls other bytes from %s by the digest", client, s.channel)
					}
				}
			}
		}
	}
}

// promotesByCurl promotes web 2.0.0-rc.1 through a shim, twice. Who lacks a scope may not.
func (w *town) promotesByCurl(archive []byte) {
	w.t.Helper()
	s := w.shim("--auth", "auth.yaml", "--site", "site")
	request := fmt.Sprintf(`{"kind": "promote", "from": "dev", "versions": [{"chart": "web", "version": "2.0.0-rc.1", "digest": %q}]}`, digest(archive))
	for want, who := range map[string]credentials{
		"read:dev": promoter, "promote:stable": tidier, "may not change what channel stable shows": committer, `"rule":"credentials"`: stranger,
	} {
		if o := s.curlAs(w.t, who, s.url+"/api/stable/actions", "--data", request); o.code == 0 || !strings.Contains(o.stdout, want) {
			w.t.Errorf("who may not is answered: exit code %d\n%s\nwant %s in it", o.code, o.stdout, want)
		}
	}
	if o := s.curlAs(w.t, releaser, s.url+"/api/dev/actions", "--data", strings.Replace(request, `"dev"`, `"stable"`, 1)); o.code == 0 || !strings.Contains(o.stdout, "promote:dev") {
		w.t.Errorf("the other way, the answer is: exit code %d\n%s", o.code, o.stdout)
	}
	for _, want := range []verdict.Verdict{verdict.Accepted, verdict.Unchanged} {
		o := s.curlAs(w.t, releaser, s.url+"/api/stable/actions", "--data", request)
		var asked struct{ ID, Receipt string }
		if err := json.Unmarshal([]byte(o.stdout), &asked); err != nil || o.code != 0 {
			w.t.Fatalf("curl: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
		}
		w.done("generate")
		var receipt droparea.Receipt
		decode(w.t, s.curlAs(w.t, releaser, asked.Receipt).stdout, &receipt)
		if receipt.Verdict != want || receipt.Action == nil || receipt.Action.Requester["token"] != "releaser" {
			w.t.Errorf("the verdict is %s: %s; want %s", receipt.Verdict, receipt.Message, want)
		}
	}
}
