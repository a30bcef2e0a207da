// Package source shows the text files of a chart as HTML: templates and definitions
// with what they consist of marked, and how two versions of one differ.
//
// The texts come from archives and may be anything. They are escaped, and characters
// that are invisible or reorder text are spelled out. Every step takes time and
// memory in proportion to its input, which is bounded in bytes.
//
// The HTML belongs in a pre element. [Highlight] marks keys as b, actions of templates
// as i, and comments as em. [Compare] writes a unified diff, which is one when it is
// copied from the page: runs of lines that were removed as del and those that were added as
// ins, with their line ends, and the lines that begin a hunk as b.
package source
