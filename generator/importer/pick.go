package importer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/pattern"
)

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// pick returns the entries to import, oldest first, and results for those that
// cannot be imported. What is yanked comes last, so that it is soon followed by the
// actions that hide it.
func (o Options) pick(x *Index) (work []Entry, left []Result) {
	for _, f := range x.Flaws {
		if pattern.MatchesChart(o.Charts, f.Chart) {
			left = append(left, Result{Chart: f.Chart, Version: f.Version, Outcome: Broken, Message: "the entry cannot be used: " + f.Reason, Lost: true})
		}
	}
	first := map[release]Entry{}
	charts := map[string][]Entry{}
	for _, e := range x.Entries {
		v := release{e.Name, e.Version}
		earlier, twice := first[v]
		switch {
		case e.Name == "": // an archive that cannot be read; importing it shows why
			work = append(work, e)
		case !pattern.MatchesChart(o.Charts, e.Name):
		case twice:
			left = append(left, twin(earlier, e))
		default:
			first[v] = e
			charts[e.Name] = append(charts[e.Name], e)
		}
	}
	for _, all := range charts {
		work = append(work, o.newest(all)...)
	}
	slices.SortStableFunc(work, func(a, b Entry) int {
		return cmp.Or(last(a)-last(b), a.Created.Compare(b.Created), cmp.Compare(a.Name, b.Name), check.CompareVersions(a.Version, b.Version), check.CompareNatural(a.Version, b.Version))
	})
	return work, left
}

func last(e Entry) int {
	if e.yanked {
		return 1
	}
	return 0
}

// twin returns the result for an entry whose version is already listed before it.
func twin(first, second Entry) Result {
	r := newResult(second)
	r.Outcome, r.Message = Duplicate, "the version is listed twice, with the same digest"
	if isOCI(first.URL) && first.Digest == "" {
		r.Message, r.Lost = "another repository below the path is called the same and has this version: "+first.URL, true
	} else if first.Digest == "" || plainDigest(first.Digest) != plainDigest(second.Digest) {
		r.Message = "the version is listed twice; Helm uses the first entry, which has another digest or no digest"
		r.Lost = true
	}
	return r
}

// newest returns the newest versions of a chart, at most o.Keep of them, and what is
// yanked above the last of these.
func (o Options) newest(all []Entry) []Entry {
	if o.Keep == 0 || len(all) <= o.Keep {
		return all
	}
	slices.SortStableFunc(all, func(a, b Entry) int {
		return cmp.Or(check.CompareVersions(b.Version, a.Version), b.Created.Compare(a.Created), check.CompareNatural(b.Version, a.Version))
	})
	left := o.Keep
	for i, e := range all {
		if !e.yanked {
			left--
		}
		if left == 0 {
			return all[:i+1]
		}
	}
	return all
}

// sortResults sorts by chart, then newest version first.
func sortResults(all []Result) {
	slices.SortStableFunc(all, func(a, b Result) int {
		return cmp.Or(cmp.Compare(a.Chart, b.Chart), check.CompareVersions(b.Version, a.Version))
	})
}

// readHead reads the channel.
func readHead(ctx context.Context, o Options) (*publisher.Head, error) {
	head, err := publisher.ReadHead(ctx, o.Site, o.Channel, nil)
	if errors.Is(err, bucket.ErrNotFound) {
		return publisher.EmptyHead(), nil
	}
	return head, err
}

// digests are those of what is published in the channel.
func digests(channel string, head *publisher.Head) (map[release]string, error) {
	published := map[release]string{}
	for chart := range head.Charts() {
		for _, line := range head.Lines(chart) {
			var l struct{ Version, Digest string }
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				return nil, fmt.Errorf("the index of channel %s cannot be read: %v", channel, err)
			}
			published[release{chart, l.Version}] = l.Digest
		}
	}
	return published, nil
}

// waiting is what the inbox holds for the channel.
type waiting struct {
	digests map[string]bool    // of the uploads that say theirs
	files   map[string]bool    // names of waiting archives, whatever their content
	actions []*droparea.Upload // not read yet
}

// readWaiting reads what waits for the channel. Uploads of imports say their
// digest; of the others, at most a file name is known.
func readWaiting(ctx context.Context, o Options) (*waiting, error) {
	w := &waiting{digests: map[string]bool{}, files: map[string]bool{}}
	inbox, err := droparea.ReadInbox(ctx, o.Drop)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(inbox.Channels, func(c *droparea.ChannelInbox) bool { return c.Channel == o.Channel })
	if i < 0 {
		return w, nil
	}
	for _, f := range inbox.Channels[i].Foreign {
		w.files[f.Name] = f.Chart != nil
	}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(cmp.Or(o.Workers, defaultWorkers))
	for _, u := range inbox.Channels[i].Uploads {
		if u.Action != nil {
			w.actions = append(w.actions, u)
		}
		if u.Chart == nil {
			continue
		}
		group.Go(func() error {
			request, err := droparea.ReadRequest(ctx, o.Drop, u)
			mu.Lock()
			defer mu.Unlock()
			w.digests[request.Digest], w.files[request.File] = true, true
			return err
		})
	}
	err = group.Wait()
	delete(w.digests, "")
	delete(w.files, "")
	return w, err
}
