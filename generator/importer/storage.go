package importer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/generator/check"
)

// museumFile is the index that ChartMuseum keeps beside the archives of each of its
// repositories. It serves what its storage holds, and takes the dates from there.
const museumFile = "index-cache.yaml"

// isWanted reports whether a file matters to a place that has no index.
func isWanted(name string) bool {
	return strings.HasSuffix(name, ".tgz") || path.Base(name) == museumFile || path.Base(name) == indexFile
}

// storage is a place without an index of its own.
type storage struct {
	store
	archives map[string]stored // that no index names yet
	museums  []string          // ChartMuseum's files
	indexes  []string          // further below
	notes    []string
}

// readStorage makes the index of a place that has none: from ChartMuseum's files, in
// any folders, and from archives that these do not name; without such files, from the
// archives in the place and in the folders directly below it, where 'helm repo index'
// looks.
func readStorage(ctx context.Context, at store, checks check.Options) (*Index, []string, error) {
	files, err := at.files(ctx)
	if err != nil {
		return nil, nil, err
	}
	s := &storage{store: at, archives: map[string]stored{}}
	for _, f := range files {
		switch path.Base(f.name) {
		case museumFile:
			s.museums = append(s.museums, f.name)
		case indexFile:
			s.indexes = append(s.indexes, f.name)
		default:
			s.archives[f.name] = f
		}
	}
	slices.Sort(s.museums)
	x := &Index{}
	for _, file := range s.museums {
		if err := s.museum(ctx, file, x); err != nil {
			return nil, nil, err
		}
	}
	if len(s.museums) == 0 {
		if err := s.withoutIndex(); err != nil {
			return nil, nil, err
		}
	}
	if err := s.addArchives(ctx, x, checks); err != nil {
		return nil, nil, err
	}
	return x, s.tell(), x.full()
}

// museum adds the entries of one of ChartMuseum's repositories. Its archives lie
// beside the file, whatever their URLs say.
func (s *storage) museum(ctx context.Context, file string, x *Index) error {
	more, err := readIndexFile(ctx, s, localURL(file))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil: // ChartMuseum makes it again then
		s.notes = append(s.notes, fmt.Sprintf("%s cannot be read, so the dates in it are lost: %v", file, err))
		return nil
	}
	for _, e := range more.Entries {
		u, err := url.Parse(e.URL)
		if err == nil {
			beside := path.Join(path.Dir(file), path.Base(u.Path))
			if _, ok := s.archives[beside]; ok || isLocal(u) {
				e.URL = localURL(beside)
			}
		}
		x.Entries = append(x.Entries, e)
	}
	x.Flaws = append(x.Flaws, more.Flaws...)
	for _, e := range more.Entries {
		if u, err := url.Parse(e.URL); err == nil {
			delete(s.archives, path.Join(path.Dir(file), path.Base(u.Path)))
		}
	}
	return x.full()
}

// withoutIndex keeps the archives near the top. If they are all deeper, it keeps
// all, unless there is an index that says what they are.
func (s *storage) withoutIndex() error {
	near, top := map[string]stored{}, false
	for name, f := range s.archives {
		if depth := strings.Count(name, "/"); depth <= 1 {
			near[name] = f
			top = top || depth == 0
		}
	}
	if !top && len(s.indexes) > 0 {
		slices.SortFunc(s.indexes, func(a, b string) int {
			return cmp.Or(cmp.Compare(strings.Count(a, "/"), strings.Count(b, "/")), cmp.Compare(a, b))
		})
		return fmt.Errorf("%w; there is one in %s, which may be the repository", errMissing, path.Dir(s.indexes[0]))
	}
	if len(near) > 0 {
		s.archives = near
	}
	if len(s.archives) == 0 {
		return fmt.Errorf("%w, and there are no archives (*.tgz) either", errMissing)
	}
	return nil
}

// addArchives adds entries for the archives that no index names. An archive that
// cannot be read gets an entry without a name; importing it shows what is wrong with
// it.
func (s *storage) addArchives(ctx context.Context, x *Index, checks check.Options) error {
	names := make([]string, 0, len(s.archives))
	for name := range s.archives {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.Count(a, "/"), strings.Count(b, "/")), cmp.Compare(a, b))
	})
	entries := make([]Entry, len(names))
	group, until := errgroup.WithContext(ctx)
	group.SetLimit(defaultWorkers)
	for i, name := range names {
		group.Go(func() error {
			e := Entry{URL: localURL(name), Created: s.archives[name].date}
			_ = s.read(until, e.URL, false, func(r io.Reader) error {
				chart, err := check.Archive(r, checks)
				if err == nil {
					e.Name, e.Version, e.Digest = chart.Metadata.Name, chart.Metadata.Version, chart.Digest
				}
				return err
			})
			entries[i] = e
			return until.Err()
		})
	}
	err := group.Wait()
	x.Entries = append(x.Entries, entries...)
	return cmp.Or(err, ctx.Err())
}

// tell says what users cannot see in the entries.
func (s *storage) tell() []string {
	if len(s.museums) > 1 {
		var folders []string
		for _, file := range s.museums[:min(len(s.museums), 5)] {
			folders = append(folders, path.Dir(file))
		}
		text := strings.Join(folders, ", ")
		if more := len(s.museums) - len(folders); more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		s.notes = append(s.notes, fmt.Sprintf("ChartMuseum has %d repositories here (%s), and all of them go into the one channel; to keep them apart, import each folder by itself", len(s.museums), text))
	}
	return s.notes
}

// isStore returns the place as one whose files can be listed, if it is one and its
// index is missing.
func isStore(p place, err error) (store, bool) {
	s, ok := p.(store)
	return s, ok && errors.Is(err, errMissing)
}
