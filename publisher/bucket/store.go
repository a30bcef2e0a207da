package bucket

import (
	"bytes"
	"context"
	"io"
	"iter"
	"time"
)

// Store is one bucket, or one prefix of a bucket. It is all that portolan needs
// from object storage, and it is small so that every backend can keep every
// promise. All methods may be called concurrently.
//
// Keys are slash-separated paths without empty, "." or ".." segments. Every
// error names the key. Implementations retry transient failures; a caller that
// gets an error need not try again at once. After an error other than ErrNotFound
// and ErrConflict, a write may have taken effect, or may still do so later.
type Store interface {
	// Create writes an object that does not exist yet. If several writers
	// create one key, exactly one succeeds, unless they write the same bytes:
	// creating what is already there, byte for byte, succeeds and changes
	// nothing. Different bytes fail with ErrConflict. Readers never see part
	// of an object.
	//
	// When Create returns nil, every reader sees the object and it is
	// durable, unless it is Deferred.
	Create(ctx context.Context, o Object) error

	// Replace writes an object in place of the version with that token, which
	// must not be "". If that version has been replaced or deleted since, it
	// writes nothing and fails with ErrConflict. Readers see the old object or
	// the new one. A Replace whose bytes are already there succeeds.
	Replace(ctx context.Context, o Object, token string) error

	// Get opens an object for reading; the caller closes it. The Entry and
	// the bytes belong to the same version of the object, whatever is
	// written meanwhile. It fails with ErrNotFound if the object does not
	// exist.
	Get(ctx context.Context, key string) (*Reader, error)

	// List yields what lies in the folder dir ("" for the root): with
	// Children the objects and folders directly in it, with Descendants
	// every object at any depth below it, and no folders. Each entry comes
	// once, in any order. A listing may miss what was written, and show what
	// was deleted, while it ran or, on some stores, shortly before. A folder
	// that does not exist is empty. Iteration stops after an error.
	List(ctx context.Context, dir string, depth Depth) iter.Seq2[Entry, error]

	// Delete removes the object if it is still the version with that token;
	// "" removes any version. If the object has been replaced, it removes
	// nothing and fails with ErrConflict. An object that does not exist
	// counts as removed.
	Delete(ctx context.Context, key, token string) error
}

// Depth says how far a listing goes.
type Depth int

// The two kinds of listing.
const (
	Children    Depth = iota // what lies directly in a folder
	Descendants              // every object below a folder
)

// Object is an object to be written.
type Object struct {
	Key          string
	Body         Body
	ContentType  string
	CacheControl string

	// From is the key of another object of this store that has the same bytes, that
	// portolan has written, and that never changes; "" without one. Create then
	// links or copies that one if it can, and otherwise writes the Body; Replace always
	// writes the Body. From is only for keys that are made from the bytes: some buckets
	// put a copy in the place of whatever lies there. A link shares its bytes with what
	// it was made from: what another program writes into one of the files is in both.
	From string

	// Deferred lets the store postpone making the object durable, and
	// visible to others, until it next writes an object that is not deferred,
	// or deletes one: that write happens only after everything deferred is
	// safe. So a record never becomes durable before what it refers to, and
	// a store that can flush many objects at once need not flush each. After
	// a power cut, or if the process ends first, a deferred object is whole,
	// or as it was before.
	//
	// The Store that created the object shows it at once, and acts on it.
	// Other Stores, and other programs, may see it only after that next write
	// has returned. So the last write of a process must not be deferred. If
	// the object then cannot be made safe, or another program has written
	// different bytes there, that write fails, with the object's key in the
	// error, and so do all later ones until the object is written again. A
	// deferred Replace also waits for that next write, and is dropped, without an
	// error, if the version that it replaces was replaced or deleted by then: it
	// is for what the last writer may decide. A store that gains nothing from
	// this ignores Deferred.
	Deferred bool
}

// Entry describes an object, or a folder, in a listing.
type Entry struct {
	Key      string    // of a folder: without a trailing slash
	Size     int64     // in bytes
	Modified time.Time // when this version came to be, by the store's clock
	Token    string    // differs between any two versions of an object
	Dir      bool      // a folder; the other fields but Key are zero
}

// Reader is an open object.
type Reader struct {
	io.ReadCloser
	Entry Entry
}

// maxRoom is the most memory in bytes that ReadAll takes at once because an object is said
// to be that large. It takes more as the bytes come.
const maxRoom = 16 << 20

// ReadAll returns the object's bytes, of which there may be at most limit.
func ReadAll(ctx context.Context, s Store, key string, limit int64) ([]byte, Entry, error) {
	r, err := s.Get(ctx, key)
	if err != nil {
		return nil, Entry{}, err
	}
	defer r.Close()
	if r.Entry.Size > limit {
		return nil, Entry{}, About(key, ErrTooLarge) // without reading up to the limit
	}
	var b bytes.Buffer
	b.Grow(int(min(max(r.Entry.Size, 0), maxRoom)) + bytes.MinRead)
	n, err := b.ReadFrom(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, Entry{}, About(key, err)
	}
	if n > limit {
		return nil, Entry{}, About(key, ErrTooLarge)
	}
	return b.Bytes(), r.Entry, nil
}
