package publisher

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// TakeDownOptions say what is to be taken down.
type TakeDownOptions struct {
	Channel, Chart, Version string
	Reason                  string // public: the log keeps it

	// Again also takes down what was published as this version since it was taken down.
	// Otherwise that stays, and only what is left of the takedown is removed.
	Again bool

	Drop   bucket.Store // from which refused uploads of it are removed; nil leaves them
	DryRun bool         // remove nothing, and commit nothing

	// BeforeHead is that of the channel. With [droparea.Announce], the next run of a generator
	// tells receivers; with nil, nobody is told.
	BeforeHead func(ctx context.Context, shown, next int) error

	Workers int // files removed at the same time; 0 means two a processor

	Show Show

	// For tests, which own time.
	Now   func() time.Time
	Nonce func() string
}

// TakeDownReport is what a takedown did, or would do.
type TakeDownReport struct {
	Channel    string    `json:"channel"`
	Chart      string    `json:"chart"`
	Version    string    `json:"version"`
	DryRun     bool      `json:"dryRun,omitempty"`
	Generation int       `json:"generation,omitempty"` // the record that took it down; 0 in a dry run of that
	Time       time.Time `json:"time,omitzero"`        // of the record
	Before     bool      `json:"before,omitempty"`     // an earlier call committed that record
	Since      bool      `json:"since,omitempty"`      // the version has been published since, with other content, which stays
	Contents   []string  `json:"contents"`             // SHA-256 of the archives that are gone, in hex

	Removed  []string `json:"removed"`  // keys on the site that were there
	Rejected []string `json:"rejected"` // keys in the drop area

	// Keys are the files of which caches may have copies with something of the version:
	// those that the log says were there, also if an earlier call has removed them; what
	// else this call has removed, or has found when it began; and the indexes and the list of
	// tags, which no longer list it.
	Keys []string `json:"keys"`

	// Copies are where other channels have the same content.
	Copies []Copy `json:"copies"`
}

// Copy is content of a version that was taken down, in another channel.
type Copy struct {
	Channel string `json:"channel"`
	Key     string `json:"key"` // of the archive
	Digest  string `json:"digest"`
	Same    bool   `json:"same"` // it is the same archive, and not one with the same files that was packed again
}

// NoVersionError says that a channel never had a version.
type NoVersionError struct{ Channel, Chart, Version string }

func (e *NoVersionError) Error() string {
	return fmt.Sprintf("channel %s never had %s %s", e.Channel, e.Chart, e.Version)
}

// TakeDown removes a version from a channel for good: first by a record that takes its line
// from the index and says that none of its contents may come back; then, once head and all
// that follows from the log shows it no more, by removing the files of all its uploads, what
// the registry has of it, its pages, and refused uploads of it. Snapshots stay as they are,
// byte for byte, and name files that are gone. The log keeps the line.
//
// Other content may be published as the same version later. TakeDown may be repeated after
// any failure, and generators may run meanwhile. One that had begun before may still write
// files of content that it then may not publish; calling TakeDown again once it has ended
// removes them, and [Verify] finds them. The pages of other versions that show parts of this
// one are the caller's to make again.
//
// Copies in other channels are looked for after everything is removed, so one that was made
// of it meanwhile is found. They stay: each channel has its own takedown.
//
// The report says what was done, even if TakeDown returns an error.
func TakeDown(ctx context.Context, site bucket.Store, o TakeDownOptions) (*TakeDownReport, error) {
	t := &takedown{TakeDownOptions: o, remains: remains{site: site, at: version{o.Chart, o.Version}, dry: o.DryRun}}
	t.pasts = newPasts(map[version]bool{t.at: true}, action.TakeDown)
	t.past = t.pasts.versions[t.at]
	t.setDefaults()
	t.report = &TakeDownReport{
		Channel: o.Channel, Chart: o.Chart, Version: o.Version, DryRun: o.DryRun,
		Contents: []string{}, Removed: []string{}, Rejected: []string{}, Keys: []string{}, Copies: []Copy{},
	}
	err := t.run(ctx)
	t.report.Keys = slices.Sorted(maps.Keys(t.keys))
	for _, e := range t.removed {
		t.report.Removed = append(t.report.Removed, e.Key)
	}
	slices.Sort(t.report.Removed)
	return t.report, err
}

// takedown is one call of TakeDown.
type takedown struct {
	TakeDownOptions
	remains
	pasts  *pasts
	pages  []bucket.Entry
	report *TakeDownReport
}

func (t *takedown) setDefaults() {
	t.Workers = cmp.Or(t.Workers, 2*runtime.GOMAXPROCS(0))
	t.workers = t.Workers
	t.keys, t.buried = map[string]bool{}, map[string]bool{}
	if t.Now == nil {
		t.Now = time.Now
	}
	if t.Nonce == nil {
		t.Nonce = rand.Text
	}
}

func (t *takedown) run(ctx context.Context) error {
	if err := errors.Join(channelname.CheckOld(t.Channel), action.CheckText(t.Reason)); err != nil {
		return err
	}
	if t.Reason == "" {
		return errors.New("a takedown needs a reason, which is public")
	}
	for _, step := range []func(context.Context) error{
		t.commit, t.show, t.look, t.removeRegistry, t.removeFiles, t.show, t.noteLists, t.removeRejected, t.findCopies,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// show makes the site show the newest generation, also one that was committed meanwhile, and
// then looks at the log again: what other content of the version shares with what was taken
// down stays, or is there again.
func (t *takedown) show(ctx context.Context) error {
	if t.stays = t.report.Since; t.DryRun {
		return nil
	}
	err := t.channel.Refresh(ctx)
	if err == nil {
		err = t.channel.Project(ctx)
	}
	if err == nil {
		t.stays = t.channel.index.mayHave(t.at)
		err = t.channel.readPasts(ctx, t.pasts)
	}
	return err
}

// commit makes sure that the log says that the version is taken down. If a generator
// commits first, it decides again.
func (t *takedown) commit(ctx context.Context) error {
	for {
		c, err := openShown(ctx, t.site, t.Channel)
		if err == nil {
			err = c.compareEnd(ctx) // a lost record could have published it
		}
		if err != nil {
			return err
		}
		if c.Generation() == 0 {
			return fmt.Errorf("channel %s: %w: 'portolan list' lists the channels", t.Channel, errNoChannel)
		}
		c.Workers, c.BeforeHead = t.Workers, t.BeforeHead
		t.channel = c
		if err := c.readPasts(ctx, t.pasts); err != nil {
			return err
		}
		if len(t.past.uploads) == 0 {
			return &NoVersionError{t.Channel, t.Chart, t.Version}
		}
		if err := t.notePages(ctx); err != nil {
			return err
		}
		if err := t.decide(ctx); !errors.Is(err, bucket.ErrConflict) {
			return err
		}
	}
}

// decide commits the record, unless the log has it.
func (t *takedown) decide(ctx context.Context) error {
	published := t.channel.index.mayHave(t.at)
	if t.past.generation > 0 && (!published || !t.Again) {
		t.report.Generation, t.report.Time, t.report.Before, t.report.Since = t.past.generation, t.past.time, true, published
		t.bury(nil)
		return nil
	}
	contents := t.past.contents(t.at, t.channel.state)
	if t.DryRun {
		t.past.generation = t.channel.Generation() + 1
		t.bury(contents)
		return nil
	}
	draft, err := t.draft(contents)
	if err == nil {
		err = t.channel.Commit(ctx, draft)
	}
	if err == nil {
		t.report.Generation, t.report.Time = t.channel.Generation(), t.channel.Time()
		t.bury(nil)
	}
	return err
}

// bury notes what was taken down: what the channel's state says, and these.
func (t *takedown) bury(contents []ActionVersion) {
	digests := map[string]bool{}
	for _, g := range t.channel.state.GoneOf(t.Chart, t.Version) {
		if g.Kind == action.TakeDown {
			digests[g.Digest], t.buried[g.Fingerprint] = true, true
		}
	}
	for _, v := range contents {
		digests[v.Digest], t.buried[v.Fingerprint] = true, true
	}
	maps.Copy(t.buried, digests)
	t.report.Contents = slices.Sorted(maps.Keys(digests))
}

// draft is the record that takes the contents down.
func (t *takedown) draft(contents []ActionVersion) (Draft, error) {
	c := t.channel
	id, err := droparea.NewID()
	if err != nil {
		return Draft{}, err
	}
	d := c.draftAt(t.Now(), t.Nonce())
	d.Actions = []ActionDecision{{ID: id, Arrival: d.Time, Kind: action.TakeDown, Verdict: verdict.Accepted, Reason: t.Reason, Versions: contents}}
	err = c.withoutVersions(&d, map[version]bool{t.at: true}, t.Show)
	return d, err
}
