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
//	api/index.json                       see ChannelDoc: a line for each chart
//	api/changes.json                     see ChangesDoc
//	api/charts/<name>.json               see ChartDoc
//	charts/<name>/index.html             the chart: the overview of its newest version
//	charts/<name>/versions.html          its newest 200 versions
//	charts/<name>/versions-1.html, …     all versions as they were published, first 200 first, if there are more
//	charts/<name>/changelog.html         what the newest 200 versions say that they changed
//	charts/<name>/compare.html           compares any two versions, in the browser
//	charts/<name>/versions.json          all versions, for scripts: see below
//	charts/<name>/badge.svg, feed.xml
//
// Of a version, below charts/<name>/<version>:
//
//	index.html                           overview: how to install it, README, what Chart.yaml says
//	values.html                          its values
//	templates.html                       its templates and custom resource definitions
//	changes.html                         how it differs from the version before
//	values.yaml, values.schema.json      as they are, if the chart has them, up to 1 MiB each
//
// # Pages of a version
//
// They are made from the version's line in the index, its archive, and those of its
// predecessor: the highest lower version that was created no later, without prereleases
// unless it is one itself. So no later version changes them. What they say about others
// (which one is the newest, and whether the index still lists this one) a script takes
// from versions.json. The overview also shows the version's manifest in the registry, and
// is made again when the version gets it.
//
//	{"name":"web","newest":"1.1.0","versions":[
//	{"v":"1.1.0","d":"2026-03-01","u":"<upload>","s":"ps"},
//	…]}
//
// It has one version a line, newest first: the version, its date, the folder of its
// archive, and letters: p for a prerelease, s signed, d deprecated, o not listed by the
// repository's index, y yanked. "newest" is empty if all are yanked. The archive is
// <version>/<upload>/<name>-<version>.tgz.
//
// # What actions did
//
// A yanked version keeps its pages. They say why and since when, and their commands name
// the repository of all versions, which still lists it. Lists of versions strike it out;
// lists of charts, the search, counts, badges and the feeds' news pass over it, and lists
// of charts leave out a chart of which all versions are yanked. An action that deprecates a
// chart is told on all its pages. Versions that were removed lose their pages.
//
// All this follows from the channel's state. A chart's pages are made again if what that
// says of the chart has changed since they were made.
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
// they look at, and show the rest as plain text with a note. Once a version's pages have
// taken [Options.PageTime], what is left of them is plain, too. A run that ends leaves no
// such page. Once a chart has taken [Options.Turn], other channels have theirs. Pages give
// way to what cannot wait: see [Options.GiveWay].
//
// After a race between two generators, pages may briefly show an older generation.
// The chart's next change repairs them, and so does a rebuild.
package pages
