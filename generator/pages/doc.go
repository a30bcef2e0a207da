// Package pages writes everything on a site besides the indexes and charts that
// people and programs read: HTML pages, feeds, badges, a search index, and
// descriptions in JSON.
//
// # Files
//
// Of the site:
//
//	index.html, 404.html, robots.txt, sitemap.xml
//	api/index.json                       the channels: see SiteDoc
//	api/<kind>.schema.json               JSON Schemas of the files in api folders
//	assets/<name>.<hash>.<ending>        shared by the pages; never changed
//
// Of a channel:
//
//	index.html, page-2.html, …           its charts, 200 per page
//	changes.html                         what its last generations did
//	feed.xml, sitemap.xml
//	search.json                          loaded when somebody searches: see templates.SearchIndex
//	artifacthub-repo.yml                 if it is configured
//	api/index.json                       see ChannelDoc
//	api/changes.json                     see ChangesDoc
//	api/charts/<name>.json               see ChartDoc
//	charts/<name>/index.html             the chart: its newest version, and a list of all versions
//	charts/<name>/versions-1.html, …     the whole list, oldest 200 first, if it is longer than 200
//	charts/<name>/<version>/index.html   one version
//	charts/<name>/badge.svg, feed.xml
//
// # A projection
//
// All of these files follow from the log, the charts and the configuration, so
// they may be lost: [Writer.Rebuild] writes them again. An ordinary run writes
// only the files that its generations change. It starts from the generation that
// api/changes.json names, and writes that file last: if a run is interrupted, the
// next one sees what is missing and writes it. What a page needs to know about
// releases that did not change, it takes from the JSON files rather than from
// their archives.
//
// After a race between two generators, pages may briefly show an older generation.
// The chart's next change repairs them, and so does a rebuild.
package pages
