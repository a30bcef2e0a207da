package bucket

import (
	"context"
	"iter"
)

// Folder is what else a Store can do if it is a folder of this machine, where people
// put files by hand and crashed programs leave some behind. Callers find out with a
// type assertion, and manage without it otherwise. A Folder keeps every promise of a
// Store, so it need not be probed.
type Folder interface {
	Store

	// Fresh returns the store as another process would open it; see [Fresh].
	Fresh() Store

	// Walk is List with Descendants, except that it fails if dir exists and is not
	// a folder, reports to notes what is not an object, and continues when
	// something below dir cannot be read.
	Walk(ctx context.Context, dir string, notes Notes) iter.Seq2[Entry, error]

	// RemoveEmpty removes a folder if it is empty. No other program may be about
	// to write into it.
	RemoveEmpty(dir string)

	// RemoveLeftovers removes temporary files whose writers died over a day ago,
	// and files that interrupted deletions had put aside. It calls removed with
	// the size of each. If dry is set, it removes nothing.
	RemoveLeftovers(ctx context.Context, dry bool, removed func(size int64)) error
}

// Notes receives what a [Folder]'s Walk finds besides objects.
type Notes interface {
	// Odd receives something that is not an object, or cannot be read.
	Odd(key, reason string)

	// Enter reports whether to list a folder.
	Enter(dir string) bool

	// Unreadable receives a folder that cannot be read, and reports whether it
	// dealt with it. If not, Odd receives it too.
	Unreadable(dir string, err error) bool
}

// Fresh returns the store as another process would open it. In a process that lives
// long, a run that could not make its deferred objects safe must not keep the next
// run from writing, which may have no reason to create the same objects.
func Fresh(s Store) Store {
	if folder, ok := s.(Folder); ok {
		return folder.Fresh()
	}
	return s
}
