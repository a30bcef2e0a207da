package main

import (
	"bytes"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/storetest/servers"
)

var bucketServers = map[string]func(testing.TB) *servers.Server{"s3": servers.S3, "gs": servers.GCS, "azblob": servers.Azure}

// TestBuckets goes the whole way on each kind of bucket: from portolan drop to
// helm pull through plain HTTP from the bucket itself, with no server of ours.
func TestBuckets(t *testing.T) {
	for scheme, start := range bucketServers {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			server := start(t)
			bucket := server.Bucket(t)
			m := newBucketMarket(t, servers.Folder(bucket, "drop"), servers.Folder(bucket, "site"))
			for _, name := range clients {
				m.pull(newHelm(t, name), server.Object(bucket, "site/group/stable"))
			}
			m.headers(server.Object(bucket, "site/group/stable/"))
		})
	}
}

// TestTwoProviders keeps the drop area with one provider and the site with another.
func TestTwoProviders(t *testing.T) {
	for _, pair := range [][2]string{{"s3", "gs"}, {"gs", "azblob"}, {"azblob", "file"}, {"file", "s3"}} {
		t.Run(pair[0]+" to "+pair[1], func(t *testing.T) {
			t.Parallel()
			url := func(scheme string) string {
				if scheme == "file" {
					return filepath.Join(t.TempDir(), "bucket")
				}
				return bucketServers[scheme](t).Bucket(t)
			}
			newBucketMarket(t, url(pair[0]), url(pair[1]))
		})
	}
}

// bucketMarket is a channel in buckets, and what was published there.
type bucketMarket struct {
	*town
	signer *charttest.Signer
	charts map[string][]byte // archives and provenance files, by their names
}

// newBucketMarket publishes charts, and has each command look at the result.
func newBucketMarket(t *testing.T, drop, site string) *bucketMarket {
	t.Helper()
	m := &bucketMarket{town: newTown(t), signer: charttest.NewSigner()}
	write(t, filepath.Join(m.folder, "portolan.yaml"), []byte("drop: "+drop+"\nsite: "+site+"\n"))
	m.charts = map[string][]byte{
		"described-1.0.0.tgz":     described(),
		"built-1.0.0+build.5.tgz": charttest.Simple("built", "1.0.0+build.5"),
		"signed-1.0.0+b1.tgz":     charttest.Simple("signed", "1.0.0+b1"),
	}
	m.charts["signed-1.0.0+b1.tgz.prov"] = m.signer.Sign("signed-1.0.0+b1.tgz", m.charts["signed-1.0.0+b1.tgz"])
	m.drop("group/stable", m.charts)
	m.done("generate")
	more := map[string][]byte{"built-1.1.0.tgz": charttest.Simple("built", "1.1.0")}
	m.charts["built-1.1.0.tgz"] = more["built-1.1.0.tgz"]
	m.drop("group/stable", more)
	m.done("generate")
	m.done("verify", "--deep")
	var found struct {
		Channels []struct {
			Channel           string
			Versions, Waiting int
		}
	}
	decode(t, m.done("status", "--output", "json").stdout, &found)
	if len(found.Channels) != 1 || found.Channels[0].Versions != 4 || found.Channels[0].Waiting != 0 {
		t.Errorf("status says %+v", found)
	}
	if out := m.done("prune", "--keep-snapshots", "1", "--keep-days", "0", "--grace", "0s"); !strings.Contains(out.stdout, "snapshots before generation 2") {
		t.Errorf("prune says %s", out.stdout)
	}
	m.done("rebuild", "--channel", "group/stable")
	m.done("verify", "--deep")
	return m
}

// pull reads everything back as users do.
func (m *bucketMarket) pull(h *helm, url string) {
	m.t.Helper()
	h.run("repo", "add", "market", url)
	equal(m.t, "what helm"+h.major+" finds", h.search("market"), map[string][]string{
		"built": {"1.1.0", "1.0.0+build.5"}, "described": {"1.0.0"}, "signed": {"1.0.0+b1"},
	})
	sameFiles(m.t, h.pull("market/described"), only(m.charts, "described-1.0.0.tgz"))
	sameFiles(m.t, h.pull("market/built"), only(m.charts, "built-1.1.0.tgz"))
	sameFiles(m.t, h.pull("market/built", "--version", "1.0.0+build.5"), only(m.charts, "built-1.0.0+build.5.tgz"))
	keyring := filepath.Join(m.t.TempDir(), "keyring")
	write(m.t, keyring, m.signer.Keyring())
	sameFiles(m.t, h.pull("market/signed", "--version", "1.0.0+b1", "--verify", "--keyring", keyring),
		only(m.charts, "signed-1.0.0+b1.tgz", "signed-1.0.0+b1.tgz.prov"))
	for _, f := range h.searchAll("market") {
		if f.Name == "market/described" && f.Description != hard {
			m.t.Errorf("helm%s finds the description %q, want %q", h.major, f.Description, hard)
		}
	}
}

// headers looks at what the bucket says of its objects.
func (m *bucketMarket) headers(channel string) {
	m.t.Helper()
	index := m.get(channel+"index.yaml", "application/yaml", "max-age=60")
	releases, err := parseIndex(index)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, r := range releases {
		b := m.get(channel+r.URLs[0], "application/gzip", "immutable")
		if digest(b) != r.Digest {
			m.t.Errorf("%s has the digest %s, and the index says %s", r.URLs[0], digest(b), r.Digest)
		}
		m.get(channel+r.URLs[0][:strings.LastIndex(r.URLs[0], "/")]+"/release.json", "application/json", "immutable")
		if r.Name == "signed" {
			prov := m.get(channel+r.URLs[0]+".prov", "text/plain", "immutable")
			if !bytes.Equal(prov, m.charts["signed-1.0.0+b1.tgz.prov"]) {
				m.t.Error("the provenance file is another one")
			}
		}
	}
	m.get(channel+"log/00000002.json", "application/json", "immutable")
	m.get(channel+"snapshots/00000002/index.yaml", "application/yaml", "immutable")
	m.get(channel+"index.html", "text/html", "max-age=60")
	m.get(channel+"charts/signed/1.0.0%2Bb1/index.html", "text/html", "max-age=60")
	m.get(channel+"api/index.json", "application/json", "max-age=60")
	m.get(channel+"feed.xml", "application/xml", "max-age=60")
}

// get reads an object with plain HTTP, as anybody may.
func (m *bucketMarket) get(url, contentType, cache string) []byte {
	m.t.Helper()
	r, err := http.Get(url)
	if err != nil {
		m.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		m.t.Fatalf("%s: %s, %v", url, r.Status, err)
	}
	if got := r.Header.Get("Content-Type"); !strings.HasPrefix(got, contentType) {
		m.t.Errorf("%s is served as %q, not as %s", url, got, contentType)
	}
	if got := r.Header.Get("Cache-Control"); !strings.Contains(got, cache) {
		m.t.Errorf("%s is served with Cache-Control %q, not with %s", url, got, cache)
	}
	return b
}
