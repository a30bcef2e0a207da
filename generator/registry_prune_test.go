package generator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// registryPrunable is prunableWorld in the registry.
func registryPrunable(t testing.TB) *world {
	w := newWorld(t)
	w.configure(ociOn)
	return w.prunable()
}

// TestEveryOrderOfPruneInRegistry is TestEveryOrderOfPrune with the registry.
func TestEveryOrderOfPruneInRegistry(t *testing.T) {
	depth := 1
	if testing.Short() {
		depth = 0
	}
	explore := func(t testing.TB, plan schedule) (*turns, error) { return registryPrunable(t).explorePrune(plan) }
	eachSchedule(t, explore, depth, func(s schedule, explore func(schedule) *turns) { explore(s) })
}

// TestPruneRegistry: as long as a channel is in the registry, everything stays there, also
// what was replaced long ago. Once it has not been in it for the grace time, its files go,
// and no other channel's.
func TestPruneRegistry(t *testing.T) {
	w := newWorld(t)
	w.configure(ociOn)
	w.publish("stable", 1, alphaOld, beta)
	w.publish("stable/sub", 3, alphaOld)
	w.publish("stable", 4, alphaNew)
	w.clock = w.clock.Add(leap)
	prune := func(dry bool) publisher.ChannelPrune {
		t.Helper()
		report, err := publisher.Prune(t.Context(), w.drop.Handle(pruneActor), w.site.Handle(pruneActor), publisher.PruneOptions{
			Channels: []string{"stable"}, Snapshots: 1, Grace: grace, Workers: 1, DryRun: dry, Now: func() time.Time { return w.clock },
		})
		if err != nil {
			t.Fatal(err)
		}
		return report.Channels[0]
	}
	before := len(w.registryFiles())
	if c := prune(false); c.Registry.Files != 0 || c.Charts.Files == 0 || len(w.registryFiles()) != before {
		t.Errorf("got %+v", c)
	}
	if w.site.Snapshot()[registry.BlobKey("stable/alpha", digest(alphaOld))] == nil {
		t.Error("a replaced version cannot be read by its digest any more")
	}
	if faulty := w.verify("stable", true); len(faulty) > 0 {
		t.Errorf("faults of %q", faulty)
	}
	w.configure(ociOff)
	w.publish("stable", 5, gamma)
	if c := prune(false); c.Registry.Files != 0 || !c.RegistryUntil.After(w.clock) || c.RegistryUntil.After(w.clock.Add(grace)) {
		t.Errorf("within the grace time: %+v", c)
	}
	w.clock = w.clock.Add(leap)
	would := prune(true)
	if got := len(w.registryFiles()); got != before {
		t.Errorf("a dry run left %d files of %d", got, before)
	}
	c := prune(false)
	for _, key := range w.registryFiles() {
		if !strings.HasPrefix(key, "v2/stable/sub/") {
			t.Errorf("%s is left", key)
		}
	}
	if left := len(w.registryFiles()); left == 0 || c.Registry.Files != before-left || would.Registry != c.Registry {
		t.Errorf("removed %+v, would have %+v, and %d are left", c.Registry, would.Registry, left)
	}
	w.mustHold()
}
