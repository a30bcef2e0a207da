package spelling

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"verify", "generate", "drop", "status", "preview", "prune"}
	for word, want := range map[string]string{
		"generat": "generate", "gen": "", "dorp": "drop", "verfiy": "verify", "stats": "status", "publish": "", "preveiw": "preview", "Prune": "prune", "": "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
	if got, none := DidYouMean("dorp", known), DidYouMean("x", known); got != `; did you mean "drop"?` || none != "" {
		t.Errorf("got %q and %q", got, none)
	}
}

func TestOneSlip(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"stabel", "stable", true}, {"stble", "stable", true}, {"stablee", "stable", true}, {"stabke", "stable", true}, {"tsable", "stable", true},
		{"table", "stable", true}, {"stabl", "stable", true}, {"a", "b", true}, {"team-a/dev", "team-b/dev", true}, {"stab1e", "stable", true},
		{"stable", "stable", false}, {"v1", "v2", false}, {"v1", "v", false}, {"v1", "v12", false}, {"42/devel", "43/devel", false}, {"1.2", "1.3", false},
		{"stbael", "stable", false}, {"devel", "stable", false}, {"stable", "", false}, {"abcd", "badc", false},
	} {
		if got := OneSlip(c.a, c.b); got != c.want || OneSlip(c.b, c.a) != c.want {
			t.Errorf("%q and %q: got %t", c.a, c.b, got)
		}
	}
}
