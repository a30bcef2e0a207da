// Package templates turns typed page data into the HTML pages of a site, and
// brings the stylesheet and the script that they share. It knows nothing of
// buckets, logs and archives, and imports nothing of portolan's: see [ChartPage]
// and the other page types for what a page can show.
//
// Every page works without its script, loads nothing from another host, and is a
// function of its data: equal data, equal bytes. Text in page data is plain and
// untrusted, and escaped by the templates; the few fields of type template.HTML
// were made safe by whoever made them.
//
// # Overriding
//
// [New] takes a folder whose *.html files replace templates of the same names,
// and whose style.css and script.js replace those. Each template is checked
// against the type of its page when it is loaded, whether a page uses it or not.
package templates
