// Package importer takes the charts of a Helm repository over into a channel:
// of one on the web, in a bucket or in a folder. It reads the repository as
// Helm does, checks each archive as every upload is checked, and puts what is
// new into the drop area. The generator then decides, as ever.
//
// # The index
//
// An index is YAML or JSON and has at most 100 MiB. It is read entry by entry,
// so that it takes memory for what is needed of it and not for all of it: JSON
// by its syntax; YAML by its lines, which works for block style, whatever its
// indentation, and so for all that Helm, ChartMuseum and GitLab write. A YAML
// index that is laid out otherwise (flow style, anchors) is read as a whole if
// it has at most 8 MiB, and refused if it has more. So is an index of more than
// 500,000 entries, or of more than 10,000 that cannot be used.
//
// An entry that lacks a name, version or URL, or whose date is none, is
// reported and left out. Of entries that have the same name and version Helm
// takes the first, and so does an import.
//
// # Archives
//
// The first URL of an entry counts, as with Helm. Relative ones start from the
// repository's. Credentials are sent to the repository's own scheme, host and
// port only, whatever a URL or a redirect says; with credentials, a redirect
// from https to http is an error. What fails in passing is tried again. A
// provenance file is taken along if there is one.
//
// The archive must have the digest, name and version that its entry says. What
// is published or waits already, by its digest, is not fetched. Nothing that
// is published with other content is replaced.
//
// # Running it again
//
// An import keeps no notes: what a run that broke off has done is seen in the
// channel and in the inbox. Uploads get new ids each time, since an id has one
// verdict for ever, and what was refused once may be imported again when the
// channel's policy has changed. Of two imports at the same time, the second
// one's uploads are unchanged.
package importer
