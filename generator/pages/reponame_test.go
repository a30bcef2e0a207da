package pages

import "testing"

func TestRepoPrefix(t *testing.T) {
	for site, want := range map[string]string{
		"":                                      "",
		"https://charts.acme.io":                "acme",
		"https://charts.eu.acme.co.uk/helm":     "acme",
		"https://Charts.ACME.io:8443":           "acme",
		"https://acme.github.io/charts":         "acme",
		"https://team-a.gitlab.io/x":            "team-a",
		"https://acme-charts.s3.amazonaws.com":  "acme-charts",
		"https://s3.amazonaws.com/acme_charts/": "acme-charts",
		"https://charts.acme.internal":          "acme",
		"http://charts/acme":                    "acme",
		"http://charts":                         "",
		"http://127.0.0.1:8080/acme":            "",
		"http://[::1]:8080":                     "",
		"http://localhost:8080":                 "",
		"https://世界.example/":                   "",
	} {
		if got := repoPrefix(site); got != want {
			t.Errorf("%s: got %q, want %q", site, got, want)
		}
	}
}

func TestRepoName(t *testing.T) {
	for _, tt := range []struct{ prefix, channel, want string }{
		{"", "stable", "stable"}, {"", "group/app/stable", "group-app-stable"},
		{"acme", "stable", "acme-stable"}, {"acme", "Team_A/stable", "acme-team-a-stable"},
		{"acme", "acme", "acme"}, {"acme", "acme/stable", "acme-stable"}, {"acme", "acmes", "acme-acmes"},
	} {
		w := &Writer{prefix: tt.prefix}
		if got := w.repoName(tt.channel); got != tt.want {
			t.Errorf("%s and %s: got %s, want %s", tt.prefix, tt.channel, got, tt.want)
		}
	}
}

func TestEntryRoom(t *testing.T) {
	for charts, want := range map[int]int{0: 400, 1: 400, 2000: 400, 3000: 266, 4000: 200, 10_000: 200} {
		if got := entryRoom(charts); got != want {
			t.Errorf("%d charts: got %d bytes each, want %d", charts, got, want)
		}
	}
}
