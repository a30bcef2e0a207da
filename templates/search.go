package templates

// SearchIndex is the JSON that the script loads when somebody searches.
type SearchIndex struct {
	Charts []SearchEntry `json:"charts"` // sorted by name
}

// SearchEntry is a chart in a SearchIndex.
type SearchEntry struct {
	Name        string   `json:"n"`
	Version     string   `json:"v"`           // the newest version
	State       string   `json:"s,omitempty"` // see Badges.State
	Description string   `json:"d,omitempty"` // may be cut
	Keywords    []string `json:"k,omitempty"`
}

// State returns the first letter of each badge, for the search index.
func (b Badges) State() string {
	state := ""
	for _, badge := range []struct {
		letter string
		shown  bool
	}{{"d", b.Deprecated}, {"p", b.Prerelease}, {"l", b.Library}, {"s", b.Signed}} {
		if badge.shown {
			state += badge.letter
		}
	}
	return state
}
