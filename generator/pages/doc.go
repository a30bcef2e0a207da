// Package pages writes what people and programs read of a site beside its
// indexes: HTML pages, feeds, badges, a search index, and descriptions in JSON.
//
// # Files
//
// Of the site:
//
//	index.html, 404.html, robots.txt, sitemap.xml
//	api/index.json                       the channels: see SiteDoc
//	api/<kind>.schema.json               JSON Schemas of the files in api folders
//	assets/<name>.<hash>.<ending>        what the pages share; never changed
//
// Of a channel:
//
//	index.html, page-2.html, …           its charts, 200 a page
//	changes.html                         what its last generations did
//	feed.xml, sitemap.xml
//	search.json                          loaded by who searches: see templates.SearchIndex
//	artifacthub-repo.yml                 if it is configured
//	api/index.json                       see ChannelDoc
//	api/changes.json                     see ChangesDoc
//	api/charts/<name>.json               see ChartDoc
//	charts/<name>/index.html             the chart: its newest version, and a list of all
//	charts/<name>/versions-1.html, …     the list, 200 a page from the oldest on, if there are more
//	charts/<name>/<version>/index.html   one version
//	charts/<name>/badge.svg, feed.xml
//
// # A projection
//
// All of them follow from the log, the charts and the configuration, and may be
// lost: [Writer.Rebuild] writes them anew. An ordinary run writes only those that
// its generations changed. It knows which from the generation that
// api/changes.json names, which it writes last: what an earlier run did not get
// to is seen there, and done by the next one. What a page needs to know of
// releases that stay as they are, it takes from the JSON files rather than from
// their archives.
//
// Pages may briefly be those of an older generation after two generators have
// raced; the chart's next change heals them, and so does a rebuild.
package pages
