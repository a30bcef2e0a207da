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
