package values

import (
	"context"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
)

const (
	// maxImages bounds the images that are found in one file.
	maxImages = 100

	// maxImage bounds a part of an image's name, in bytes.
	maxImage = 300
)

// An Image is a container image that the defaults name.
type Image struct {
	Path string // of the key that names it first
	Ref  string // registry.example.com/group/name:tag@digest
}

var (
	repositoryPattern = lazyregexp.New(`^[A-Za-z0-9][\w.-]*(:[0-9]+)?(/[\w.-]+)*$`)
	tagPattern        = lazyregexp.New(`^\w[\w.-]*$`)
	digestPattern     = lazyregexp.New(`^[a-z0-9]+:[0-9a-fA-F]{32,}$`)
)

// Images returns the container images that the defaults of a values.yaml name, each
// once, in the order of the file: mappings with a repository, and keys such as image
// and sidecarImage with a text. In a mapping without a tag it is appVersion, as in
// most charts. The second result is whether these are all that the file names as far
// as it could be read. What is made by templates is not found.
func Images(ctx context.Context, file *File, appVersion string) (images []Image, complete bool) {
	root, note := file.parse(ctx)
	if note != "" {
		return nil, false
	}
	s := &imageSearch{ctx: ctx, appVersion: appVersion, known: map[string]bool{}}
	s.node(root, "", 0)
	return s.images, !s.more
}

// An imageSearch collects images.
type imageSearch struct {
	ctx        context.Context
	appVersion string
	images     []Image
	known      map[string]bool
	visits     int
	more       bool // there may be others
}

// node looks for images in a node and those below it.
func (s *imageSearch) node(n *yaml.Node, path string, depth int) {
	if s.visits++; s.visits%1024 == 0 && s.ctx.Err() != nil || depth > maxDepth {
		s.more = true
	}
	switch {
	case s.more:
	case n.Kind == yaml.MappingNode:
		s.mapping(n, path)
		for i := 0; i+1 < len(n.Content) && !s.more; i += 2 {
			s.node(n.Content[i+1], join(path, resolve(n.Content[i]).Value), depth+1)
		}
	case n.Kind == yaml.SequenceNode:
		for i := 0; i < len(n.Content) && !s.more; i++ {
			s.node(n.Content[i], join(path, strconv.Itoa(i)), depth+1)
		}
	}
}

// mapping looks for the image that a mapping is, and for those that its keys name.
func (s *imageSearch) mapping(n *yaml.Node, path string) {
	texts := map[string]string{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if v := resolve(n.Content[i+1]); v.Kind == yaml.ScalarNode && len(v.Value) <= maxImage && v.ShortTag() != "!!null" {
			texts[resolve(n.Content[i]).Value] = v.Value
		}
	}
	if ref := s.parts(texts, path); ref != "" {
		s.add(path, ref)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := resolve(n.Content[i]).Value
		if key != "image" && !strings.HasSuffix(key, "Image") || tagOf(resolve(n.Content[i+1])) != "!!str" {
			continue
		}
		tag := texts[key+"Tag"]
		if tag == "" && key == "image" {
			tag = texts["tag"]
		}
		if ref := whole(texts[key], tag); ref != "" {
			s.add(join(path, key), ref)
		}
	}
}

// parts returns the image that a mapping with these texts is, or "".
func (s *imageSearch) parts(texts map[string]string, path string) string {
	repository := texts["repository"]
	named := strings.Contains(strings.ToLower(path[strings.LastIndexByte(path, '.')+1:]), "image")
	_, tagged := texts["tag"]
	if repository == "" && (named || tagged) {
		for _, key := range []string{"name", "repo", "image"} {
			if key == "image" && !named || key == "name" && !(named && tagged) {
				continue
			}
			if repository = texts[key]; repository != "" {
				break
			}
		}
	}
	if _, pulled := texts["pullPolicy"]; !named && !tagged && !pulled && texts["digest"] == "" {
		return ""
	}
	registry := strings.TrimSuffix(texts["registry"], "/")
	if registry != "" && !strings.HasPrefix(repository, registry+"/") {
		repository = registry + "/" + repository
	}
	tag := texts["tag"]
	if tag == "" && !strings.Contains(repository[strings.LastIndexByte(repository, '/')+1:], ":") {
		tag = s.appVersion
	}
	ref := whole(repository, tag)
	digest := texts["digest"]
	if ref == "" || texts["useDigest"] == "false" || !digestPattern.MatchString(digest) || strings.Contains(ref, "@") {
		return ref
	}
	return ref + "@" + digest
}

// whole returns the image of a repository, which may have a tag and a digest, with
// the tag if it has none. It is "" if that does not look like an image.
func whole(repository, tag string) string {
	name, digest, pinned := strings.Cut(repository, "@")
	if pinned && !digestPattern.MatchString(digest) {
		return ""
	}
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name, tag = name[:i], name[i+1:]
	}
	if !repositoryPattern.MatchString(name) {
		return ""
	}
	tag, at, ok := strings.Cut(tag, "@")
	if ok && !pinned && digestPattern.MatchString(at) {
		digest, pinned = at, true
	}
	ref := name
	switch {
	case digestPattern.MatchString(tag): // some charts take a digest for a tag
		return name + "@" + tag
	case tagPattern.MatchString(tag):
		ref += ":" + tag
	case tag != "":
		return ""
	}
	if pinned {
		ref += "@" + digest
	}
	return ref
}

// add adds an image, unless it is known.
func (s *imageSearch) add(path, ref string) {
	switch {
	case s.known[ref] || len(ref) > maxImage:
	case len(s.images) == maxImages:
		s.more = true
	default:
		s.known[ref] = true
		s.images = append(s.images, Image{Path: shownPath(path), Ref: ref})
	}
}
