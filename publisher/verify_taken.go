package publisher

import (
	"context"
	"errors"
	"path"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/registry"
)

const (
	stillThere = "its version was taken down, but it is still there"
	fixTaken   = "run 'portolan takedown' for this version once more, which removes it"
)

// taken is when a version was taken down.
type taken struct {
	generation int
	time       time.Time
}

// takeAway notes what a record takes down or frees: of that, nothing need be there, whatever
// snapshots name.
func (v *verifier) takeAway(r *Record) {
	gone := r.gone(removals...)
	if len(gone) == 0 {
		return
	}
	for key, a := range v.archives {
		a.gone = a.gone || gone[releaseVersion(strings.TrimPrefix(key, v.name+"/"))]
	}
	if v.taken == nil {
		v.taken = map[version]taken{}
	}
	for _, a := range r.Actions {
		for _, p := range a.Versions {
			if a.Kind == action.TakeDown {
				v.taken[version{p.Chart, p.Version}] = taken{r.Generation, r.Time}
			}
		}
	}
}

// checkTaken makes sure that nothing is left of what was taken down. What was taken down a
// moment ago may just be being removed.
func (v *verifier) checkTaken(ctx context.Context) error {
	if v.broken {
		return nil
	}
	for at, t := range v.taken {
		for look, pause := 1, firstLook; ; look, pause = look+1, 2*pause {
			left, err := v.leftOf(ctx, at)
			if err != nil {
				return err
			}
			if len(left) > 0 && look < looks && v.Now().Sub(t.time) < moment {
				if err := v.Sleep(ctx, pause); err != nil {
					return err
				}
				continue
			}
			for _, key := range left {
				v.fault(key, fixTaken, stillThere)
			}
			break
		}
	}
	return nil
}

// faultLeft tells of a tag that is left of a version which was taken down, or freed.
func (v *verifier) faultLeft(key string) {
	for at := range v.taken {
		if key == registry.TagKey(registry.Repository(v.name, at.chart), registry.Tag(at.version)) {
			v.fault(key, fixTaken, stillThere)
			return
		}
	}
	v.fault(key, "delete this file", "its version was freed, but it is still there")
}

// leftOf returns the keys of what is left of a version that was taken down.
func (v *verifier) leftOf(ctx context.Context, at version) (left []string, err error) {
	gone, folders := v.goneFiles(at)
	folder := path.Join(v.name, chartsDir, at.chart, at.version)
	live := v.index.mayHave(at)
	for e, err := range v.site.List(ctx, folder, bucket.Descendants) {
		if errors.Is(err, errors.ErrUnsupported) {
			break
		}
		if err != nil {
			return nil, v.unreadable(ctx, folder, err)
		}
		// Beside the folders of uploads lie the version's pages.
		if page := path.Dir(e.Key) == folder; page && !live || folders[path.Dir(e.Key)] {
			left = append(left, e.Key)
		}
		delete(gone, e.Key)
	}
	for key := range gone {
		r, err := v.site.Get(ctx, key)
		switch {
		case errors.Is(err, bucket.ErrNotFound):
			v.readable()
		case err != nil:
			if err := v.unreadable(ctx, key, err); err != nil {
				return nil, err
			}
		default:
			r.Close()
			left = append(left, key)
		}
	}
	return left, nil
}

// goneFiles are the keys of a version's files that must not be there, and the folders of its
// uploads.
func (v *verifier) goneFiles(at version) (gone, folders map[string]bool) {
	gone, folders = map[string]bool{}, map[string]bool{}
	repository := registry.Repository(v.name, at.chart)
	for key, a := range v.archives {
		if !a.gone || releaseVersion(strings.TrimPrefix(key, v.name+"/")) != at {
			continue
		}
		gone[key], folders[path.Dir(key)] = true, true
		gone[registry.BlobKey(repository, a.digest)] = true
		if a.prov != "" {
			gone[key+".prov"] = true
			gone[registry.BlobKey(repository, a.prov)] = true
		}
	}
	for _, release := range v.manifests.releases {
		if release.gone && release.manifest != "" && releaseVersion(release.url) == at {
			gone[registry.ManifestKey(repository, release.manifest)] = true
		}
	}
	return gone, folders
}
