package templates

// SearchIndex is the JSON that the script loads when somebody searches.
type SearchIndex struct {
	Charts []SearchEntry `json:"charts"` // sorted by name
}

// SearchEntry is a chart in a SearchIndex. All texts but the name may be cut, or left
// out, to keep the entry small.
type SearchEntry struct {
	Name        string   `json:"n"`
	Version     string   `json:"v"`           // the newest version
	State       string   `json:"s,omitempty"` // see Badges.State
	AppVersion  string   `json:"a,omitempty"`
	Description string   `json:"d,omitempty"`
	Keywords    []string `json:"k,omitempty"`
	Maintainers string   `json:"m,omitempty"` // their names, with commas between them
	Values      string   `json:"y,omitempty"` // keys in values.yaml such as ingress.enabled, with spaces between them
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
