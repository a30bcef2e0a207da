package registry

import (
	"path"
	"strings"
)

// Root is the folder that the registry lies in. Clients ask a host's root for it.
const Root = "v2"

// The folders of a repository, and the one file with a name of its own.
const (
	blobs     = "blobs"
	manifests = "manifests"
	referrers = "referrers"
	tags      = "tags"
	list      = "list"
)

// digestPrefix begins a digest where clients read it.
const digestPrefix = "sha256:"

// Kind is what a file of the registry is.
type Kind int

// The kinds of files.
const (
	Blob      Kind = iota + 1 // never changes
	ByDigest                  // a manifest; never changes
	ByTag                     // a manifest; moves on to another one
	TagList                   // changes with the tags
	Referrers                 // what refers to a manifest
)

// Key is the key of a file of the registry, taken apart.
type Key struct {
	Kind       Kind
	Repository string // see [Repository]
	SHA256     string // in hex, of what it is or is about; "" of a tag and of a list of tags
	Tag        string // "" unless it is a tag
}

// Repository is the repository of a chart, which no other chart of any channel has.
func Repository(channel, chart string) string { return path.Join(channel, chart) }

// BlobKey is where a blob lies, by its SHA-256 in hex.
func BlobKey(repository, sha256 string) string {
	return path.Join(Root, repository, blobs, digestPrefix+sha256)
}

// ManifestKey is where a manifest lies, by its SHA-256 in hex.
func ManifestKey(repository, sha256 string) string {
	return path.Join(Root, repository, manifests, digestPrefix+sha256)
}

// TagKey is where the manifest lies that a tag names.
func TagKey(repository, tag string) string {
	return path.Join(Root, repository, manifests, tag)
}

// TagsKey is where the list of a repository's tags lies.
func TagsKey(repository string) string { return path.Join(Root, repository, tags, list) }

// ReferrersKey is where the list of what refers to a manifest lies, by the manifest's
// SHA-256 in hex.
func ReferrersKey(repository, sha256 string) string {
	return path.Join(Root, repository, referrers, digestPrefix+sha256)
}

// ParseKey takes a key apart. It reports whether it is that of a file of the registry.
func ParseKey(key string) (Key, bool) {
	segments := strings.Split(key, "/")
	n := len(segments)
	if n < 5 || segments[0] != Root { // Root, a channel of one segment at least, a chart, folder and file
		return Key{}, false
	}
	k := Key{Repository: path.Join(segments[1 : n-2]...)}
	folder, file := segments[n-2], segments[n-1]
	hex, byDigest := parseDigest(file)
	switch {
	case folder == blobs && byDigest:
		k.Kind, k.SHA256 = Blob, hex
	case folder == manifests && byDigest:
		k.Kind, k.SHA256 = ByDigest, hex
	case folder == manifests && validTag(file):
		k.Kind, k.Tag = ByTag, file
	case folder == tags && file == list:
		k.Kind = TagList
	case folder == referrers && byDigest:
		k.Kind, k.SHA256 = Referrers, hex
	default:
		return Key{}, false
	}
	return k, true
}

// Channel is the channel of the file's repository.
func (k Key) Channel() string { return path.Dir(k.Repository) }

// Chart is the chart of the file's repository.
func (k Key) Chart() string { return path.Base(k.Repository) }

// Replaceable reports whether the file may change.
func (k Key) Replaceable() bool { return k.Kind != Blob && k.Kind != ByDigest }

// Digest is what the file's bytes hash to, as the header Docker-Content-Digest has it. It
// is "" where the key does not say: of tags, lists of tags and referrers.
func (k Key) Digest() string {
	if k.Replaceable() {
		return ""
	}
	return digestPrefix + k.SHA256
}

// Digest is a SHA-256, which is in hex, as clients of registries write it; "" if it is "".
func Digest(sha256 string) string {
	if sha256 == "" {
		return ""
	}
	return digestPrefix + sha256
}

// parseDigest returns the hex of a SHA-256 that is written as clients read it.
func parseDigest(s string) (hex string, ok bool) {
	hex, ok = strings.CutPrefix(s, digestPrefix)
	return hex, ok && len(hex) == 64 && strings.Trim(hex, "0123456789abcdef") == ""
}
