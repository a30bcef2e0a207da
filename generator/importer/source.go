package importer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
)

const maxState = 16 << 20 // bytes of a channel's state: that of some 100,000 yanked versions

// source is what is imported.
type source struct {
	index *Index
	notes []string

	// If it is another portolan's channel, what actions have made of it. The index then
	// has the versions that are yanked, too.
	state *action.State
	left  []Result // what could not be read of that
}

// readActions reads what the other files of a portolan's channel say: which versions are
// yanked, which charts are deprecated, and what is gone. The versions that are yanked are
// in no list but the older index and that of all versions. The older index has others as
// well, which only make head too large; these are left out.
func (s *source) readActions(ctx context.Context, at place) error {
	o := s.index.origin
	if whole := o.Head != ""; whole {
		head, err := readHeadOf(ctx, at, o)
		if err != nil { // what is yanked would be taken for good
			return fmt.Errorf("it lists all versions, and which of them are yanked cannot be read: %s: %w; import the channel itself", o.Head, err)
		}
		o = publisher.Origin{Head: o.Head, State: head.State}
	}
	if o.State == "" {
		return nil
	}
	state, err := readState(ctx, at, o.State)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && o.Head != "":
		return fmt.Errorf("it lists all versions, and which of them are yanked cannot be read: %s: %w; import the channel itself", o.State, err)
	case err != nil:
		s.miss(o.State, "yanked versions and the marks of deprecated charts are left out: the channel's state cannot be read: %v", err)
		return nil
	}
	s.state = state
	if len(state.Yanked) > 0 && o.Older != "" {
		if err := s.addYanked(ctx, at, o.Older); err != nil {
			return err
		}
	}
	for i, e := range s.index.Entries {
		_, s.index.Entries[i].yanked = state.FindYanked(e.Name, e.Version)
	}
	s.tellGone()
	return s.index.full()
}

// miss notes that the channel will lack what a file says.
func (s *source) miss(file, format string, args ...any) {
	s.left = append(s.left, Result{Outcome: Unfetched, URL: file, Message: fmt.Sprintf(format, args...), Lost: true})
}

// readHeadOf reads what head says beside its entries.
func readHeadOf(ctx context.Context, at place, o publisher.Origin) (head publisher.Origin, err error) {
	err = at.read(ctx, o.Head, false, func(body io.Reader) (err error) {
		head, err = publisher.ReadOrigin(body)
		return err
	})
	if err == nil && head.Head != "" { // a folder has nothing outside it
		err = errMissing
	}
	if err == nil && head.State != "" {
		head.State = path.Join(path.Dir(o.Head), head.State)
	}
	return head, err
}

// readState reads a channel's state. It is as bounded as an index.
func readState(ctx context.Context, at place, ref string) (state *action.State, err error) {
	var b bytes.Buffer
	err = at.read(ctx, ref, false, func(body io.Reader) error {
		b.Reset()
		_, err := io.Copy(&b, io.LimitReader(body, maxState+1))
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case b.Len() > maxState:
		return nil, fmt.Errorf("it has more than %d MiB", maxState>>20)
	case bytes.Count(b.Bytes(), []byte("{"))+bytes.Count(b.Bytes(), []byte("null")) > maxEntries:
		return nil, errEntries
	}
	return action.ParseState(b.Bytes())
}

// addYanked adds the entries of the older index that are yanked.
func (s *source) addYanked(ctx context.Context, at place, folder string) error {
	ref := path.Join(folder, indexFile)
	older, err := readIndexFile(ctx, at, localURL(ref))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		s.miss(ref, "yanked versions are left out: the index that lists them cannot be read: %v", err)
		return nil
	}
	for _, e := range older.Entries {
		if _, yanked := s.state.FindYanked(e.Name, e.Version); yanked {
			e.URL = from(folder, e.URL)
			s.index.Entries = append(s.index.Entries, e)
		}
	}
	for _, f := range older.Flaws {
		if _, yanked := s.state.FindYanked(f.Chart, f.Version); yanked {
			s.index.Flaws = append(s.index.Flaws, f)
		}
	}
	return nil
}

// from returns the URL that a file in a folder of the repository has, as the repository's
// own index would have it.
func from(folder, ref string) string {
	if u, err := url.Parse(ref); err != nil || !isLocal(u) || strings.HasPrefix(ref, "/") {
		return ref
	}
	return path.Join(folder, ref)
}

// tellGone notes what does not come, since it is gone where it was.
func (s *source) tellGone() {
	if n := len(s.state.Gone); n > 0 {
		s.notes = append(s.notes, fmt.Sprintf("what was taken down there, or yanked and removed, is not brought (%d in all); nothing keeps others from uploading it here", n))
	}
}

// takenDown warns of content that is published in the channel and was taken down from
// where it came from: it may have a secret in it.
func (r *run) takenDown(from *action.State) (warnings []string) {
	if from == nil {
		return nil
	}
	for _, t := range from.Gone {
		if t.Kind == action.TakeDown && t.Digest != "" && r.published[release{t.Chart, t.Version}] == t.Digest {
			warnings = append(warnings, fmt.Sprintf("%.100q %.100q was taken down from %s, and is still published here; to remove it here, too, run 'portolan takedown'", t.Chart, t.Version, r.From))
		}
	}
	return warnings
}
