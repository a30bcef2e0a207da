// Package templates turns typed page data into the HTML pages of a site, and
// provides the stylesheet and the scripts that they share. It does not depend on
// buckets, logs or archives, and imports no other package of portolan. [ChartPage]
// and the other page types define what a page can show.
//
// Every page works without scripts; the one that compares versions then says what to
// run instead. A page loads nothing from another host, and depends only on its data:
// equal data give equal bytes. Text in page data is untrusted plain text, which the
// templates escape. Fields of type template.HTML must be safe already.
//
// # Overriding
//
// [New] takes a folder. Its *.html files replace the templates with the same
// names, and its style.css and *.js files replace portolan's. Every template is
// checked against the type of its page when it is loaded, even if no page uses it.
package templates
