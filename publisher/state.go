package publisher

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
)

// What a run must know of a channel without reading the whole log, and what the index
// does not say, is the channel's state: what is yanked, deprecated or gone. A record that
// changes it first creates a file with the new state, beside the log; each record after
// the first of these names the newest one. Like the index, the state follows from the log,
// and [Rebuild] derives it from there.

// StateFile is where the state of a channel lies, as its records name it.
type StateFile struct {
	Name   string `json:"name"`   // of the file in the folder of the log
	SHA256 string `json:"sha256"` // of its bytes, in hex
}

const stateExt = ".state.json"

func stateKey(channel, name string) string { return path.Join(channel, logDir, name) }

// stateName is the name of the state that a record creates. The nonce keeps two writers
// of the same generation apart.
func stateName(generation int, nonce string) string {
	return fmt.Sprintf("%08d-%s%s", generation, nonce, stateExt)
}

// stateGeneration is the generation whose record creates the file; 0 if no record creates
// a file of that name.
func stateGeneration(name string) int {
	number, nonce, _ := strings.Cut(strings.TrimSuffix(name, stateExt), "-")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || nonce == "" || strings.ContainsRune(nonce, '/') || name != stateName(n, nonce) {
		return 0
	}
	return n
}

// State is what actions have made of the channel, as of the newest record. The caller must
// not change it.
func (c *Channel) State() *action.State { return c.state }

// acted is the state at an earlier generation.
type acted struct {
	file  *StateFile    // nil if there was none
	state *action.State // nil if there was none, or if the file must be read for it
}

// keep notes the state if it is the one that lies in the file.
func (a *acted) keep(state *action.State, file StateFile) {
	if a.file != nil && *a.file == file {
		a.state = state
	}
}

// StateAt returns the state as it was at a generation that changed the index; 0 is the
// empty one. It reads nothing if the channel was at that generation when it was opened, or
// is there now.
func (c *Channel) StateAt(ctx context.Context, generation int) (*action.State, error) {
	switch {
	case generation == c.IndexGeneration():
		return c.state, nil
	case generation == 0 || c.stated == StateFile{}:
		return nil, nil
	case generation == c.opened.number && (c.acted.file == nil || c.acted.state != nil):
		return c.acted.state, nil
	}
	r, _, err := c.record(ctx, generation)
	if err != nil {
		return nil, incomplete(err)
	}
	return c.stateOf(ctx, r)
}

// setState sets the state to that of the newest record.
func (c *Channel) setState(state *action.State) {
	c.state, c.stated = state, StateFile{}
	if c.newest != nil && c.newest.State != nil {
		c.stated = *c.newest.State
	}
}

// stateOf is the channel's state as of a record. If the file is lost or damaged, the
// state is derived from the log, which takes a read of each record. So [Prune] may remove
// the file of a state that is not the newest one from under a slow reader.
func (c *Channel) stateOf(ctx context.Context, r *Record) (*action.State, error) {
	switch {
	case r == nil || r.State == nil:
		return nil, nil
	case *r.State == c.stated:
		return c.state, nil
	}
	key := stateKey(c.Name, r.State.Name)
	b, _, err := bucket.ReadAll(ctx, c.site, key, action.MaxState)
	switch {
	case errors.Is(err, bucket.ErrNotFound), errors.Is(err, bucket.ErrTooLarge):
		return c.deriveState(ctx, r.Generation)
	case err != nil:
		return nil, err
	case hexSHA256(b) != r.State.SHA256:
		return c.deriveState(ctx, r.Generation)
	}
	state, err := action.ParseState(b)
	if err != nil {
		return nil, bucket.About(key, err)
	}
	return state, nil
}

// deriveState reads the log up to a generation for the state after it.
func (c *Channel) deriveState(ctx context.Context, generation int) (*action.State, error) {
	var state *action.State
	for s, err := range c.replay(ctx, false) {
		if err != nil {
			return nil, incomplete(err)
		}
		state = s.state
		if s.record.Generation == generation {
			return state, nil
		}
	}
	return nil, c.hole(generation)
}

// nextState is the state that the record makes, and its file; nil if that stays as it is.
// The record names the newest one.
func (r *Record) nextState(c *Channel) (*action.State, []byte, error) {
	if c.newest != nil {
		r.State = c.newest.State
	}
	if r.State != nil && !r.changesState(c.state) || r.State == nil && len(r.Actions) == 0 {
		return c.state, nil, nil
	}
	next := r.stateAfter(c.state)
	b, err := next.Bytes()
	if err != nil {
		return nil, nil, fmt.Errorf("encoding the state of channel %s: %v", c.Name, err)
	}
	if len(b) > action.MaxState {
		return nil, nil, errTooMuch
	}
	r.State = &StateFile{stateName(r.Generation, r.Nonce), hexSHA256(b)}
	return next, b, nil
}

// putState creates the file of a new state, which nothing names yet.
func (c *Channel) putState(ctx context.Context, file *StateFile, b []byte) error {
	if b == nil {
		return nil
	}
	o := stateObject(c.Name, file, b)
	o.Deferred = true // the record follows
	return c.site.Create(ctx, o)
}

func stateObject(channel string, file *StateFile, b []byte) bucket.Object {
	return bucket.Object{Key: stateKey(channel, file.Name), Body: bucket.Bytes(b), ContentType: typeJSON, CacheControl: forever}
}
