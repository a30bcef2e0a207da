package values

import (
	"strings"
	"testing"
)

func TestTellingKeys(t *testing.T) {
	const file = `
image: {repository: nginx, tag: ""}
ingress:
  enabled: false
  tls: {enabled: false}
mode: ha
"a b": {enabled: true}
backup: &b
  schedule: daily
  encryption: {enabled: true, key: ""}
copy: *b
resources: {}
`
	const all = "ingress.enabled mode backup copy ingress.tls.enabled backup.encryption.enabled copy.encryption.enabled image resources"
	for _, tt := range []struct {
		file string
		room int
		want string
	}{
		{file, 1000, all},
		{file, len(all), all},
		{file, len(all) - 1, strings.TrimSuffix(all, " resources")},
		{file, 20, "ingress.enabled mode"},
		{file, 14, "mode backup"},
		{"", 100, ""},
		{"- a", 100, ""},
		{"a: [", 100, ""},
		{"enabled: true\n", 100, "enabled"},
	} {
		if got := strings.Join(Keys(t.Context(), New([]byte(tt.file)), tt.room), " "); got != tt.want {
			t.Errorf("%.20q in %d bytes: got %q, want %q", tt.file, tt.room, got, tt.want)
		}
	}
}

// Mappings that many aliases lead to cost no more than others.
func TestKeysOfManyAliases(t *testing.T) {
	file := "a: &a {" + strings.Repeat("x: {y: 1}, ", 4000) + "}\n" + strings.Repeat("b: *a\n", 4000)
	k := &keyFinder{}
	root, note := parse([]byte(file))
	if note != "" {
		t.Fatal(note)
	}
	for _, value := range k.pairs(root) {
		for _, below := range k.pairs(value) {
			k.enabled(below)
		}
	}
	if k.visits > maxKeys {
		t.Errorf("%d keys were looked at; at most %d are allowed", k.visits, maxKeys)
	}
}
