package publisher

import (
	"context"
	"maps"
	"path"
	"slices"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// notePages notes the version's pages before anything is committed: a generator that knows
// of that may remove them first.
func (t *takedown) notePages(ctx context.Context) error {
	pages, _, err := t.listFiles(ctx, t.Channel)
	t.note(keysOf(pages)...)
	return err
}

// noteLists notes the files that list the channel's versions.
func (t *takedown) noteLists(ctx context.Context) error {
	lists := []string{headKey(t.Channel), chartIndexKey(t.Channel, t.Chart), allIndexKey(t.Channel)}
	if t.channel.root != nil {
		lists = append(lists, rootKey)
	}
	if registry.CheckVersion(t.Channel, t.Chart, t.Version) == nil {
		lists = append(lists, registry.TagsKey(registry.Repository(t.Channel, t.Chart)))
	}
	there, err := t.there(ctx, lists)
	t.note(keysOf(there)...)
	return err
}

// look finds out what of the version's folder is to be removed: its pages, and the files of
// its uploads, also of those that were never published, or not yet, if they are decided or
// their content is gone.
func (t *takedown) look(ctx context.Context) (err error) {
	if t.pages, t.folders, err = t.listFiles(ctx, t.Channel); err != nil {
		return err
	}
	if t.stays {
		t.pages = nil
	}
	for i, f := range t.folders {
		if t.folders[i].goes, err = t.goes(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// removeFiles removes the version's pages and the files of its uploads.
func (t *takedown) removeFiles(ctx context.Context) error {
	for id, u := range t.past.uploads {
		if t.past.gone(id) {
			t.noteFiles(u)
		}
	}
	if err := t.remove(ctx, t.pages); err != nil {
		return err
	}
	for _, f := range t.folders {
		if f.goes {
			if err := t.removeFolder(ctx, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// noteFiles notes the keys of an upload's files.
func (t *takedown) noteFiles(u *pastUpload) {
	archive := path.Join(t.Channel, u.url)
	t.note(archive, releaseKey(archive))
	if u.provenance != "" {
		t.note(archive + ".prov")
	}
}

// listFiles lists what a channel has in the version's folder: pages, and what belongs to
// uploads.
func (t *takedown) listFiles(ctx context.Context, channel string) (pages []bucket.Entry, folders []folder, err error) {
	dir := path.Join(channel, chartsDir, t.Chart, t.Version)
	uploads := map[string]*folder{}
	for e, err := range t.site.List(ctx, dir, bucket.Descendants) {
		if err != nil {
			return nil, nil, err
		}
		if path.Dir(e.Key) == dir {
			pages = append(pages, e)
			continue
		}
		_, upload, ours := chartFile(e.Key[len(channel)+1:])
		if !ours {
			continue
		}
		if uploads[upload] == nil {
			uploads[upload] = &folder{upload: upload}
		}
		uploads[upload].files = append(uploads[upload].files, e)
	}
	for _, upload := range slices.Sorted(maps.Keys(uploads)) {
		folders = append(folders, *uploads[upload])
	}
	return pages, folders, nil
}
