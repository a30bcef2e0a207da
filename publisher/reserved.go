package publisher

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// reservedSegments are names of folders that portolan needs for more than charts, or
// will need. Channels could be called so before, and a site may still have one.
var reservedSegments = []string{allDir, "v2", "blobs", "manifests", "referrers", "tags"}

// reservedSegment returns the first segment of a channel's name that is reserved, or "".
func reservedSegment(name string) string {
	for segment := range strings.SplitSeq(name, "/") {
		if slices.Contains(reservedSegments, strings.ToLower(segment)) {
			return segment
		}
	}
	return ""
}

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

// Reserved returns the error about a channel's name if a part of it is reserved, or nil.
func Reserved(name string) *ReservedError {
	if segment := reservedSegment(name); segment != "" {
		return &ReservedError{Channel: name, Segment: segment}
	}
	return nil
}

// ReservedChannels finds channels whose names were reserved later, in these folders of the
// site's root ([RootFolders]): all of them on a folder. In a bucket, where each folder costs
// a request, it looks only at and below folders of such names; [Channels] finds the others.
// What it may not read it passes over.
func ReservedChannels(ctx context.Context, site bucket.Store, folders []string) ([]string, error) {
	_, cheap := site.(bucket.Folder)
	enter := func(folder string) bool {
		return mayHoldChannels(folder) && (cheap || reservedSegment(folder) != "")
	}
	folders = slices.DeleteFunc(slices.Clone(folders), func(folder string) bool { return !enter(folder) })
	channels, _, err := (&channelWalk{site: site, enter: enter, closed: true}).from(ctx, folders...)
	return slices.DeleteFunc(channels, func(name string) bool { return reservedSegment(name) == "" }), err
}
