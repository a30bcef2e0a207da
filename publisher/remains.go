package publisher

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"path"
	"slices"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// there returns those of the keys that exist, and notes all of them.
func (t *takedown) there(ctx context.Context, keys []string) (there []string, err error) {
	for _, key := range keys {
		t.keys[key] = true
		r, err := t.site.Get(ctx, key)
		switch {
		case errors.Is(err, bucket.ErrNotFound):
		case err != nil:
			return nil, err
		default:
			there = append(there, key)
			r.Close()
		}
	}
	return there, nil
}

// remove removes files of the site.
func (t *takedown) remove(ctx context.Context, keys []string) error {
	if !t.DryRun {
		if err := errors.Join(bucket.DeleteAll(ctx, t.site, t.Workers, keys)...); err != nil {
			return err
		}
	}
	for _, key := range keys {
		t.keys[key] = true
	}
	t.report.Removed = append(t.report.Removed, keys...)
	return nil
}

// folder is the folder of an upload, as it is listed.
type folder struct {
	upload string
	files  []string // keys
	goes   bool     // it is to be removed
}

// look finds out what of the version's folder is to be removed: its pages, and the files of
// its uploads, also of those that were never published, or not yet, if they are decided or
// their content is gone.
func (t *takedown) look(ctx context.Context) (err error) {
	if t.pages, t.folders, err = t.listFiles(ctx, t.Channel); err != nil {
		return err
	}
	if t.stays() {
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
	t.keys[archive], t.keys[releaseKey(archive)] = true, true
	if u.provenance != "" {
		t.keys[archive+".prov"] = true
	}
}

// listFiles lists what a channel has in the version's folder: pages, and what belongs to
// uploads.
func (t *takedown) listFiles(ctx context.Context, channel string) (pages []string, folders []folder, err error) {
	dir := path.Join(channel, chartsDir, t.Chart, t.Version)
	uploads := map[string]*folder{}
	for e, err := range t.site.List(ctx, dir, bucket.Descendants) {
		if err != nil {
			return nil, nil, err
		}
		if path.Dir(e.Key) == dir {
			pages = append(pages, e.Key)
			continue
		}
		_, upload, ours := chartFile(e.Key[len(channel)+1:])
		if !ours {
			continue
		}
		if uploads[upload] == nil {
			uploads[upload] = &folder{upload: upload}
		}
		uploads[upload].files = append(uploads[upload].files, e.Key)
	}
	for _, upload := range slices.Sorted(maps.Keys(uploads)) {
		folders = append(folders, *uploads[upload])
	}
	return pages, folders, nil
}

// goes reports whether an upload's files are to be removed. What is undecided, or was
// decided after the takedown, goes only if its content is gone: no record can publish it.
func (t *takedown) goes(ctx context.Context, f folder) (bool, error) {
	switch {
	case t.past.uploads[f.upload] != nil:
		return t.past.gone(f.upload), nil
	case t.past.useless(f.upload):
		return true, nil
	}
	digest, print, err := t.contentOf(ctx, t.Channel, f.upload)
	return t.isGone(digest, print), err
}

// isGone reports whether content was taken down.
func (t *takedown) isGone(digest, fingerprint string) bool {
	return digest != "" && t.buried[digest] || fingerprint != "" && t.buried[fingerprint]
}

// stays reports whether the version is published, with content that was not taken down.
func (t *takedown) stays() bool {
	if t.DryRun {
		return t.report.Since
	}
	return t.channel.index.mayHave(t.at)
}

// contentOf is the digest and the fingerprint of an upload's archive: by its release.json,
// or else, without a fingerprint, by its bytes. Both are "" if it has neither.
func (t *takedown) contentOf(ctx context.Context, channel, upload string) (digest, fingerprint string, err error) {
	url := ReleaseURL(t.Chart, t.Version, upload)
	info, err := ReadRelease(ctx, t.site, channel, url)
	if err == nil {
		return info.Digest, info.Fingerprint, nil
	}
	if !errors.Is(err, bucket.ErrNotFound) {
		return "", "", err
	}
	r, err := OpenArchive(ctx, t.site, channel, url)
	if errors.Is(err, bucket.ErrNotFound) {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	defer r.Close()
	h := sha256.New()
	_, err = io.Copy(h, r)
	return hex.EncodeToString(h.Sum(nil)), "", err
}

// removeFolder removes an upload's files: release.json last, since it says what the others
// are, also if this is cut off.
func (t *takedown) removeFolder(ctx context.Context, f folder) error {
	var first, last []string
	for _, key := range f.files {
		if path.Base(key) == releaseFile {
			last = append(last, key)
		} else {
			first = append(first, key)
		}
	}
	for _, keys := range [][]string{first, last} {
		if err := t.remove(ctx, keys); err != nil {
			return err
		}
	}
	if disk, ok := t.site.(bucket.Folder); ok && !t.DryRun {
		folder := path.Dir(f.files[0])
		disk.RemoveEmpty(folder)
		disk.RemoveEmpty(path.Dir(folder))
	}
	return nil
}
