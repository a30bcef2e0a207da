package templates

// SearchIndex is what the script loads when somebody searches, as JSON.
type SearchIndex struct {
	Charts []SearchEntry `json:"charts"` // by name
}

// SearchEntry is a chart in it.
type SearchEntry struct {
	Name        string   `json:"n"`
	Version     string   `json:"v"`           // the newest
	State       string   `json:"s,omitempty"` // the first letters of the chart's badges
	Description string   `json:"d,omitempty"` // the beginning of it
	Keywords    []string `json:"k,omitempty"`
}

// State is what a search index has of badges: the first letter of each.
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
