package publisher

import (
	"context"
	"slices"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
)

// ReservedChannels finds channels whose names were reserved later, in these folders of the
// site's root ([RootFolders]): all of them on a folder. In a bucket, where each folder costs
// a request, it looks only at and below folders of such names; [Channels] finds the others.
// What it may not read it passes over.
func ReservedChannels(ctx context.Context, site bucket.Store, folders []string) ([]string, error) {
	_, cheap := site.(bucket.Folder)
	enter := func(folder string) bool {
		return mayHoldChannels(folder) && (cheap || channelname.Reserved(folder) != nil)
	}
	folders = slices.DeleteFunc(slices.Clone(folders), func(folder string) bool { return !enter(folder) })
	channels, _, err := (&channelWalk{site: site, enter: enter, closed: true}).from(ctx, folders...)
	return slices.DeleteFunc(channels, func(name string) bool { return channelname.Reserved(name) == nil }), err
}
