package pages

import (
	"cmp"
	"context"
	"encoding/xml"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// The elements of Atom (RFC 4287) that the feeds use.
type (
	atomFeed struct {
		XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
		ID      string      `xml:"id"`
		Title   string      `xml:"title"`
		Updated string      `xml:"updated"`
		Author  string      `xml:"author>name"`
		Links   []atomLink  `xml:"link"`
		Entries []atomEntry `xml:"entry"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr,omitempty"`
		Href string `xml:"href,attr"`
	}
	atomEntry struct {
		ID      string   `xml:"id"`
		Title   string   `xml:"title"`
		Updated string   `xml:"updated"`
		Link    atomLink `xml:"link"`
		Summary string   `xml:"summary"`
	}
)

func atomTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// newFeed returns the feed of a page, without entries; both are files of the
// channel.
func (p *pass) newFeed(file, page, title string) *atomFeed {
	return &atomFeed{
		ID: p.feedID(file), Title: title, Author: p.homeTitle(),
		Links: []atomLink{{Rel: "self", Href: p.feedURL(file, file)}, {Href: p.feedURL(file, page)}},
	}
}

// feedID returns a permanent id: the URL of the page, or a URN if the site's URL is
// not known.
func (p *pass) feedID(name string) string {
	file, fragment, _ := strings.Cut(name, "#")
	key := path.Join(p.channel.Name, file)
	id := cmp.Or(p.absolute(key), "urn:portolan:"+escapePath(key))
	if fragment != "" {
		id += "#" + fragment
	}
	return id
}

// feedURL returns the URL of a file of the channel for use in a feed. It is
// absolute if the site's URL is known.
func (p *pass) feedURL(feed, file string) string {
	return cmp.Or(p.absolute(path.Join(p.channel.Name, file)), strings.Repeat("../", strings.Count(feed, "/"))+escapePath(file))
}

func (p *pass) putFeed(ctx context.Context, file string, f *atomFeed) error {
	f.Updated = atomTime(p.head.Generated)
	if len(f.Entries) > 0 {
		f.Updated = f.Entries[0].Updated
	}
	b, err := encodeXML(f)
	if err != nil {
		return fmt.Errorf("encoding %s: %v", file, err)
	}
	return p.put(ctx, file, b)
}

// feed writes the chart's feed of the versions that were published, promoted or yanked most
// recently.
func (c *chartPages) feed(ctx context.Context) error {
	file := path.Join(chartDir(c.name), feedFile)
	f := c.newFeed(file, path.Join(chartDir(c.name), indexPage), c.name+" in "+c.channel.Name)
	recent := make([]int, len(c.all))
	for i := range recent {
		recent[i] = i
	}
	slices.SortStableFunc(recent, func(i, j int) int { return c.changed(j).Compare(c.changed(i)) })
	for _, i := range recent[:min(len(recent), maxFeed)] {
		r := c.all[i]
		page := versionPage(c.name, r.Version)
		e := atomEntry{
			ID: c.feedID(page + "#" + r.Digest), Title: c.name + " " + plainLine(r.Version), Updated: atomTime(c.changed(i)),
			Link: atomLink{Href: c.feedURL(file, page)}, Summary: shorten(plainLine(r.Description), maxDescription),
		}
		if r.yanked != nil {
			e.ID, e.Title, e.Summary = c.feedID(page+"#"+r.yanked.Action), e.Title+" is yanked", r.yanked.Reason
		}
		f.Entries = append(f.Entries, e)
	}
	return c.putFeed(ctx, file, f)
}

// changed is when the release at the position was published, promoted or yanked.
func (c *chartPages) changed(i int) time.Time {
	switch r, v := c.all[i], c.versions[i]; {
	case r.yanked != nil:
		return r.yanked.Time
	case v.Promoted != nil:
		return v.Promoted.Time
	default:
		return r.Created
	}
}
