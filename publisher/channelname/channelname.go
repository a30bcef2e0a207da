// Package channelname says what a channel may be called.
package channelname

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
)

// MaxLength is the longest channel name, in bytes. It leaves room for chart,
// version and upload in a key of at most 1,024.
const MaxLength = 255

var (
	segmentRE = lazyregexp.New(`^[a-zA-Z0-9]+([._-][a-zA-Z0-9]+)*$`)

	// Names of portolan's own folders, which no segment of a channel may have.
	ownSegments = []string{"charts", "log", "snapshots", "api", "assets"}

	// Endings of the files that portolan writes. By them a web server tells a
	// file from a channel.
	ownEndings = []string{".tgz", ".prov", ".html", ".yaml", ".json", ".xml", ".svg", ".txt", ".css", ".js"}
)

// Check returns an error if name cannot be the name of a channel. The error is a
// [*ReservedError] if it could be one in the past.
func Check(name string) error {
	if err := CheckOld(name); err != nil {
		return err
	}
	if reserved := Reserved(name); reserved != nil {
		return reserved
	}
	return nil
}

// CheckOld is [Check] for a channel that may be on the site already: it
// allows names that were reserved later.
func CheckOld(name string) error {
	if name == "" {
		return fmt.Errorf("channel name is empty")
	}
	if len(name) > MaxLength {
		return fmt.Errorf("channel %.40q… is longer than %d characters", name, MaxLength)
	}
	for segment := range strings.SplitSeq(name, "/") {
		if !segmentRE.MatchString(segment) {
			return fmt.Errorf("channel %q: segment %q must be letters and digits, joined by single '.', '-' or '_'", name, segment)
		}
		lower := strings.ToLower(segment)
		if slices.Contains(ownSegments, lower) {
			return fmt.Errorf("channel %q: segment %q is a folder of portolan's own", name, segment)
		}
		for _, ending := range ownEndings {
			if strings.HasSuffix(lower, ending) {
				return fmt.Errorf("channel %q: segment %q ends like a file that portolan writes (%s)", name, segment, ending)
			}
		}
	}
	return nil
}

// IsOwnFolder reports whether a segment of a path in the site is the name of one of
// portolan's own folders, and not a part of a channel's name.
func IsOwnFolder(segment string) bool { return slices.Contains(ownSegments, segment) }

// reservedSegments are names of folders that portolan needs for more than charts, or
// will need. Channels could be called so before, and a site may still have one.
var reservedSegments = []string{"all", "v2", "blobs", "manifests", "referrers", "tags"}

// ReservedError is the error about a name that a channel could have before portolan
// reserved one of its segments. If the site has such a channel, it is still served,
// verified and pruned, but takes no uploads until it is moved.
type ReservedError struct{ Channel, Segment string }

// Error names the channel and the segment.
func (e *ReservedError) Error() string {
	return fmt.Sprintf("channel %q: segment %q is reserved for files of portolan's own", e.Channel, e.Segment)
}

// Fix says how to move the channel.
func (e *ReservedError) Fix() string {
	return fmt.Sprintf("use another name; to move a channel that has this one, copy the site's folder %[1]s/ to NEW/, run 'portolan rebuild --channel NEW', "+
		"let clients and uploads use NEW, and delete %[1]s/", e.Channel)
}

// Reserved returns the error about a channel's name if a segment of it is reserved, or nil.
func Reserved(name string) *ReservedError {
	for segment := range strings.SplitSeq(name, "/") {
		if slices.Contains(reservedSegments, strings.ToLower(segment)) {
			return &ReservedError{Channel: name, Segment: segment}
		}
	}
	return nil
}
