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
// their archives. What takes long notes there from time to time which charts are
// done, and so does what is cut off: the next run goes on from there.
//
// What a chart may cost is bounded. Packages check, markdown and values count what
// they look at, and show the rest as plain text with a note. Once a page has taken
// [Options.PageTime], what is left of it is plain, too. A run that ends leaves no
// such page. Once a chart has taken [Options.Turn], other channels have theirs.
//
// After a race between two generators, pages may briefly show an older generation.
// The chart's next change repairs them, and so does a rebuild.
package pages
