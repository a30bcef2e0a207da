package main

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/importer"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// TestImportDistribution takes over what 'helm push' put into a registry that wants a
// password and sends short pages: archives, signatures and manifests byte for byte, with
// the login that 'helm registry login' saved.
func TestImportDistribution(t *testing.T) {
	t.Parallel()
	hash, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	passwords := filepath.Join(t.TempDir(), "htpasswd")
	write(t, passwords, fmt.Appendf(nil, "me:%s\n", hash))
	host := distribution(t, "auth: {htpasswd: {realm: charts, path: "+passwords+"}}", "tags: {maxtags: 2}", "catalog: {maxentries: 2}")
	charts := map[string][]byte{
		"signed-1.0.0.tgz": charttest.Simple("signed", "1.0.0"), "db-0.1.0.tgz": charttest.Simple("db", "0.1.0"),
		"web-1.0.0+a.1.tgz": charttest.Simple("web", "1.0.0+a.1"), "web-2.0.0-rc.1.tgz": charttest.Simple("web", "2.0.0-rc.1"),
	}
	for i := range 5 {
		charts[fmt.Sprintf("web-1.%d.0.tgz", i+1)] = charttest.Simple("web", fmt.Sprintf("1.%d.0", i+1))
	}
	prov := charttest.NewSigner().Sign("signed-1.0.0.tgz", charts["signed-1.0.0.tgz"])
	for _, name := range clients {
		t.Run(name, func(t *testing.T) {
			h, w, folder := newHelm(t, name), newTown(t), t.TempDir()
			login := []string{"registry", "login", host, "--plain-http", "--username", "me", "--password", "secret"}
			if o := process(t, h.dir, h.env, h.path, login...); o.code != 0 {
				t.Fatalf("helm registry login: %s", o.stderr)
			}
			write(t, filepath.Join(w.folder, "portolan.yaml"), []byte("channels: [{match: \"**\", oci: true}]\n"))
			write(t, filepath.Join(folder, "signed-1.0.0.tgz.prov"), prov)
			want := map[string]string{} // digests of manifests
			for file, b := range charts {
				write(t, filepath.Join(folder, file), b)
				o := process(t, h.dir, h.env, h.path, "push", filepath.Join(folder, file), "oci://"+host+"/"+name, "--plain-http")
				pushed := regexp.MustCompile(`Digest: sha256:([0-9a-f]+)`).FindStringSubmatch(o.stdout + o.stderr)
				if o.code != 0 || pushed == nil {
					t.Fatalf("helm push: %s%s", o.stdout, o.stderr)
				}
				want[file] = pushed[1]
			}
			imports := func(env []string, args ...string) *importer.Report {
				t.Helper()
				r := &importer.Report{}
				o := process(t, w.folder, env, portolanPath(t), append([]string{"import", "--from", "oci://" + host + "/" + name, "--output", "json"}, args...)...)
				if o.code != exitDone {
					t.Fatalf("portolan import: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
				}
				decode(t, o.stdout, r)
				return r
			}
			if r := imports(h.env, "stable"); r.Count(importer.Taken) != len(charts) {
				t.Errorf("%d of %d taken: %+v", r.Count(importer.Taken), len(charts), r)
			}
			got := map[string]string{}
			requests, _ := filepath.Glob(filepath.Join(w.folder, "drop", "inbox", "stable", "*.json"))
			for _, file := range requests {
				var request droparea.Request
				decode(t, string(read(t, file)), &request)
				got[request.File] = registry.SumOf([]byte(request.Manifest)).SHA256
				if time.Since(request.Created) > time.Hour {
					t.Errorf("%s: created %s", request.File, request.Created)
				}
			}
			if !maps.Equal(got, want) {
				t.Errorf("manifests %v\nwant %v", got, want)
			}
			w.done("generate")
			url := w.preview()
			for file, digest := range want {
				chart, version, _ := strings.Cut(strings.TrimSuffix(file, ".tgz"), "-")
				got := fetchServed(t, "GET", url+"/"+registry.TagKey("stable/"+chart, registry.Tag(version)))
				if registry.SumOf([]byte(got.body)).SHA256 != digest {
					t.Errorf("%s: the manifest is not the one with the digest %s: %+v", file, digest, got)
				}
			}
			h.run("repo", "add", "town", url+"/stable")
			files := h.pull("town/signed", "--prov")
			if !bytes.Equal(files["signed-1.0.0.tgz"], charts["signed-1.0.0.tgz"]) || !bytes.Equal(files["signed-1.0.0.tgz.prov"], prov) {
				t.Errorf("the signed chart is %q", sortedKeys(files))
			}
			write(t, filepath.Join(w.folder, "secret"), []byte("secret\n"))
			if r := imports(plainEnv(), "--username", "me", "--password-file", "secret", "stable"); r.Count(importer.There) != len(charts) {
				t.Errorf("%d of %d there: %+v", r.Count(importer.There), len(charts), r)
			}
		})
	}
}
