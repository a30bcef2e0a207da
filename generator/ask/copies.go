package ask

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Copy is a version of another channel with the same archive. To a plan that hides versions
// it is one that is not yanked there, and to one that lists them again, one that is.
type Copy struct {
	Channel string `json:"channel"`
	action.Pin
}

const (
	maxChannels = 12 // other channels of which the indexes are read: as many as a page compares
	maxHeads    = 4  // indexes that are read at the same time

	lookTime = 30 * time.Second // for how long copies are looked for
)

// findCopies looks in other channels for copies of what is to be yanked or restored, those
// of the same project first, and notes which there are and what was not looked at. It fails
// only if the context ends: the action is about another channel than those.
func (p *Plan) findCopies(ctx context.Context, site bucket.Store) error {
	limited, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	others, err := publisher.Channels(limited, site)
	if err == nil {
		p.lookInto(limited, site, others)
	} else {
		p.Notes = append(p.Notes, fmt.Sprintf("other channels were not looked at for copies: %v", err))
	}
	return ctx.Err()
}

// lookInto looks for copies in the nearest of the channels.
func (p *Plan) lookInto(ctx context.Context, site bucket.Store, others []string) {
	others = slices.DeleteFunc(others, func(name string) bool { return name == p.Channel })
	slices.SortStableFunc(others, func(a, b string) int { return p.distance(a) - p.distance(b) })
	unseen := others[min(len(others), maxChannels):]
	others = others[:len(others)-len(unseen)]

	about := map[action.Pin]bool{} // both this and a channel's lines may be many thousands
	for _, pin := range p.about {
		about[pin] = true
	}
	found, failed := make([][]Copy, len(others)), make([]error, len(others))
	var group errgroup.Group
	group.SetLimit(maxHeads)
	for i, name := range others {
		group.Go(func() error {
			found[i], failed[i] = p.copiesIn(ctx, site, name, about)
			return nil
		})
	}
	_ = group.Wait()
	for i, name := range others {
		p.Copies = append(p.Copies, found[i]...)
		if failed[i] != nil {
			unseen = append(unseen, name)
		}
		if len(found[i]) > 0 {
			p.noteCopies(name, found[i])
		}
	}
	if len(unseen) > 0 {
		p.Notes = append(p.Notes, "not looked at for copies: "+check.List(unseen, most, 0))
	}
}

// distance is 0 for channels of the same project, and 1 for others.
func (p *Plan) distance(channel string) int {
	if path.Dir(channel) == path.Dir(p.Channel) {
		return 0
	}
	return 1
}

// copiesIn returns what another channel has of the versions.
func (p *Plan) copiesIn(ctx context.Context, site bucket.Store, channel string, about map[action.Pin]bool) (copies []Copy, err error) {
	head, err := publisher.ReadHead(ctx, site, channel, nil)
	if errors.Is(err, bucket.ErrNotFound) || errors.Is(err, publisher.ErrNotOurs) {
		return nil, nil // it shows no chart of ours
	}
	if err != nil {
		return nil, err
	}
	chart := p.about[0].Chart
	lines := head.Lines(chart)
	if p.Request.Kind == action.Yank {
		lines = head.Listed(chart)
	}
	for _, line := range lines {
		pin := action.Pin{Chart: chart}
		if err := json.Unmarshal([]byte(line), &pin); err != nil {
			return nil, err
		}
		_, yanked := head.State.FindYanked(chart, pin.Version)
		if about[pin] && yanked == (p.Request.Kind == action.Restore) {
			copies = append(copies, Copy{channel, pin})
		}
	}
	return copies, nil
}

// noteCopies says what another channel has, and how to do the same there.
func (p *Plan) noteCopies(channel string, copies []Copy) {
	chart := copies[0].Chart
	versions := make([]string, len(copies))
	for i, c := range copies {
		versions[i] = c.Version
	}
	are, archives, them := "is", "archive", "it"
	if len(copies) > 1 {
		are, archives, them = "are", "archives", "them"
	}
	also, again, more := "also in", "yank", " --reason TEXT"
	if p.Request.Kind == action.Restore {
		also, again, more = "yanked in", "restore", ""
	}
	operands := "VERSION…"
	if len(versions) <= most {
		operands = strings.Join(versions, " ")
	}
	p.Notes = append(p.Notes, fmt.Sprintf("%s %s %s %s %s (the same %s); %s %s there with: portolan %s %s %s %s%s",
		chart, check.List(versions, most, 0), are, also, channel, archives, again, them, again, channel, chart, operands, more))
}
