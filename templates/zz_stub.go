package templates
type SearchIndex struct { Charts []SearchEntry `json:"charts"` }
type SearchEntry struct { Name string `json:"n"`; Version string `json:"v"`; Description string `json:"d,omitempty"`; Keywords []string `json:"k,omitempty"` }
func (s *Set) Site(t Site) Site { return t }
