package pages

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"path"
)

// maxSitemap is the maximum number of URLs in a sitemap, according to its format.
const maxSitemap = 50_000

// The two forms of sitemaps.org's format.
type (
	urlSet struct {
		XMLName xml.Name  `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		URLs    []siteURL `xml:"url"`
	}
	sitemapIndex struct {
		XMLName xml.Name  `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 sitemapindex"`
		Maps    []siteURL `xml:"sitemap"`
	}
	siteURL struct {
		Loc     string `xml:"loc"`
		LastMod string `xml:"lastmod,omitempty"`
	}
)

// sitemap writes the channel's sitemap: its own page, and of each chart its overview and
// its list of versions. It leaves out the pages of versions, since a chart's page shows
// the newest one. If the site's URL is not known there is no sitemap, because its URLs
// must be absolute.
func (p *pass) sitemap(ctx context.Context, all []ChartSummary) error {
	if p.Site.URL == "" {
		return nil
	}
	set := urlSet{URLs: []siteURL{{p.absolute(path.Join(p.channel.Name, indexPage)), atomTime(p.head.Generated)}}}
	add := func(name string, created string) {
		if len(set.URLs) < maxSitemap {
			set.URLs = append(set.URLs, siteURL{p.absolute(path.Join(p.channel.Name, name)), created})
		}
	}
	for _, s := range all {
		add(path.Join(chartDir(s.Name), indexPage), atomTime(s.Created))
	}
	for _, s := range all {
		add(path.Join(chartDir(s.Name), versionsPage), "")
	}
	b, err := encodeXML(set)
	if err != nil {
		return fmt.Errorf("encoding the sitemap: %v", err)
	}
	return p.put(ctx, sitemapFile, b)
}

func encodeXML(v any) ([]byte, error) {
	b := bytes.NewBufferString(xml.Header)
	e := xml.NewEncoder(b)
	e.Indent("", " ")
	err := e.Encode(v)
	b.WriteByte('\n')
	return b.Bytes(), err
}
