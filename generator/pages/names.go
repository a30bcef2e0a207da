package pages

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"strings"
)

// The files of a channel, or of the site, by their paths within it, and those of a
// chart or a version by their names.
const (
	indexPage     = "index.html"
	missingPage   = "404.html"
	valuesPage    = "values.html"
	templatesPage = "templates.html"
	changesPage   = "changes.html" // of a channel, too
	versionsPage  = "versions.html"
	changelogPage = "changelog.html"
	comparePage   = "compare.html"

	valuesFile   = "values.yaml"
	schemaOfFile = "values.schema.json"
	versionsFile = "versions.json"

	feedFile    = "feed.xml"
	sitemapFile = "sitemap.xml"
	robotsFile  = "robots.txt"
	searchFile  = "search.json"
	hubFile     = "artifacthub-repo.yml"
	badgeFile   = "badge.svg"

	apiDir     = "api"
	siteDoc    = "api/index.json"
	channelDoc = "api/index.json"
	changesDoc = "api/changes.json"
)

func chartDoc(chart string) string { return path.Join(apiDir, "charts", chart+".json") }

func chartDir(chart string) string { return path.Join("charts", chart) }

func versionDir(chart, version string) string { return path.Join("charts", chart, version) }

func versionPage(chart, version string) string {
	return path.Join(versionDir(chart, version), indexPage)
}

// versionPages are the pages of each version, and chartFiles the files of each chart,
// by their names. A chart with many versions also has lists of them.
var (
	versionPages = []string{indexPage, valuesPage, templatesPage, changesPage}
	rawFiles     = []string{valuesFile, schemaOfFile} // of a version that has them
	chartFiles   = []string{indexPage, versionsPage, changelogPage, comparePage, versionsFile, feedFile, badgeFile}
)

// listPage returns the n-th page of a channel's charts, counted from 1.
func listPage(n int) string {
	if n == 1 {
		return indexPage
	}
	return fmt.Sprintf("page-%d.html", n)
}

// versionList returns the n-th page of the list of all versions of a chart, counted
// from 1. The first page has the versions that were published first.
func versionList(chart string, n int) string {
	return path.Join("charts", chart, fmt.Sprintf("versions-%d.html", n))
}

// escapePath escapes a path for use in a URL. It also escapes +, because S3 reads
// that as a space.
func escapePath(p string) string {
	segments := strings.Split(p, "/")
	for i, s := range segments {
		segments[i] = strings.ReplaceAll(url.PathEscape(s), "+", "%2B")
	}
	return strings.Join(segments, "/")
}

// encodeDoc writes JSON with one value per line, so that grep and diff work on it.
func encodeDoc(doc any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(doc)
	return b.Bytes(), err
}
