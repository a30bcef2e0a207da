package pages

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/generator/values"
	"github.com/portolan-charts/portolan/templates"
)

// What pages say about where images come from.
const (
	fromAnnotation = "from an annotation in Chart.yaml"
	fromValues     = "derived from values.yaml"
)

// images returns the images that a chart declares or, if it declares none, those that
// its values name, and where they come from.
func (a *archive) images(ctx context.Context) (all []templates.Image, from string) {
	if all := annotatedImages(a.Metadata); len(all) > 0 {
		return all, fromAnnotation
	}
	return a.imagesInValues(ctx), fromValues
}

// imagesInValues returns the images that the values of a chart name.
func (a *archive) imagesInValues(ctx context.Context) []templates.Image {
	if a.searched {
		return a.named
	}
	found, _ := values.Images(ctx, a.file, a.Metadata.AppVersion)
	var all []templates.Image
	for _, image := range found {
		all = append(all, templates.Image{Name: oneLine(image.Path), Image: oneLine(image.Ref)})
	}
	if ctx.Err() == nil {
		a.named, a.searched = all, true
	}
	return all
}

// compareImages compares the images of two versions by their names without tags.
func compareImages(ctx context.Context, d *templates.Difference, before, after *archive) {
	a, from := before.images(ctx)
	b, source := after.images(ctx)
	switch {
	case len(a)+len(b) == 0:
	case from == source || len(a) == 0:
		d.ImagesFrom = source
	case len(b) == 0:
		d.ImagesFrom = from
	default:
		d.ImagesFrom = source + ", before " + from
	}
	old, now := imageTags(a), imageTags(b)
	for _, name := range sortedKeys(old, now) {
		a, b := tagText(old[name]), tagText(now[name])
		switch {
		case old[name] == nil:
			d.ImagesAdded = append(d.ImagesAdded, reference(name, b))
		case now[name] == nil:
			d.ImagesRemoved = append(d.ImagesRemoved, reference(name, a))
		case a != b:
			d.ImagesChanged = append(d.ImagesChanged, templates.DependencyChange{Name: name, Before: a, After: b})
		}
	}
}

// imageTags returns the tags of images, by name. A digest counts as a tag if there is
// no other.
func imageTags(images []templates.Image) map[string]map[string]bool {
	tags := map[string]map[string]bool{}
	for _, image := range images {
		name, digest, _ := strings.Cut(image.Image, "@")
		tag := digest
		if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
			name, tag = name[:i], name[i+1:]
		}
		if tags[name] == nil {
			tags[name] = map[string]bool{}
		}
		tags[name][tag] = true
	}
	return tags
}

// tagText returns tags as one text.
func tagText(tags map[string]bool) string {
	return shortened(strings.Join(slices.Sorted(maps.Keys(tags)), ", "), maxPageName)
}

// reference returns an image with its tag.
func reference(name, tag string) string {
	if tag == "" {
		return name
	}
	return name + ":" + tag
}
