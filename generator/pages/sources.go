package pages

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
)

// maxAnchor bounds an anchor made of a path, in bytes.
const maxAnchor = 200

// sourceAnchor returns the id of a file on a page: its path, in which every byte other
// than letters, digits, ., -, _ and / is written as ~ and two hex digits. Files have
// different ones, which stay the same from version to version.
func sourceAnchor(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("._-/", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "~%02x", c)
		}
	}
	if b.Len() > maxAnchor {
		sum := sha256.Sum256([]byte(name))
		return "~" + hex.EncodeToString(sum[:8])
	}
	return b.String()
}

// kindRanks order kinds by how much they matter to those who look at a chart: what
// runs, how it is reached, and what it may do.
var kindRanks = func() map[string]int {
	ranks := map[string]int{}
	for i, kinds := range []string{
		"Deployment StatefulSet DaemonSet CronJob Job Pod ReplicaSet",
		"Service Ingress HTTPRoute Gateway",
		"ServiceAccount Role RoleBinding ClusterRole ClusterRoleBinding",
	} {
		for _, kind := range strings.Fields(kinds) {
			ranks[kind] = i
		}
	}
	return ranks
}()

// Ranks of files: those of kinds, and after them these.
const (
	otherKind = iota + 3
	helpers
	notes
	tests
	definitions
)

// kindRank orders kinds; the one that is not known comes last.
func kindRank(kind string) int {
	if rank, ok := kindRanks[kind]; ok {
		return rank
	}
	if kind == "" {
		return helpers
	}
	return otherKind
}

// sourceRank orders files by how much they matter. A template matters as much as the
// most important kind that it makes.
func sourceRank(name string, kinds []string) int {
	switch base := path.Base(name); {
	case strings.HasPrefix(name, "crds/"):
		return definitions
	case strings.HasPrefix(name, "templates/tests/"):
		return tests
	case base == "NOTES.txt":
		return notes
	case strings.HasPrefix(base, "_"), path.Ext(base) != ".yaml" && path.Ext(base) != ".yml":
		return helpers
	}
	rank := otherKind
	for _, kind := range kinds {
		rank = min(rank, kindRank(kind))
	}
	return rank
}
