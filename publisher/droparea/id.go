package droparea

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// NewID returns the id of a new upload, a UUIDv7: ids sort by the clock of the machine
// that makes them, and are unique.
func NewID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("making an upload id: %v", err)
	}
	return id.String(), nil
}

// adoptedID returns the id of a file that somebody put into the inbox: a UUIDv8 made
// from its arrival (60 bits: milliseconds, then 1/4096 of one) and from everything that
// tells this version of the file from any other. So generators that adopt the same file
// at the same time agree on its id, and a file overwritten under its old name gets
// another id.
func adoptedID(channel string, objects ...*bucket.Entry) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q", channel)
	var arrival time.Time
	for _, o := range objects {
		if o == nil {
			continue
		}
		fmt.Fprintf(h, " %q %d %d %q", o.Key, o.Modified.UnixNano(), o.Size, o.Token)
		if arrival.IsZero() {
			arrival = o.Modified
		}
	}
	var id uuid.UUID
	copy(id[:], h.Sum(nil))
	ms := arrival.UnixMilli()
	fraction := arrival.Sub(time.UnixMilli(ms)) * 4096 / time.Millisecond
	binary.BigEndian.PutUint64(id[:8], uint64(ms)<<16|0x8000|uint64(fraction))
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

// parseID reads an id in the only spelling that portolan uses. Any other name in the
// inbox was given by the file's owner.
func parseID(s string) (id uuid.UUID, ok bool) {
	id, err := uuid.Parse(s)
	ok = err == nil && id.String() == s && id.Variant() == uuid.RFC4122 &&
		(id.Version() == 7 || id.Version() == 8)
	return id, ok
}

// IsID reports whether a name is an id that portolan made.
func IsID(name string) bool {
	_, ours := parseID(name)
	return ours
}

// idTime is the time in an id: for a UUIDv7 when it was made, by the clock of its
// maker; for a UUIDv8 when the adopted file arrived.
func idTime(id uuid.UUID) time.Time {
	bits := binary.BigEndian.Uint64(id[:8])
	t := time.UnixMilli(int64(bits >> 16)).UTC()
	if id.Version() == 8 {
		t = t.Add(time.Duration(bits&0xfff) * time.Millisecond / 4096)
	}
	return t
}
