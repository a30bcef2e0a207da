package survey

import (
	"context"
	"fmt"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// Entry is what one generation has done.
type Entry struct {
	Generation int       `json:"generation"`
	Time       time.Time `json:"time"`
	Changes    []Change  `json:"changes"`

	// Actions are those that it decided, whatever the verdict.
	Actions []Action `json:"actions,omitempty"`

	// Verdicts says how many uploads it decided, by verdict.
	Verdicts map[verdict.Verdict]int `json:"verdicts,omitempty"`

	// Settings is whether it changed something else about the index: which versions
	// 'keep' hides, for example.
	Settings bool `json:"settings,omitempty"`

	// Manifests is how many versions of earlier generations it brought into the registry.
	Manifests int `json:"manifests,omitempty"`

	// Floor is set if a prune made it: snapshots of earlier generations are gone.
	Floor int `json:"floor,omitempty"`
}

// Log returns what the newest n generations of a channel have done, the newest first. It
// reads these records and the first line of head. It fails with ErrNoChannel if the channel
// has none.
func Log(ctx context.Context, site bucket.Store, channel string, n int) ([]Entry, error) {
	all := []Entry{}
	for r, err := range publisher.Records(ctx, site, channel) {
		if err != nil {
			return all, err
		}
		e, err := entryOf(r)
		if err != nil {
			return all, fmt.Errorf("generation %d: %w", r.Generation, err)
		}
		if all = append(all, e); len(all) == n {
			break
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: %w", channel, ErrNoChannel)
	}
	return all, nil
}

func entryOf(r *publisher.Record) (Entry, error) {
	e := Entry{Generation: r.Generation, Time: r.Time, Changes: []Change{}}
	for _, d := range r.Decisions {
		if e.Verdicts == nil {
			e.Verdicts = map[verdict.Verdict]int{}
		}
		e.Verdicts[d.Verdict]++
	}
	for _, a := range r.Actions {
		e.Actions = append(e.Actions, actionOf(a))
	}
	if r.Registry != nil {
		e.Manifests = len(r.Registry.Manifests)
	}
	if r.Change == nil {
		if len(r.Decisions) == 0 && len(r.Actions) == 0 {
			e.Floor = r.Floor
		}
		return e, nil
	}
	found, err := changes(r.Change.Removed, r.Change.Added)
	e.Changes = append(e.Changes, found...)
	e.Settings = len(found) == 0 && e.Manifests == 0 && len(e.Actions) == 0
	return e, err
}
