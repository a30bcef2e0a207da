package ask

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
)

func promotionOf(from, to *shelf, allNewer bool, texts ...string) *promotion {
	from.channel = "dev"
	what := Promotion{From: "dev", To: "stable", Chart: "web", Versions: texts, AllNewer: allNewer}
	return &promotion{
		Promotion: what, from: from, to: to, gates: what.gates(nil),
		plan: newPlan("stable", action.Request{Kind: action.Promote, From: "dev"}),
	}
}

// TestAllNewer: what is above the highest version that the target lists is promoted, but
// no prerelease.
func TestAllNewer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		to, want []string
		note     string
	}{
		{nil, []string{"2.0.0", "1.3.0", "1.2.0"}, "2.1.0-rc.1, 1.0.0-rc.1"},
		{[]string{"1.2.0"}, []string{"2.0.0", "1.3.0"}, "2.1.0-rc.1"},
		{[]string{"2.0.0!", "1.2.0"}, []string{"2.0.0", "1.3.0"}, "2.1.0-rc.1"},
		{[]string{"1.4.0-rc.1", "odd"}, []string{"2.0.0"}, "2.1.0-rc.1"},
		{[]string{"3.0.0"}, nil, ""},
	} {
		p := promotionOf(shelfOf("2.1.0-rc.1", "2.0.0", "1.3.0", "1.2.0", "1.0.0-rc.1", "odd"), shelfOf(tt.to...), true)
		got, err := p.choose()
		if err != nil || !slices.Equal(textsOf(got), tt.want) {
			t.Errorf("%q: got %q, %v; want %q", tt.to, textsOf(got), err, tt.want)
		}
		if note := strings.Join(p.plan.Notes, ""); strings.HasSuffix(note, "named): web "+tt.note) != (tt.note != "") {
			t.Errorf("%q: it notes %q", tt.to, note)
		}
	}
}

// TestPromote: what becomes of a version depends on what the target has, and on its policy.
func TestPromote(t *testing.T) {
	t.Parallel()
	from := shelfOf("1.0.0", "0.9.0!")
	listed, yanked := shelfOf("1.0.0").versions[0], shelfOf("1.0.0!").versions[0]
	for name, tt := range map[string]struct {
		version  int
		is       *version
		relation relation
		gone     *action.Tombstone
		reject   bool
		effect   Effect
		note     string
		err      string
	}{
		"new":                   {is: nil, effect: New},
		"the same":              {is: &listed, relation: same, note: "in stable already): web 1.0.0"},
		"the same, yanked":      {is: &yanked, relation: same, note: "portolan restore"},
		"unsigned":              {is: &listed, relation: unsigned, reject: true, effect: Signed},
		"unsigned, yanked":      {is: &yanked, relation: unsigned, effect: Signed},
		"different":             {is: &listed, relation: different, effect: Replaced},
		"different, yanked":     {is: &yanked, relation: different, effect: Replaced},
		"different, and final":  {is: &listed, relation: different, reject: true, err: "duplicates: reject"},
		"signed otherwise":      {is: &listed, relation: signedByElse, err: "another provenance file"},
		"gone":                  {gone: &action.Tombstone{Kind: action.Free}, err: "this content was yanked and removed from stable"},
		"yanked where it is":    {version: 1, note: "yanked in dev): web 0.9.0"},
		"named, and yanked":     {version: 1, err: "web 0.9.0 is yanked in dev"},
		"yanked, and different": {version: 1, is: &listed, relation: different, note: "yanked in dev): web 0.9.0"},
	} {
		p := promotionOf(from, shelfOf(), false)
		if strings.HasPrefix(name, "named") {
			p.Versions = []string{"0.9.0"}
		}
		if p.Policy.Duplicates = config.Replace; tt.reject {
			p.Policy.Duplicates = config.Reject
		}
		plan, err := p.make([]comparison{{version: from.versions[tt.version], is: tt.is, relation: tt.relation, gone: tt.gone}})
		if e := (*Error)(nil); tt.err != "" {
			if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.err) || e.Fix() == "" {
				t.Errorf("%s: got %v, want %q", name, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if plan.Idle != (tt.effect == "") || !plan.Idle && (plan.Steps[0].Effect != tt.effect || len(plan.Request.Versions) != 1) {
			t.Errorf("%s: got %+v", name, plan)
		}
		if note := strings.Join(plan.Notes, ";"); (note != "") != (tt.note != "") || !strings.Contains(note, tt.note) {
			t.Errorf("%s: it notes %q, want %q", name, note, tt.note)
		}
	}
}

// TestRelate: the content counts, and whether it is signed.
func TestRelate(t *testing.T) {
	t.Parallel()
	info := func(fingerprint, provenance string) *publisher.ReleaseInfo {
		return &publisher.ReleaseInfo{Upload: "u", Fingerprint: fingerprint, Provenance: provenance}
	}
	for _, tt := range []struct {
		before         relation
		source, target *publisher.ReleaseInfo
		want           relation
	}{
		{same, info("a", "p"), info("a", "p"), same},
		{same, info("a", "p"), info("a", ""), unsigned},
		{same, info("a", "p"), info("a", "q"), signedByElse},
		{same, info("a", "p"), &publisher.ReleaseInfo{}, same}, // not known
		{different, info("a", ""), info("a", ""), same},
		{different, info("a", ""), info("a", "p"), same},
		{different, info("a", "p"), info("a", "q"), same},
		{different, info("a", "p"), info("a", ""), different},
		{different, info("a", ""), info("b", ""), different},
		{different, info("", ""), info("", ""), different},
	} {
		if got := relate(tt.before, tt.source, tt.target); got != tt.want {
			t.Errorf("%d, %+v, %+v: got %d, want %d", tt.before, tt.source, tt.target, got, tt.want)
		}
	}
}

// TestPromoteGoneVersion: other content may come in the place of what is gone, but not
// where versions are final.
func TestPromoteGoneVersion(t *testing.T) {
	t.Parallel()
	from := shelfOf("0.0.1")
	for duplicates, want := range map[string]string{config.Replace: "", config.Reject: "web 0.0.1 was taken down from stable on 2026-03-01"} {
		p := promotionOf(from, shelfOf(), false, "0.0.1")
		p.Policy.Duplicates = duplicates
		_, err := p.make([]comparison{{version: from.versions[0]}})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", duplicates, err, want)
		}
	}
}
