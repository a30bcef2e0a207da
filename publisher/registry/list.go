package registry

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// NoReferrers is a list of referrers that is empty. Clients ask for it before they look
// elsewhere for signatures, and an error in its place stops them.
const NoReferrers = `{"schemaVersion":2,"mediaType":"` + TypeIndex + `","manifests":[]}`

// Tags is the list of a repository's tags.
type Tags struct {
	Repository string
	Tags       []string // in any order
	Generation int      // that last changed the list
}

// tagList is the list as it is written. Clients pass over the generation.
type tagList struct {
	Name       string   `json:"name"`
	Tags       []string `json:"tags"`
	Generation string   `json:"portolan/generation"`
}

// Bytes is the list as clients read it, in ASCII order.
func (t Tags) Bytes() []byte {
	sorted := slices.AppendSeq([]string{}, slices.Values(t.Tags))
	slices.Sort(sorted)
	b, err := json.Marshal(tagList{t.Repository, sorted, strconv.Itoa(t.Generation)})
	if err != nil {
		panic(err) // texts always encode
	}
	return b
}

// ParseTags reads what [Tags.Bytes] wrote.
func ParseTags(b []byte) (Tags, error) {
	var l tagList
	if err := json.Unmarshal(b, &l); err != nil {
		return Tags{}, fmt.Errorf("not a list of tags: %v", err)
	}
	n, err := strconv.Atoi(l.Generation)
	if err != nil || n < 1 || l.Name == "" {
		return Tags{}, fmt.Errorf("not a list of tags that portolan wrote")
	}
	return Tags{l.Name, l.Tags, n}, nil
}
