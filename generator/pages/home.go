package pages

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/templates"
)

// homeTitle is what the site is called.
func (w *Writer) homeTitle() string { return cmp.Or(w.Site.Title, "Helm charts") }

// maxHomeTries is how often the site's document is written anew because others,
// who publish other channels, write it too.
const maxHomeTries = 100

// home makes the site's own files tell of the channel. Its document is replaced
// only if it is what was read, so that no channel gets lost; the page is made from
// it, and made again if the document has changed by then.
func (p *pass) home(ctx context.Context) error {
	for range maxHomeTries {
		doc, token, err := p.readHome(ctx)
		if err != nil {
			return err
		}
		if next := p.withChannel(doc); token == "" || !reflect.DeepEqual(next, doc) || p.anew {
			if err := p.homePages(ctx, next); err != nil {
				return err
			}
			err = p.saveHome(ctx, next, token)
			if errors.Is(err, bucket.ErrConflict) {
				continue
			}
			return err
		}
		return nil
	}
	return fmt.Errorf("%s: other generators write it all the time; run this one again", siteDoc)
}

func (p *pass) readHome(ctx context.Context) (doc SiteDoc, token string, err error) {
	b, entry, err := publisher.ReadFile(ctx, p.site, siteDoc, maxDoc)
	if err != nil {
		return doc, "", err
	}
	if b != nil && json.Unmarshal(b, &doc) != nil {
		p.problem("%s was damaged, and is made anew; 'portolan rebuild' adds the other channels", siteDoc)
		doc = SiteDoc{}
	}
	return doc, entry.Token, nil
}

// withChannel is the document with the channel as it is now.
func (p *pass) withChannel(doc SiteDoc) SiteDoc {
	charts, versions := p.after.Counts()
	name := p.channel.Name
	digest := ChannelDigest{
		Name: name, Repository: p.absolute(name), Generation: p.head.Generation, Changed: p.head.Generated, Charts: charts, Versions: versions,
		API: "../" + name + "/" + channelDoc, Page: "../" + name + "/" + indexPage,
	}
	next := SiteDoc{Schema: "site.schema.json", Title: p.homeTitle(), URL: p.Site.URL}
	for _, c := range doc.Channels {
		if c.Name == name && c.Generation > digest.Generation {
			digest = c // another generator has come further
		}
		if c.Name != name {
			c.Repository = p.absolute(c.Name)
			next.Channels = append(next.Channels, c)
		}
	}
	next.Channels = append(next.Channels, digest)
	slices.SortFunc(next.Channels, func(a, b ChannelDigest) int { return cmp.Compare(a.Name, b.Name) })
	return next
}

// saveHome writes the document, if it still is the one whose token is given.
func (p *pass) saveHome(ctx context.Context, doc SiteDoc, token string) error {
	b, err := encodeDoc(doc)
	if err != nil {
		return fmt.Errorf("encoding %s: %v", siteDoc, err)
	}
	return publisher.WriteFileAt(ctx, p.site, siteDoc, b, token)
}

// homePages writes what is made from the site's document.
func (p *pass) homePages(ctx context.Context, doc SiteDoc) error {
	files, err := p.homeFiles(doc)
	if err != nil {
		return err
	}
	for name, b := range files {
		if err := p.putKey(ctx, name, b); err != nil {
			return err
		}
	}
	return nil
}

func (p *pass) homeFiles(doc SiteDoc) (map[string][]byte, error) {
	files := map[string][]byte{}
	for name, page := range map[string]templates.Page{indexPage: p.homePage(doc), missingPage: p.missing()} {
		b, err := p.set.Render(page)
		if err != nil {
			p.problem("%s stays as it is, since it cannot be rendered: %v", name, err)
			continue
		}
		files[name] = b
	}
	files[robotsFile] = []byte("User-agent: *\nAllow: /\n")
	if p.Site.URL == "" {
		return files, nil
	}
	files[robotsFile] = fmt.Appendf(files[robotsFile], "Sitemap: %s\n", p.absolute(sitemapFile))
	var maps sitemapIndex
	for _, c := range doc.Channels {
		maps.Maps = append(maps.Maps, siteURL{p.absolute(path.Join(c.Name, sitemapFile)), atomTime(c.Changed)})
	}
	var err error
	files[sitemapFile], err = encodeXML(maps)
	return files, err
}

func (p *pass) homePage(doc SiteDoc) templates.HomePage {
	page := templates.HomePage{Frame: templates.Frame{
		Site: p.set.Site(p.Site), Title: p.homeTitle(), Description: cmp.Or(p.Site.Description, "Helm chart repositories"),
		Path: indexPage, Canonical: p.absolute(indexPage),
	}}
	for _, c := range doc.Channels {
		page.Channels = append(page.Channels, templates.Channel{
			Name: c.Name, RepoName: repoName(c.Name), URL: c.Repository, Link: c.Name + "/" + indexPage,
			Generation: c.Generation, Changed: c.Changed, Charts: c.Charts, Versions: c.Versions,
		})
	}
	return page
}

// missing is the page for what is not there. It may be shown at any path.
func (p *pass) missing() templates.MissingPage {
	root := "/"
	if i := strings.Index(p.Site.URL, "://"); i >= 0 {
		_, rest, _ := strings.Cut(p.Site.URL[i+len("://"):], "/")
		root = path.Join("/", rest) + "/"
		if rest == "" {
			root = "/"
		}
	}
	return templates.MissingPage{Frame: templates.Frame{
		Site: p.set.Site(p.Site), Title: "Not found", Description: "There is no such page", Path: missingPage, Root: root,
	}}
}
