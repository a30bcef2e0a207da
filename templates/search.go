package templates

// SearchIndex is what the script loads when somebody searches, as JSON.
type SearchIndex struct {
	Charts []SearchEntry `json:"charts"` // by name
}

// SearchEntry is a chart in it.
type SearchEntry struct {
	Name        string   `json:"n"`
	Version     string   `json:"v"`           // the newest
	Description string   `json:"d,omitempty"` // the beginning of it
	Keywords    []string `json:"k,omitempty"`
}
