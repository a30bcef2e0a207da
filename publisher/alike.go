package publisher

import (
	"context"
	"errors"
	"path"
	"strings"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/spelling"
)

// Alike finds the channel that a channel's name, which the site does not have, may have
// been meant to be: one that differs in case alone, or else one that is a slip away. A
// result is "" if no channel is like that. It lists the folders along the name.
func Alike(ctx context.Context, site bucket.Store, name string) (inCase, aSlip string, err error) {
	folders := []string{""}
	for segment := range strings.SplitSeq(strings.ToLower(name), "/") {
		var next []string
		for _, folder := range folders {
			for e, err := range site.List(ctx, folder, bucket.Children) {
				if err != nil {
					return "", "", err
				}
				base := strings.ToLower(path.Base(e.Key))
				if e.Dir && (base == segment || spelling.OneSlip(base, segment)) && channelname.CheckOld(e.Key) == nil {
					next = append(next, e.Key)
				}
			}
		}
		folders = next
	}
	for _, other := range folders {
		same := strings.EqualFold(other, name)
		if other == name || !same && !spelling.OneSlip(strings.ToLower(other), strings.ToLower(name)) {
			continue
		}
		there, err := HasIndex(ctx, site, other)
		switch {
		case err != nil:
			return "", "", err
		case there && same && inCase == "":
			inCase = other
		case there && !same && aSlip == "":
			aSlip = other
		}
	}
	return inCase, aSlip, nil
}

// HasIndex reports whether the channel has an index. One whose log changed nothing, since
// all its uploads were refused, has none, and is not a channel for readers.
func HasIndex(ctx context.Context, site bucket.Store, name string) (bool, error) {
	r, err := site.Get(ctx, headKey(name))
	if errors.Is(err, bucket.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, r.Close()
}
