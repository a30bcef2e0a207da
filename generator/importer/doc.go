// Package importer imports the charts of an existing Helm repository into a
// channel. The repository may be on the web, in a bucket or in a folder. The
// importer reads it as Helm does, checks each archive as every upload is
// checked, and puts what is new into the drop area. The generator then decides,
// as it does for any upload.
//
// # The index
//
// An index is YAML or JSON and has at most 100 MiB. It is read entry by entry,
// so that memory holds only what an import needs: JSON by its syntax; YAML by
// its lines. Reading by lines works for block style with any indentation, and
// so for all that Helm, ChartMuseum and GitLab write. A YAML index with another
// layout (flow style, anchors) is read as a whole if it has at most 8 MiB, and
// refused if it is larger. An index with more than 500,000 entries, or with
// more than 10,000 entries that cannot be used, is refused too.
//
// An entry is reported and left out if it lacks a name, version or URL, or if
// its date is not valid. If several entries have the same name and version, the
// importer takes the first, as Helm does.
//
// # Archives
//
// The first URL of an entry counts, as with Helm. Relative URLs are resolved
// against the repository's. Credentials are sent only to the repository's own
// scheme, host and port, whatever a URL or a redirect says; with credentials, a
// redirect from https to http is an error. Transient failures are retried. A
// provenance file is imported with its archive, if there is one.
//
// The archive must have the digest, name and version that its entry says. An
// archive is not fetched if its entry's digest shows that it is already
// published or waiting. Nothing that is published with other content is
// replaced.
//
// # Running it again
//
// An import keeps no state of its own: the channel and the inbox show what an
// interrupted run has done. Uploads get new ids each time, since the verdict on
// an id is final, and what was refused once may be imported after the channel's
// policy has changed. If two imports run at the same time, the second one's
// uploads are found to be unchanged.
package importer
