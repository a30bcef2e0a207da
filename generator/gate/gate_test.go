package gate

import (
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// closed makes sure that a gate refuses the version by a rule, with a message that has a text
// in it, and with a fix; no gate does if the rule is "".
func closed(t *testing.T, name string, p *Promotion, v *Version, rule, text string) {
	t.Helper()
	p.From, p.To, p.Now = "dev", "stable", noon
	v.Chart, v.Version = "web", "1.2.0"
	if v.Info == nil {
		v.Info = &publisher.ReleaseInfo{}
	}
	problem := p.Check(v)
	switch {
	case rule == "" && problem != nil:
		t.Errorf("%s: got %s", name, problem)
	case rule != "" && (problem == nil || problem.Rule != rule || !strings.Contains(problem.Message, text) || problem.Fix == ""):
		t.Errorf("%s: got %+v, want %s: …%s…", name, problem, rule, text)
	}
}

// TestFrom: versions come from the channels that are named, or from any if none is.
func TestFrom(t *testing.T) {
	t.Parallel()
	for names, rule := range map[string]string{"": "", "dev": "", "de*": "", "qa dev": "", "qa": "gate-from", "team/**": "gate-from"} {
		closed(t, names, &Promotion{Gates: config.Gates{From: strings.Fields(names)}}, &Version{}, rule, "not from dev")
	}
}

// TestSoak: the time counts from the arrival of the upload; if the store got it much later,
// from then on; and if nothing of that is known, from the date in the index.
func TestSoak(t *testing.T) {
	t.Parallel()
	ago := func(hours int) time.Time { return noon.Add(-time.Duration(hours) * time.Hour) }
	for name, tt := range map[string]struct {
		created, arrival, received time.Time
		rule                       string
	}{
		"for long enough":       {ago(100), ago(72), time.Time{}, ""},
		"not for long enough":   {ago(100), ago(71), time.Time{}, "gate-soak"},
		"arrival is not known":  {ago(71), time.Time{}, time.Time{}, "gate-soak"},
		"nor known, long since": {ago(72), time.Time{}, time.Time{}, ""},
		"arrival is made up":    {ago(100), ago(100), ago(71), "gate-soak"},
		"got late, long since":  {ago(100), ago(100), ago(72), ""},
	} {
		v := &Version{Created: tt.created, Info: &publisher.ReleaseInfo{Arrival: tt.arrival, Received: tt.received}}
		closed(t, name, &Promotion{Gates: config.Gates{Soak: 72 * time.Hour}}, v, tt.rule, "for 3d: this gate opens at 2026-03-04T13:00:00Z")
	}
}

// TestSigned: the keys of either channel will do.
func TestSigned(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		verified bool
		signer   *publisher.Signer
		revoked  bool
		rule     string
	}{
		"by neither":                      {rule: "gate-signed"},
		"by this channel":                 {verified: true},
		"by the other":                    {signer: &publisher.Signer{Fingerprint: "AB"}},
		"by both":                         {verified: true, signer: &publisher.Signer{}},
		"by a key that was revoked since": {signer: &publisher.Signer{}, revoked: true, rule: "gate-signed"},
		"by a key that one has revoked":   {verified: true, revoked: true, rule: "gate-signed"},
	} {
		v := &Version{Verified: tt.verified, Revoked: tt.revoked, Info: &publisher.ReleaseInfo{Signer: tt.signer}}
		closed(t, name, &Promotion{Gates: config.Gates{Signed: true}}, v, tt.rule, "of channel stable or dev")
	}
}

// TestDependencies: what is on this site must be listed in the channel, in a version that
// fits; what is elsewhere does not matter.
func TestDependencies(t *testing.T) {
	t.Parallel()
	const site = "https://charts.example.com/helm"
	for _, tt := range []struct{ repository, version, lists, rule string }{
		{site + "/dev", "^1.0.0", "2.0.0 1.4.0", ""},
		{site + "/dev", "^1.0.0", "2.0.0", "gate-dependencies"},
		{site + "/dev", "^1.0.0", "", "gate-dependencies"},
		{site + "/dev", "^1.0.0", "1.4.0-rc.1 odd", "gate-dependencies"},
		{site + "/dev", "no range", "1.4.0", "gate-dependencies"},
		{site, "1.x", "", "gate-dependencies"},
		{"http://charts.example.com/helm/stable", "1.x", "", "gate-dependencies"},
		{"oci://charts.example.com/helm/stable", "1.x", "", "gate-dependencies"},
		{"https://charts.example.com/helmet", "1.x", "", ""},
		{"https://elsewhere.example.com/helm/dev", "1.x", "", ""},
		{"file://../db", "1.x", "", ""},
		{"", "1.x", "", ""},
	} {
		p := &Promotion{Gates: config.Gates{Dependencies: true, Site: site + "/"}, Lists: func(chart string) []string {
			if chart != "db" {
				t.Errorf("it asks for %s", chart)
			}
			return strings.Fields(tt.lists)
		}}
		v := &Version{Dependencies: []*check.Dependency{nil, {Name: "db", Version: tt.version, Repository: tt.repository}}}
		closed(t, tt.repository+" "+tt.version+" in "+tt.lists, p, v, tt.rule, `depends on "db" "`+tt.version+`"`)
	}
}

// TestManyDependencies: what many versions depend on is looked for once, and one version that
// is named as it is called is found at once. What is compared beyond that is bounded, and the
// fix is to divide the promotion.
func TestManyDependencies(t *testing.T) {
	const site = "https://charts.example.com"
	defer func(was int) { maxCompares = was }(maxCompares)
	for name, tt := range map[string]struct {
		version  string
		compares int
		rule     string
	}{
		"a range":     {"^1.0.0", 2, ""},
		"one version": {"1.0.0", 0, ""},
		"too many":    {"^1.0.0", 1, TooLarge},
		"missing":     {"^3.0.0", 2, "gate-dependencies"},
	} {
		lists := 0
		p := &Promotion{Gates: config.Gates{Dependencies: true, Site: site}, Lists: func(string) []string {
			lists++
			return []string{"2.0.0", "1.0.0"}
		}}
		maxCompares = tt.compares * len(tt.version)
		for range 3 {
			closed(t, name, p, &Version{Dependencies: []*check.Dependency{{Name: "db", Version: tt.version, Repository: site + "/stable"}}}, tt.rule, "depend")
		}
		if lists != 1 {
			t.Errorf("%s: the versions are listed %d times", name, lists)
		}
	}
}
