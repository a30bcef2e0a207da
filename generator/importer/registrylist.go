package importer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	oras "oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/httpread"
	"github.com/portolan-charts/portolan/publisher/pattern"
	"github.com/portolan-charts/portolan/publisher/registry"
)

// inRegistry is a chart in a registry, or all that lie below a path.
type inRegistry struct {
	*registries
	at oras.Reference // without a tag; the repository may be "", or only the path of some
}

// OpenRegistry returns the chart at a URL, which is the one that 'helm pull' takes, or
// the charts below it. A nil plain means that only a registry on this machine is asked
// by http.
func OpenRegistry(ref string, plain *bool, c Credentials) (*Repository, error) {
	host, repository, _ := strings.Cut(strings.TrimSuffix(ref[len(ociPrefix):], "/"), "/")
	at := oras.Reference{Registry: host, Repository: repository}
	err := at.ValidateRegistry()
	if err == nil && repository != "" {
		err = at.ValidateRepository()
	}
	switch {
	case strings.Contains(host, "@"):
		return nil, errors.New("the URL must not hold credentials, which others on this machine can read on the command line")
	case strings.ContainsAny(repository, ":@"):
		return nil, fmt.Errorf("%.200q has a tag or a digest, but all versions of a chart are imported", ref)
	case err != nil:
		return nil, fmt.Errorf("%.200q is not the URL of a chart in a registry", ref)
	}
	server := &url.URL{Scheme: "https", Host: at.Host()}
	if plain == nil && httpread.IsLoopback(host) || plain != nil && *plain {
		server.Scheme = "http"
	}
	w := newWeb(server, c)
	return &Repository{strings.TrimSuffix(ref, "/"), "tags", &inRegistry{w.registries, at}, w}, nil
}

// refs returns the only URL of a version.
func (p *inRegistry) refs(e Entry) ([]string, error) { return []string{e.URL}, nil }

// read finds nothing: a registry has no files.
func (p *inRegistry) read(context.Context, string, bool, func(io.Reader) error) error {
	return errMissing
}

// index lists the versions of the chart, or of those below the path. Charts are patterns
// for their names.
func (p *inRegistry) index(ctx context.Context, charts []string) (*Index, []string, error) {
	if p.at.Repository != "" {
		x, tags, err := p.versions(ctx, p.at)
		if err == nil && (len(x.Entries) > 0 || tags.n > 0) {
			return x, tags.tell("tag is not a version", "tags are not versions"), nil
		}
		if err != nil && !errors.Is(err, errMissing) {
			return nil, nil, err
		}
	}
	return p.below(ctx, charts)
}

// versions lists the versions of a chart, and counts the tags that are no versions.
func (p *inRegistry) versions(ctx context.Context, at oras.Reference) (*Index, *leftOut, error) {
	x, others, last := &Index{}, &leftOut{}, ""
	seen := map[string]bool{}
	err := p.try(ctx, func() error {
		return p.repository(at).Tags(ctx, last, func(page []string) error {
			for _, tag := range page {
				switch last = tag; {
				case seen[tag]: // after a failure, or of a registry that ignores where to go on
				case !isVersion(tag):
					others.add(tag)
				default:
					seen[tag] = true
					version := registry.Version(tag)
					x.Entries = append(x.Entries, Entry{Name: path.Base(at.Repository), Version: version, URL: ociPrefix + at.Registry + "/" + at.Repository + ":" + tag})
				}
			}
			return x.full()
		})
	})
	return x, others, err
}

// isVersion reports whether a tag can be that of a version, and is no signature's or
// such. It may still be another name of a version, like 1.2 of 1.2.3.
func isVersion(tag string) bool {
	at := oras.Reference{Reference: tag}
	return at.ValidateReferenceAsTag() == nil && check.ParseVersion(registry.Version(tag)).Semantic()
}

// below lists the versions of the charts whose repositories lie below the path.
func (p *inRegistry) below(ctx context.Context, charts []string) (*Index, []string, error) {
	found, err := p.catalog(ctx, charts)
	const fix = "check its spelling; it may be the repository of one chart, as for 'helm pull' (oci://HOST/PATH/CHART); import each chart by itself, or all from the index (https://…), if there is one"
	switch {
	case ctx.Err() != nil, errors.As(err, new(*httpread.Exhausted)):
		return nil, nil, err
	case err != nil:
		return nil, nil, fmt.Errorf("there are none, and the registry does not list what lies below (%w): %s", err, fix)
	case len(found) == 0:
		return nil, nil, fmt.Errorf("there are none, and the registry lists nothing below: %s", fix)
	}
	indexes := make([]*Index, len(found))
	tags := make([]*leftOut, len(found))
	var entries atomic.Int64
	group, until := errgroup.WithContext(ctx)
	group.SetLimit(defaultWorkers)
	for i, at := range found {
		group.Go(func() (err error) {
			if indexes[i], tags[i], err = p.versions(until, at); err == nil {
				err = p.onlyCharts(until, indexes[i])
			}
			if err == nil && entries.Add(int64(len(indexes[i].Entries))) > maxEntries {
				return errEntries // no list alone has more, but they are all kept
			}
			if err != nil {
				err = fmt.Errorf("%s: %w", at.Repository, err)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	whole, others, images := &Index{}, &leftOut{}, &leftOut{}
	for i, at := range found {
		if len(indexes[i].Entries) == 0 {
			images.add(at.Repository)
			continue
		}
		whole.Entries = append(whole.Entries, indexes[i].Entries...)
		others.join(tags[i], at.Repository)
	}
	notes := slices.Concat(others.tell("tag is not a version", "tags are not versions"), images.tell("repository holds no charts", "repositories hold no charts"))
	return whole, notes, whole.full()
}

// onlyCharts empties the index of a repository that holds something else: what its
// highest version is decides.
func (p *inRegistry) onlyCharts(ctx context.Context, x *Index) error {
	if len(x.Entries) == 0 {
		return nil
	}
	highest := slices.MaxFunc(x.Entries, func(a, b Entry) int {
		return cmp.Or(check.CompareVersions(a.Version, b.Version), cmp.Compare(a.Version, b.Version))
	})
	at, err := parseOCI(highest.URL, "")
	if err != nil {
		return err
	}
	b, err := p.manifest(ctx, at)
	if err == nil {
		_, err = readPushed(b)
	}
	if errors.Is(err, registry.ErrNoChart) {
		x.Entries = nil
		return nil
	}
	if errors.As(err, new(*httpread.Exhausted)) || ctx.Err() != nil {
		return err
	}
	return nil // importing it shows what is wrong
}

// catalog lists the repositories below the path whose charts the patterns match.
func (p *inRegistry) catalog(ctx context.Context, charts []string) (found []oras.Reference, err error) {
	all := &remote.Registry{RepositoryOptions: remote.RepositoryOptions{
		Reference: oras.Reference{Registry: p.at.Registry}, Client: p.auth, PlainHTTP: p.isPlain(p.at.Host()), MaxMetadataBytes: maxPage,
	}}
	last, pages := "", 0
	seen := map[string]bool{}
	err = p.try(ctx, func() error {
		return all.Repositories(ctx, last, func(page []string) error {
			if pages++; pages > maxPages || len(found) > maxEntries/10 {
				return fmt.Errorf("it lists too many repositories")
			}
			for _, name := range page {
				last = name
				at := oras.Reference{Registry: p.at.Registry, Repository: name}
				_, below := strings.CutPrefix(name, p.at.Repository+"/")
				if p.at.Repository == "" || below {
					if at.ValidateRepository() == nil && pattern.MatchesChart(charts, path.Base(name)) && !seen[name] {
						seen[name] = true
						found = append(found, at)
					}
				}
			}
			return nil
		})
	})
	return found, err
}

// leftOut counts what was left out, and names some of it.
type leftOut struct {
	n     int
	names []string
}

const maxNamed = 5

func (l *leftOut) add(name string) {
	if l.n++; len(l.names) < maxNamed {
		l.names = append(l.names, fmt.Sprintf("%.128s", name))
	}
}

// join adds what was left out of one repository.
func (l *leftOut) join(m *leftOut, repository string) {
	for _, name := range m.names[:min(len(m.names), maxNamed-len(l.names))] {
		l.names = append(l.names, repository+":"+name)
	}
	l.n += m.n
}

// tell returns a sentence about it for one and for many, or none.
func (l *leftOut) tell(one, many string) []string {
	if l.n == 0 {
		return nil
	}
	text := fmt.Sprintf("%d %s and were left out: ", l.n, many)
	if l.n == 1 {
		text = "1 " + one + " and was left out: "
	}
	text += strings.Join(l.names, ", ")
	if more := l.n - len(l.names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return []string{text}
}
