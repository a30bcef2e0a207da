package publisher

import (
	"errors"
	"fmt"
	"strings"
)

// MaxManifests is the most versions that were published before which one record gives a
// manifest.
const MaxManifests = 1000

// RegistryChange is what a record says of versions that earlier records published.
type RegistryChange struct {
	// Manifests are what they get, at most MaxManifests.
	Manifests []VersionManifest `json:"manifests,omitempty"`

	// Complete are charts of which each version that can have a manifest has one from
	// now on. So their tags are listed. If the header says that this holds for all
	// charts, those that get or lose a line need not be named.
	Complete []string `json:"complete,omitempty"`
}

// VersionManifest is the manifest of a version.
type VersionManifest struct {
	Upload   string `json:"upload"` // whose archive the version's line names
	Chart    string `json:"chart"`
	Version  string `json:"version"`
	Manifest string `json:"manifest"` // SHA-256, in hex
}

// Registry is what the header of an index says of the registry.
type Registry struct {
	Since int  // the generation from which on versions get manifests; 0 if the channel is not in the registry
	All   bool // each version that can have a manifest has one
}

// registry returns what the record's header says; false if the record has none.
func (r *Record) registry() (Registry, bool) {
	if r.Change == nil {
		return Registry{}, false
	}
	h, err := decodeHeader(r.Change.Header)
	return h.registry(), err == nil
}

func (r *Record) inRegistry() bool {
	if in, ok := r.registry(); ok && in.Since > 0 || r.Registry != nil {
		return true
	}
	for _, d := range r.Decisions {
		if d.Manifest != "" {
			return true
		}
	}
	return false
}

// checkRegistry returns an error if what the record says of the registry is not valid by
// itself.
func (r *Record) checkRegistry() error {
	in, _ := r.registry()
	if in.Since > r.Generation {
		return fmt.Errorf("is in the registry since generation %d, which is later", in.Since)
	}
	for _, d := range r.Decisions {
		if d.Manifest != "" && (in.Since == 0 || !d.Verdict.Publishes() || !isSHA256(d.Manifest)) {
			return fmt.Errorf("upload %s has the manifest %q, but is %s, or the channel is not in the registry", d.Upload, d.Manifest, d.Verdict)
		}
	}
	if r.Registry == nil {
		return nil
	}
	switch {
	case in.Since == 0:
		return errors.New("says something of the registry, but the channel is not in it")
	case len(r.Registry.Manifests) > MaxManifests:
		return fmt.Errorf("has %d manifests of earlier versions; %d are allowed", len(r.Registry.Manifests), MaxManifests)
	}
	for _, m := range r.Registry.Manifests {
		if m.Upload == "" || m.Chart == "" || m.Version == "" || !isSHA256(m.Manifest) {
			return fmt.Errorf("has the manifest %q of upload %q, %s %s", m.Manifest, m.Upload, m.Chart, m.Version)
		}
	}
	return nil
}

func isSHA256(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
