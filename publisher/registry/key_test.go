package registry

import (
	"strings"
	"testing"
)

var digest = strings.Repeat("0123456789abcdef", 4)

// TestKeys: every key that is made is read as what it is, also in repositories that are
// named like the folders in them.
func TestKeys(t *testing.T) {
	for _, repository := range []string{"stable/mychart", "acme/app/stable/mychart", "stable/manifests", "stable/tags", "stable/blobs"} {
		for key, want := range map[string]Key{
			BlobKey(repository, digest):      {Kind: Blob, SHA256: digest},
			ManifestKey(repository, digest):  {Kind: ByDigest, SHA256: digest},
			TagKey(repository, "1.0.0_b.1"):  {Kind: ByTag, Tag: "1.0.0_b.1"},
			TagsKey(repository):              {Kind: TagList},
			ReferrersKey(repository, digest): {Kind: Referrers, SHA256: digest},
		} {
			want.Repository = repository
			if got, ok := ParseKey(key); !ok || got != want {
				t.Errorf("%s: got %+v, %t; want %+v", key, got, ok, want)
			}
		}
	}
	for _, key := range []string{
		"", "v2", "v2/", "v2/stable", "index.yaml", "stable/charts/mychart/index.html", "v2/manifests/1.0.0", "v2/stable/manifests/1.0.0",
		"v2/stable/mychart/manifests/sha256:abc", "v2/stable/mychart/manifests/sha512:" + digest, "v2/stable/mychart/manifests/-1",
		"v2/stable/mychart/blobs/" + digest, "v2/stable/mychart/blobs/sha256:" + strings.ToUpper(digest), "v2/stable/mychart/tags/all",
		"v2/stable/mychart/referrers/1.0.0", "v2/stable/mychart/charts/1.0.0", "v3/stable/mychart/tags/list",
	} {
		if got, ok := ParseKey(key); ok {
			t.Errorf("%q is taken for %+v", key, got)
		}
	}
}

// TestContentType: clients must be told the type of every file, and the digest where it
// is known from the key.
func TestContentType(t *testing.T) {
	for key, want := range map[string][2]string{
		BlobKey("a/b", digest):      {"application/octet-stream", "sha256:" + digest},
		ManifestKey("a/b", digest):  {"application/vnd.oci.image.manifest.v1+json", "sha256:" + digest},
		TagKey("a/b", "1.0.0"):      {"application/vnd.oci.image.manifest.v1+json", ""},
		TagsKey("a/b"):              {"application/json", ""},
		ReferrersKey("a/b", digest): {"application/vnd.oci.image.index.v1+json", ""},
	} {
		k, _ := ParseKey(key)
		if got, ok := ContentType(key); !ok || got != want[0] || k.Digest() != want[1] {
			t.Errorf("%s: got %s, %s; want %v", key, got, k.Digest(), want)
		}
	}
	if _, ok := ContentType("stable/index.yaml"); ok {
		t.Error("an index is taken for a file of the registry")
	}
}

// TestKeyNames: channel and chart can be told from a key.
func TestKeyNames(t *testing.T) {
	k, _ := ParseKey(TagsKey(Repository("acme/app/stable", "mychart")))
	if k.Channel() != "acme/app/stable" || k.Chart() != "mychart" {
		t.Errorf("got %s and %s", k.Channel(), k.Chart())
	}
}
