package ask_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/ask"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// gated is a world with a configuration. Its time is the present.
type gated struct {
	*world
}

// signers are three signers: making keys takes long.
var signers = sync.OnceValue(func() [3]*charttest.Signer {
	return [3]*charttest.Signer{charttest.NewSigner(), charttest.NewSigner(), charttest.NewSigner()}
})

// newGated has these charts in dev, and db 1.0.0 in stable as well: web 1.0.0, unsigned; 1.1.0,
// signed with a key of dev; 1.2.0, signed with one of stable; 1.3.0, signed by a stranger;
// 2.0.0, which depends on the db of stable; 2.1.0, on one that stable lacks.
func newGated(t *testing.T) *gated {
	g := &gated{newWorld(t)}
	dev, stable, stranger := signers()[0], signers()[1], signers()[2]
	dir := t.TempDir()
	for name, file := range map[string][]byte{
		"dev.gpg": dev.Keyring(), "stable.gpg": stable.Keyring(),
		"portolan.yaml": []byte("baseURL: https://charts.example.com\nchannels:\n" +
			"- {match: dev, signatures: {keyrings: [dev.gpg]}}\n" +
			"- {match: stable, signatures: {keyrings: [stable.gpg]}, promote: {from: [dev]}}\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if g.config, err = config.Load(filepath.Join(dir, "portolan.yaml")); err != nil {
		t.Fatal(err)
	}
	g.put("dev", "web", "1.0.0", nil)
	g.put("dev", "web", "1.1.0", dev)
	g.put("dev", "web", "1.2.0", stable)
	g.put("dev", "web", "1.3.0", stranger)
	g.put("dev", "web", "2.0.0", nil, needs("^1.0.0"))
	g.put("dev", "web", "2.1.0", nil, needs("^2.0.0"))
	g.put("stable", "db", "1.0.0", nil)
	g.run()
	return g
}

// needs is a Chart.yaml of web that depends on db.
func needs(versions string) string {
	return "dependencies:\n- {name: db, version: " + versions + ", repository: 'https://charts.example.com/stable'}\n"
}

func (g *gated) put(channel, chart, version string, signer *charttest.Signer, fields ...string) {
	g.t.Helper()
	archive := charttest.Pack(chart, map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: " + chart + "\nversion: " + version + "\n" + strings.Join(fields, ""),
	}, nil)
	s := droparea.Submission{Chart: bucket.Bytes(archive)}
	if signer != nil {
		s.Prov = bucket.Bytes(signer.Sign(chart+"-"+version+".tgz", archive))
	}
	g.submit(channel, s)
}

// promote plans a promotion from dev to stable with these gates, which the runs have from
// then on.
func (g *gated) promote(gates *config.Promote, texts ...string) (*ask.Plan, error) {
	g.config.Channels[1].Promote = gates
	return ask.Promote(g.t.Context(), g.site, ask.Promotion{
		From: "dev", To: "stable", Chart: "web", Versions: texts, Policy: g.config.Policy("stable"), Keys: g.config.Policy("dev").Keyring, Now: time.Now(),
	})
}

// TestGatesBeforehand: what a gate refuses is refused at once, by the same rule and in the
// same words as a run does; what all let in, a run publishes.
func TestGatesBeforehand(t *testing.T) {
	t.Parallel()
	yes := true
	signed, present := &config.Promote{Signed: &yes}, &config.Promote{Dependencies: "present"}
	for _, tt := range []struct {
		gates         *config.Promote
		version, rule string
	}{
		{nil, "1.0.0", ""},
		{signed, "1.0.0", "gate-signed"},
		{signed, "1.1.0", ""},
		{signed, "1.2.0", ""},
		{signed, "1.3.0", "gate-signed"},
		{present, "1.0.0", ""},
		{present, "2.0.0", ""},
		{&config.Promote{Soak: 72 * time.Hour}, "1.0.0", "gate-soak"},
		{&config.Promote{From: []string{"qa"}}, "1.0.0", "gate-from"},
	} {
		t.Run(tt.rule+" "+tt.version, func(t *testing.T) {
			t.Parallel()
			g := newGated(t)
			plan, err := g.promote(tt.gates, tt.version)
			e := (*ask.Error)(nil)
			if tt.rule == "" {
				g.asks(plan, err)
				return
			}
			if !errors.As(err, &e) || e.Rule != tt.rule || plan != nil {
				t.Fatalf("got %+v, %v, want %s", plan, err, tt.rule)
			}
			pin := g.pin("dev", "web", tt.version)
			r := g.decide("stable", action.Request{Kind: action.Promote, From: "dev", Versions: []action.Pin{pin}})
			if r.Rule != e.Rule || r.Message != e.Message || r.Fix != e.Fix() {
				t.Errorf("the run says\n%s: %s; %s\nand beforehand it is\n%s: %s; %s", r.Rule, r.Message, r.Fix, e.Rule, e.Message, e.Fix())
			}
		})
	}
}

// TestGatesLeaveOut: of a range, what a gate refuses is left out, and said.
func TestGatesLeaveOut(t *testing.T) {
	t.Parallel()
	g := newGated(t)
	yes := true
	for _, tt := range []struct {
		gates *config.Promote
		want  []string
		note  string
	}{
		{&config.Promote{Signed: &yes}, []string{"1.2.0", "1.1.0"}, "left out (no signature was verified with the keys of stable or dev): web 2.1.0, 2.0.0, 1.3.0, 1.0.0"},
		{&config.Promote{Dependencies: "present"}, []string{"2.0.0", "1.3.0", "1.2.0", "1.1.0", "1.0.0"}, `left out (what it depends on is not in stable): web 2.1.0 ("db ^2.0.0")`},
		{&config.Promote{Soak: 72 * time.Hour}, nil, "left out (stable takes what has been in dev for 3d): web 2.1.0 (from 20"},
	} {
		plan, err := g.promote(tt.gates, "*")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range plan.Steps {
			got = append(got, s.Version)
		}
		if !slices.Equal(got, tt.want) || len(plan.Notes) != 1 || !strings.HasPrefix(plan.Notes[0], tt.note) {
			t.Errorf("got %q and %q, want %q and %q", got, plan.Notes, tt.want, tt.note)
		}
	}
}

// TestGatesMissingDependency: a version is asked for all the same if it is named, with a note
// that it lacks a dependency, since that may wait in the drop area. A version of the
// dependency that is yanked does not count.
func TestGatesMissingDependency(t *testing.T) {
	t.Parallel()
	for version, yanks := range map[string]bool{"2.1.0": false, "2.0.0": true} {
		g := newGated(t)
		if yanks {
			g.asks(ask.Yank(t.Context(), g.site, "stable", "db", []string{"1.0.0"}, "broken"))
		}
		plan, err := g.promote(&config.Promote{Dependencies: "present"}, version)
		if err != nil || len(plan.Steps) != 1 || len(plan.Notes) != 1 || !strings.Contains(plan.Notes[0], "web "+version+` depends on "db"`) ||
			!strings.HasSuffix(plan.Notes[0], "unless what waits before it brings one") {
			t.Fatalf("got %+v, %v", plan, err)
		}
		if r := g.decide("stable", plan.Request); r.Rule != "gate-dependencies" {
			t.Errorf("the run says %+v", r)
		}
	}
}
