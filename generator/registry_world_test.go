package generator_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// checkRegistry checks what holds at every moment: what lies under a digest has it, what a
// tag names is there with all its parts, what a list names is tagged, and no list goes back.
func (w *world) checkRegistry(s *state) error {
	for key, b := range s.site {
		k, ok := registry.ParseKey(key)
		var err error
		switch {
		case !ok:
		case k.Digest() != "" && w.judge.digest(b) != k.SHA256:
			err = fmt.Errorf("it has the SHA-256 %s", w.judge.digest(b))
		case k.Kind == registry.ByTag:
			err = s.checkTag(w.judge, k, b)
		case k.Kind == registry.TagList:
			err = w.checkList(s, k, b)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

func (s *state) checkTag(j judge, k registry.Key, b []byte) error {
	m, err := j.manifest(b)
	if err != nil {
		return err
	}
	sum := j.digest(b)
	needs := []string{
		registry.ManifestKey(k.Repository, sum), registry.ReferrersKey(k.Repository, sum),
		registry.BlobKey(k.Repository, m.Config.SHA256), registry.BlobKey(k.Repository, m.Archive.SHA256),
	}
	if m.Provenance.Size > 0 {
		needs = append(needs, registry.BlobKey(k.Repository, m.Provenance.SHA256))
	}
	for _, key := range needs {
		if s.site[key] == nil {
			return fmt.Errorf("%s is missing", key)
		}
	}
	return nil
}

func (j judge) manifest(b []byte) (*registry.Manifest, error) {
	if len(b) > 0 && j.manifests[&b[0]] != nil {
		return j.manifests[&b[0]], nil
	}
	m, err := registry.Parse(b)
	if err == nil {
		j.manifests[&b[0]] = m
	}
	return m, err
}

func (w *world) checkList(s *state, k registry.Key, b []byte) error {
	list, err := registry.ParseTags(b)
	if err != nil || list.Repository != k.Repository {
		return fmt.Errorf("it is %+v, %v", list, err)
	}
	key := registry.TagsKey(k.Repository)
	if list.Generation < w.shown[key] {
		return fmt.Errorf("it shows generation %d, but has shown %d", list.Generation, w.shown[key])
	}
	w.shown[key] = list.Generation
	for _, tag := range list.Tags {
		if s.site[registry.TagKey(k.Repository, tag)] == nil {
			return fmt.Errorf("the tag %s is missing", tag)
		}
	}
	return nil
}

// checkTags checks that tags and lists of tags are what the log says in the end: each
// version in the index that got a manifest since the channel is in the registry has its
// tag, and the lists of complete charts name all.
func (c *channelState) checkTags(channel string, site map[string][]byte) error {
	since, all := 0, false
	given := map[string]string{} // manifests by URL
	listed := map[string]bool{}  // charts
	for _, r := range c.records {
		if r.Change == nil {
			continue
		}
		var header index
		if err := json.Unmarshal([]byte(strings.TrimSuffix(r.Change.Header, `,"entries":{`)+"}"), &header); err != nil {
			return err
		}
		was := since
		since = 0
		fmt.Sscan(header.Annotations["portolan/oci"], &since)
		all = header.Annotations["portolan/oci-all"] != ""
		if since != was {
			clear(given)
			clear(listed)
		}
		for _, d := range r.Decisions {
			if d.Manifest != "" {
				given[publisher.ReleaseURL(d.Chart, d.Version, d.Upload)] = d.Manifest
			}
		}
		for _, a := range r.Actions {
			for _, v := range a.Versions {
				if v.Manifest != "" {
					given[publisher.ReleaseURL(v.Chart, v.Version, cmp.Or(v.Upload, a.ID))] = v.Manifest
				}
			}
		}
		if r.Registry != nil {
			for _, m := range r.Registry.Manifests {
				given[publisher.ReleaseURL(m.Chart, m.Version, m.Upload)] = m.Manifest
			}
			for _, chart := range r.Registry.Complete {
				listed[chart] = true
			}
		}
	}
	if since == 0 {
		return nil
	}
	yanked := replay(c.records).yanked
	for _, indexes := range []string{"/index.yaml", "/all/index.yaml"} {
		var x index
		if b := site[channel+indexes]; b != nil {
			if err := json.Unmarshal(b, &x); err != nil {
				return err
			}
		}
		for chart, entries := range x.Entries {
			if strings.ToLower(chart) != chart {
				continue
			}
			if err := checkChartTags(site, channel, chart, entries, given, yanked, all || listed[chart]); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkChartTags(site map[string][]byte, channel, chart string, entries []indexEntry, given map[string]string, yanked map[string]bool, listed bool) error {
	repository := registry.Repository(channel, chart)
	list, _ := registry.ParseTags(site[registry.TagsKey(repository)])
	for _, e := range entries {
		if len(e.Version) > 128 {
			continue // no tag is that long
		}
		tag := registry.Tag(e.Version)
		sum := given[e.URLs[0][strings.Index(e.URLs[0], "charts/"):]]
		switch {
		case sum == "" && listed:
			return fmt.Errorf("%s %s has no manifest in the log", repository, e.Version)
		case sum != "" && digest(site[registry.TagKey(repository, tag)]) != sum:
			return fmt.Errorf("the tag %s of %s does not name %s", tag, repository, sum)
		case listed && slices.Contains(list.Tags, tag) == yanked[chart+" "+e.Version]:
			return fmt.Errorf("the tag %s of %s is listed although it is yanked, or not listed", tag, repository)
		}
	}
	return nil
}
