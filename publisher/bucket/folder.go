package bucket

import (
	"context"
	"iter"
)

// Folder is what a Store can do besides if it is a folder of this machine, where
// people put files in by hand and crashed programs leave some behind. Callers ask
// for it with a type assertion, and do without it where it is missing. A Folder
// keeps every promise of a Store, so it need not be probed.
type Folder interface {
	Store

	// Fresh returns the store as another process would open it; see [Fresh].
	Fresh() Store

	// Walk is List with Descendants, except that it fails if there is something
	// at dir that is not a folder, tells notes of whatever is not an object, and
	// goes on when something below dir cannot be read.
	Walk(ctx context.Context, dir string, notes Notes) iter.Seq2[Entry, error]

	// RemoveEmpty removes a folder if there is nothing in it. Nobody may be about
	// to write into it.
	RemoveEmpty(dir string)

	// RemoveLeftovers removes temporary files whose writers died over a day ago,
	// and what deletions that died had put aside, and calls removed with the size
	// of each. If dry, it only calls removed.
	RemoveLeftovers(ctx context.Context, dry bool, removed func(size int64)) error
}

// Notes is told what a [Folder]'s Walk comes across besides objects.
type Notes interface {
	// Odd is told of what is not an object, or cannot be read.
	Odd(key, reason string)

	// Enter reports whether to look into a folder.
	Enter(dir string) bool

	// Unreadable is told of a folder that cannot be read, and reports whether
	// that settles it; otherwise Odd is told so.
	Unreadable(dir string, err error) bool
}

// Fresh returns the store as another process would open it: in one that lives
// long, a run that could not make safe what it deferred must not keep the next
// one from writing, which may have no reason to create the same objects.
func Fresh(s Store) Store {
	if folder, ok := s.(Folder); ok {
		return folder.Fresh()
	}
	return s
}
