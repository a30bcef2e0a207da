package action

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// MaxState is the largest state that is read, in bytes.
const MaxState = 256 << 20

// State is what actions have made of a channel, as far as its index does not say it. A
// State is never changed: its methods return a new one. The zero State, and a nil one, are
// those of a channel without actions.
type State struct {
	Yanked     []Yanked      `json:"yanked,omitempty"`     // sorted by chart and version
	Deprecated []Deprecation `json:"deprecated,omitempty"` // sorted by chart
	Gone       []Tombstone   `json:"gone,omitempty"`       // sorted by chart, version and digest

	content atomic.Pointer[content] // of Gone, once it has been looked for
}

// content finds tombstones, by their places.
type content struct{ digests, fingerprints map[string]int }

// Yanked is a version that lists hide. Its line is in the index, at a place that is hidden.
type Yanked struct {
	Chart   string    `json:"chart"`
	Version string    `json:"version"`
	Reason  string    `json:"reason"`
	Time    time.Time `json:"time"`
	Action  string    `json:"action"` // the id of the action

	// Rollback is the generation that was rolled back to, if a rollback hid the version;
	// 0 otherwise. Another rollback to a generation that shows it shows it again.
	Rollback int `json:"rollback,omitempty"`
}

// Deprecation is a chart all of whose versions are marked as deprecated.
type Deprecation struct {
	Chart     string    `json:"chart"`
	Message   string    `json:"message,omitempty"`
	Successor string    `json:"successor,omitempty"`
	Time      time.Time `json:"time"`
	Action    string    `json:"action"`

	// Own are the versions of which Chart.yaml says it, sorted: they keep the mark when
	// the action is undone.
	Own []string `json:"own,omitempty"`
}

// Tombstone is content that is not to come back.
type Tombstone struct {
	Chart       string    `json:"chart"`
	Version     string    `json:"version"`
	Digest      string    `json:"digest"`                // SHA-256 of the archive, in hex
	Fingerprint string    `json:"fingerprint,omitempty"` // "" if it is not known
	Kind        Kind      `json:"kind"`                  // TakeDown or Free
	Reason      string    `json:"reason,omitempty"`
	Time        time.Time `json:"time"`
}

// Fate says what became of the content: it …
func (t Tombstone) Fate() string {
	if t.Kind == Free {
		return "was yanked and removed"
	}
	return "was taken down"
}

// ParseState reads a state as [State.Bytes] writes it. It may be a stranger's: what is not in
// order would be overlooked.
func ParseState(b []byte) (*State, error) {
	s := &State{}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(s); err != nil {
		return nil, fmt.Errorf("not a channel's state: %v", err)
	}
	if len(bytes.TrimSpace(b[d.InputOffset():])) > 0 {
		return nil, fmt.Errorf("not a channel's state: something follows it")
	}
	if !s.inOrder() {
		return nil, fmt.Errorf("not a channel's state: its lists are not sorted, or name something twice")
	}
	return s, nil
}

func (s *State) inOrder() bool {
	return ascending(s.Yanked, Yanked.compare) && ascending(s.Gone, Tombstone.compare) &&
		ascending(s.Deprecated, func(a, b Deprecation) int { return cmp.Compare(a.Chart, b.Chart) })
}

func ascending[T any](all []T, compare func(a, b T) int) bool {
	for i := 1; i < len(all); i++ {
		if compare(all[i-1], all[i]) >= 0 {
			return false
		}
	}
	return true
}

// Bytes is the state as it is stored: a function of what it says.
func (s *State) Bytes() ([]byte, error) {
	b, err := json.Marshal(s)
	return append(b, '\n'), err
}

func (y Yanked) compare(z Yanked) int {
	return cmp.Or(cmp.Compare(y.Chart, z.Chart), cmp.Compare(y.Version, z.Version))
}

func (t Tombstone) compare(u Tombstone) int {
	return cmp.Or(cmp.Compare(t.Chart, u.Chart), cmp.Compare(t.Version, u.Version), cmp.Compare(t.Digest, u.Digest))
}

// FindYanked returns what is said of a version if it is yanked.
func (s *State) FindYanked(chart, version string) (Yanked, bool) {
	if s == nil {
		return Yanked{}, false
	}
	i, ok := slices.BinarySearchFunc(s.Yanked, Yanked{Chart: chart, Version: version}, Yanked.compare)
	if !ok {
		return Yanked{}, false
	}
	return s.Yanked[i], true
}

// FindDeprecated returns what is said of a chart if it is deprecated by an action.
func (s *State) FindDeprecated(chart string) (Deprecation, bool) {
	if s == nil {
		return Deprecation{}, false
	}
	i, ok := slices.BinarySearchFunc(s.Deprecated, chart, func(d Deprecation, name string) int { return cmp.Compare(d.Chart, name) })
	if !ok {
		return Deprecation{}, false
	}
	return s.Deprecated[i], true
}

// Owns reports whether the version of a chart that an action has deprecated is marked by
// itself.
func (s *State) Owns(chart, version string) bool {
	d, _ := s.FindDeprecated(chart)
	_, own := slices.BinarySearch(d.Own, version)
	return own
}

// FindGone returns the tombstone of content: one with its digest or its fingerprint, the first
// if there are several. Each upload is looked for, and tombstones stay for good.
func (s *State) FindGone(digest, fingerprint string) (Tombstone, bool) {
	if s == nil || len(s.Gone) == 0 {
		return Tombstone{}, false
	}
	c := s.content.Load()
	if c == nil {
		c = contentOf(s.Gone)
		s.content.Store(c)
	}
	at := len(s.Gone)
	if i, ok := c.digests[digest]; ok {
		at = i
	}
	if i, ok := c.fingerprints[fingerprint]; ok {
		at = min(at, i)
	}
	if at == len(s.Gone) {
		return Tombstone{}, false
	}
	return s.Gone[at], true
}

func contentOf(gone []Tombstone) *content {
	c := &content{map[string]int{}, map[string]int{}}
	for i, t := range slices.Backward(gone) {
		c.digests[t.Digest], c.fingerprints[t.Fingerprint] = i, i
	}
	delete(c.digests, "") // unknown content is no content
	delete(c.fingerprints, "")
	return c
}

// FindGoneVersion returns the newest tombstone of a version.
func (s *State) FindGoneVersion(chart, version string) (newest Tombstone, ok bool) {
	for _, t := range s.GoneOf(chart, version) {
		if !t.Time.Before(newest.Time) {
			newest, ok = t, true
		}
	}
	return newest, ok
}

// GoneOf are the tombstones of a version. The caller must not change them.
func (s *State) GoneOf(chart, version string) []Tombstone {
	if s == nil {
		return nil
	}
	first := Tombstone{Chart: chart, Version: version}
	at, _ := slices.BinarySearchFunc(s.Gone, first, Tombstone.compare)
	end := at
	for end < len(s.Gone) && s.Gone[end].Chart == chart && s.Gone[end].Version == version {
		end++
	}
	return s.Gone[at:end:end]
}

// GoneSince reports whether what was published as a version at the time t has been removed
// since.
func (s *State) GoneSince(chart, version string, t time.Time) bool {
	gone, ok := s.FindGoneVersion(chart, version)
	return ok && !gone.Time.Before(t)
}

// YankedOf are the yanked versions of a chart.
func (s *State) YankedOf(chart string) map[string]bool {
	versions := map[string]bool{}
	if s != nil {
		at, _ := slices.BinarySearchFunc(s.Yanked, Yanked{Chart: chart}, Yanked.compare)
		for _, y := range s.Yanked[at:] {
			if y.Chart != chart {
				break
			}
			versions[y.Version] = true
		}
	}
	return versions
}
