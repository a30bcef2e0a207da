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
	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/templates"
)

// homeTitle returns the site's title.
func (w *Writer) homeTitle() string { return cmp.Or(w.Site.Title, "Helm charts") }

// maxHomeTries is how often writing the site's document is tried when generators
// of other channels write it at the same time.
const maxHomeTries = 100

// home adds the channel to the site's own files. It replaces the site's document
// only if that has not changed since it was read, so that no channel is lost. The
// page is made from the document, and made again if the document has changed.
func (p *pass) home(ctx context.Context) error {
	for range maxHomeTries {
		doc, token, err := p.readHome(ctx)
		if err != nil {
			return err
		}
		there, err := p.withoutMoved(ctx, doc)
		if err != nil {
			return err
		}
		if next := p.withChannel(there); token == "" || !reflect.DeepEqual(next, doc) || p.remake {
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
	return fmt.Errorf("%s: other generators keep changing it; run this one again", siteDoc)
}

func (p *pass) readHome(ctx context.Context) (doc SiteDoc, token string, err error) {
	b, entry, err := publisher.ReadFile(ctx, p.site, siteDoc, maxDoc)
	if err != nil {
		return doc, "", err
	}
	if b != nil && json.Unmarshal(b, &doc) != nil {
		p.problem("%s was damaged and is being rewritten; 'portolan rebuild' adds the other channels", siteDoc)
		doc = SiteDoc{}
	}
	return doc, entry.Token, nil
}

// withoutMoved returns the document without the channels whose names were reserved later
// and that have been moved since. It reports those that are still there.
func (p *pass) withoutMoved(ctx context.Context, doc SiteDoc) (SiteDoc, error) {
	all := doc.Channels
	doc.Channels = nil
	for _, c := range all {
		if reserved := channelname.Reserved(c.Name); reserved != nil {
			there, err := publisher.HasChannel(ctx, p.site, c.Name)
			if err != nil {
				return doc, err
			}
			if !there {
				continue
			}
			p.problem("%v: it takes no uploads until it is moved; %s", reserved, reserved.Fix())
		}
		doc.Channels = append(doc.Channels, c)
	}
	return doc, nil
}

// withChannel returns the document with the channel's current state.
func (p *pass) withChannel(doc SiteDoc) SiteDoc {
	charts, versions, _, _ := p.after.counts()
	name := p.channel.Name
	digest := ChannelDigest{
		Name: name, Repository: p.absolute(name), OCI: p.registry.url, Generation: p.head.Generation, Changed: p.head.Generated, Charts: charts, Versions: versions,
		Private: p.Private(name), API: "../" + name + "/" + channelDoc, Page: "../" + name + "/" + indexPage,
	}
	next := SiteDoc{Schema: "site.schema.json", Title: p.homeTitle(), URL: p.Site.URL}
	for _, c := range doc.Channels {
		if c.Name == name && c.Generation > digest.Generation {
			digest = c // another generator has got further
		}
		if c.Name != name {
			c.Repository, c.Private = p.absolute(c.Name), p.Private(c.Name)
			if c.OCI != "" {
				c.OCI = p.registryURL(c.Name)
			}
			next.Channels = append(next.Channels, c)
		}
	}
	next.Channels = append(next.Channels, digest)
	slices.SortFunc(next.Channels, func(a, b ChannelDigest) int { return cmp.Compare(a.Name, b.Name) })
	return next
}

// saveHome writes the document if the stored one still has the token.
func (p *pass) saveHome(ctx context.Context, doc SiteDoc, token string) error {
	b, err := encodeDoc(doc)
	if err != nil {
		return fmt.Errorf("encoding %s: %v", siteDoc, err)
	}
	return publisher.WriteFileAt(ctx, p.site, siteDoc, b, token)
}

// homePages writes the files that are made from the site's document.
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
			p.problem("%s was not updated, because it cannot be rendered: %v", name, err)
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
			Name: c.Name, RepoName: p.repoName(c.Name), Private: c.Private, URL: c.Repository, Link: c.Name + "/" + indexPage,
			Generation: c.Generation, Changed: c.Changed, Charts: c.Charts, Versions: c.Versions,
		})
	}
	return page
}

// missing returns the "not found" page, which may be shown at any path.
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
		Site: p.set.Site(p.Site), Title: "Not found", Description: "This page does not exist", Path: missingPage, Root: root,
	}}
}
