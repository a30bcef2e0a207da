// Package importer imports the charts of an existing Helm repository into a
// channel. The repository may be on the web, in an OCI registry, in a bucket or in a
// folder. The importer reads it as Helm does, checks each archive as every upload is
// checked, and puts what is new into the drop area. The generator then decides,
// as it does for any upload.
//
// # The index
//
// An index is YAML or JSON and has at most 100 MiB. It is read entry by entry,
// so that memory holds only what an import needs: JSON and YAML in flow style by
// their brackets and quotes; YAML in block style by its lines, with any
// indentation. An entry has at most 1 MiB and 100,000 values. Anchors are kept
// for aliases in later entries: at most 100,000, and of each only what an entry
// can need, so that nothing grows, however aliases are nested. A YAML index with
// another layout (complex keys, quoted text that continues on less indented
// lines) is read as a whole if it has at most 8 MiB and 400,000 values, and
// refused if it has more. An index with more than 500,000 entries or charts, or
// with more than 10,000 entries that cannot be used, is refused too.
//
// An entry is reported and left out if it lacks a name, version or URL, or if
// its date is not valid. If several entries have the same name and version, the
// importer takes the first, as Helm does.
//
// # Folders and buckets
//
// A folder or a bucket may be a copy of a repository on the web. So an archive is
// looked for at the path of its URL, then at the ends of that path, the longest
// first, and by the name that Helm gives it; a file with another digest than the
// entry's is passed over. Only then is a URL on the web fetched. If servers do
// not answer for 20 archives in a row, they are not asked for more.
//
// Where index.yaml is missing, ChartMuseum's index-cache.yaml is read, in every
// folder that has one. Archives lie beside it. Those that it lacks are imported,
// too, as ChartMuseum would serve them: from a bucket with the dates of the
// objects, from a folder without dates, since copying changes those of files. If
// there is no index at all, the archives at the top and in the folders directly
// below it are the repository; if there are none, those further below.
//
// # Registries
//
// The tags of a repository are its versions, with _ for +. Those that cannot be a version
// are left out and told; one that only names another version, like 1.2 for 1.2.3, is a
// duplicate. Where the URL has no tags, the registry's catalog says which charts lie below
// it, and repositories of something else are left out and told. The URLs of an index may
// lead to registries, too.
//
// A manifest is read as Helm reads it. The digests of manifest, config, archive and
// provenance file are checked, and their sizes bounded; so are the pages of a list. The
// date is that of the manifest, unless an index has one. Manifest and config are kept if
// they describe the archive and the provenance file, and nothing else, as
// [registry.Manifest.Check] wants it: then the version keeps its digest.
//
// The importer logs in as the registry asks it to, also for tokens, but only to the server
// that the user named: with the credentials, or as Helm or Docker saved them, also by
// credential helpers. All others see it as nobody. A registry on this machine is asked by
// http, all others by https unless the user says so.
//
// # Dates
//
// If at least ten versions, and nine in ten of all, have the same date, it is that of
// their index: a warning says so before anything is fetched. On request each version gets
// the newest date in its archive, unless that is before 2015 or in the future.
//
// # Archives
//
// The first URL of an entry counts, as with Helm. Relative URLs are resolved
// against the repository's. Credentials are sent only to the repository's own
// scheme, host and port, whatever a URL or a redirect says; with credentials, a
// redirect from https to http is an error. Transient failures are retried.
//
// URLs, redirects and the servers that a registry's tokens come from do not lead to this
// machine or its link (loopback and link-local addresses, and those of the clouds'
// metadata services), unless the repository itself was named there. What counts is the address to which a
// connection is made, whatever its name. The index of a folder or a bucket may have
// URLs of this machine, as ChartMuseum's has if it ran here, but none of its link;
// and none of its redirects leads to either.
//
// The archive must have the digest, name and version that its entry says. An
// archive is not fetched if its entry's digest shows that it is already
// published or waiting. Nothing that is published with other content is
// replaced.
//
// A provenance file is imported with its archive, if there is one. It never
// keeps the archive from being imported: if it cannot be fetched, or Helm could
// not use it for this archive, it is left out, and the result says why. Little
// time is spent on fetching it, since servers fail in many ways for a file that
// they do not have.
//
// # Channels of another portolan
//
// The first line of an index of portolan's names the file with the channel's state. If it
// does, that is read, and where something is yanked, the index that lists it. Both are
// bounded as an index is; the state has at most 16 MiB. A channel without actions costs no
// further request, and one of which they cannot be read comes as it is listed. The list of
// all versions, which has those that are yanked, is not imported without the state.
//
// What is yanked comes last, and after it what asks to yank and to deprecate: an action
// about a version that is not there waits for it for ten minutes only. Each yank names the
// digests that the channel has or will have, so other content is never yanked. It is not
// asked for again if it is so already, or waits.
//
// # Running it again
//
// An import keeps no state of its own: the channel and the inbox show what an
// interrupted run has done. Uploads get new ids each time, since the verdict on
// an id is final, and what was refused once may be imported after the channel's
// policy has changed. If two imports run at the same time, the second one's
// uploads are found to be unchanged.
package importer
