package publisher

import (
	"context"
	"path"
	"slices"

	"github.com/portolan-charts/portolan/publisher/droparea"
)

// removeRejected removes refused uploads of the version from the drop area, and those of the
// same archive whatever they claim to be: their receipts say what they are. The receipts
// that uploaders ask for stay.
func (t *takedown) removeRejected(ctx context.Context) (err error) {
	if t.Drop != nil {
		t.report.Rejected, err = droparea.RemoveRejected(ctx, t.Drop, t.Channel, t.Workers, t.DryRun, t.refused)
	}
	return err
}

// refused reports whether a refused upload is one of what was taken down.
func (t *takedown) refused(r *droparea.Receipt) bool {
	if r.Chart == "" && r.Request != nil && r.Request.File == t.Chart+"-"+t.Version+chartExt {
		return true // nobody could read more of it than its name
	}
	return (version{r.Chart, r.Version}) == t.at || t.isGone(r.Digest, "")
}

// findCopies looks in the other channels for archives of the version whose digest or
// fingerprint is that of what was taken down: also for those that were replaced, are left
// out of lists, or are not published yet. What has the same content has the same Chart.yaml,
// so its name and version.
func (t *takedown) findCopies(ctx context.Context) error {
	walk := channelWalk{site: t.site, enter: mayHoldChannels, charts: true} // it may not have a log yet
	channels, _, err := walk.from(ctx, "")
	if err != nil {
		return err
	}
	for _, name := range channels {
		if name == t.Channel {
			continue
		}
		_, folders, err := t.listFiles(ctx, name)
		if err != nil {
			return err
		}
		for _, f := range folders {
			digest, print, err := t.contentOf(ctx, name, f.upload)
			if err != nil {
				return err
			}
			if t.isGone(digest, print) {
				key := path.Join(name, ReleaseURL(t.Chart, t.Version, f.upload))
				t.report.Copies = append(t.report.Copies, Copy{name, key, digest, slices.Contains(t.report.Contents, digest)})
			}
		}
	}
	return nil
}
