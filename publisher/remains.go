package publisher

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"path"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// remains is what is left on the site of a version, contents of which are gone for good: they
// were taken down, or freed.
type remains struct {
	site    bucket.Store
	channel *Channel
	at      version
	past    *past
	buried  map[string]bool // digests and fingerprints of what is gone
	stays   bool            // the version is published, with other content
	folders []folder        // of its uploads
	workers int
	dry     bool // remove nothing

	keys    map[string]bool // what caches may have copies of
	removed []bucket.Entry  // all that was
}

// folder is the folder of an upload, as it is listed.
type folder struct {
	upload string
	files  []bucket.Entry
	goes   bool // it is to be removed
}

// there returns those of the keys that exist.
func (r *remains) there(ctx context.Context, keys []string) (there []bucket.Entry, err error) {
	for _, key := range keys {
		in, err := r.site.Get(ctx, key)
		switch {
		case errors.Is(err, bucket.ErrNotFound):
		case err != nil:
			return nil, err
		default:
			there = append(there, in.Entry)
			in.Close()
		}
	}
	return there, nil
}

// remove removes files of the site.
func (r *remains) remove(ctx context.Context, files []bucket.Entry) error {
	keys := keysOf(files)
	r.note(keys...)
	if !r.dry {
		if err := errors.Join(bucket.DeleteAll(ctx, r.site, r.workers, keys)...); err != nil {
			return err
		}
	}
	r.removed = append(r.removed, files...)
	return nil
}

// note notes keys of files of which caches may have copies.
func (r *remains) note(keys ...string) {
	for _, key := range keys {
		r.keys[key] = true
	}
}

func keysOf(files []bucket.Entry) []string {
	keys := make([]string, len(files))
	for i, e := range files {
		keys[i] = e.Key
	}
	return keys
}

// goes reports whether an upload's files are to be removed. What is undecided, or was
// decided after its version was gone, goes only if its content is gone: no record can publish it.
func (r *remains) goes(ctx context.Context, f folder) (bool, error) {
	switch {
	case r.past.uploads[f.upload] != nil:
		return r.past.gone(f.upload), nil
	case r.past.useless(f.upload):
		return true, nil
	}
	digest, print, err := r.contentOf(ctx, r.channel.Name, f.upload)
	return r.isGone(digest, print), err
}

// isGone reports whether content is gone.
func (r *remains) isGone(digest, fingerprint string) bool {
	return digest != "" && r.buried[digest] || fingerprint != "" && r.buried[fingerprint]
}

// contentOf is the digest and the fingerprint of an upload's archive: by its release.json,
// or else, without a fingerprint, by its bytes. Both are "" if it has neither.
func (r *remains) contentOf(ctx context.Context, channel, upload string) (digest, fingerprint string, err error) {
	url := ReleaseURL(r.at.chart, r.at.version, upload)
	info, err := ReadRelease(ctx, r.site, channel, url)
	if err == nil {
		return info.Digest, info.Fingerprint, nil
	}
	if !errors.Is(err, bucket.ErrNotFound) {
		return "", "", err
	}
	in, err := OpenArchive(ctx, r.site, channel, url)
	if errors.Is(err, bucket.ErrNotFound) {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	defer in.Close()
	h := sha256.New()
	_, err = io.Copy(h, in)
	return hex.EncodeToString(h.Sum(nil)), "", err
}

// removeFolder removes an upload's files: release.json last, since it says what the others
// are, also if this is cut off.
func (r *remains) removeFolder(ctx context.Context, f folder) error {
	var first, last []bucket.Entry
	for _, e := range f.files {
		if path.Base(e.Key) == releaseFile {
			last = append(last, e)
		} else {
			first = append(first, e)
		}
	}
	for _, files := range [][]bucket.Entry{first, last} {
		if err := r.remove(ctx, files); err != nil {
			return err
		}
	}
	if disk, ok := r.site.(bucket.Folder); ok && !r.dry {
		folder := path.Dir(f.files[0].Key)
		disk.RemoveEmpty(folder)
		disk.RemoveEmpty(path.Dir(folder))
	}
	return nil
}
