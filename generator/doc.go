// Package generator turns uploads of Helm charts into the state of a static
// chart repository.
//
// # Archives
//
// [Check] reads one archive. What is ambiguous is refused, what is merely odd
// is accepted with a warning: whatever is accepted, Helm 3 and Helm 4 load with
// the same name and version, and so does anything else that reads the archive
// by the book. Helm accepts more than this. An archive is accepted if:
//
//   - it is one gzip member with a correct checksum, with nothing after it,
//     and holds one tar archive with nothing but zero bytes after its end;
//   - it stays within [Limits], which count nested archives too. Exceeding one
//     is found out before more than that has been read or held in memory;
//   - its entries are plain files and folders (and the global header with a
//     comment that `git archive` writes): no links, devices, sparse files, nor
//     entries whose mode says something else than their type;
//   - its paths are UTF-8 without control characters, direction marks or
//     backslashes; relative, without drive letters, without empty, dot or
//     dot-dot segments; at most 1,024 bytes long, 255 in a segment; and none is
//     both a file and a folder;
//   - a path that occurs twice has the same bytes both times;
//   - all lie in one top folder, named after the chart. Paths that begin with
//     ./ and no folder are accepted, since argo-helm has published such;
//   - there is a Chart.yaml, and no other file of that name but for case;
//   - the YAML files that Helm interprets (Chart.yaml, values.yaml, Chart.lock,
//     requirements.yaml, requirements.lock) are UTF-8 of one document that Helm
//     3 and Helm 4 read alike, without duplicate keys (in subcharts: with a
//     warning), at most 100 levels deep and, when aliases are expanded, with at
//     most 500,000 nodes and as much text as [Limits] allow the file; 10 MiB for
//     values.yaml. All those of an archive have at most 1,000,000 nodes and 40
//     MiB of text. Text counts as in the JSON that Helm makes of it;
//   - what the index says of the chart, which is most of Chart.yaml, takes at
//     most 64 KiB, and the names of its files at most 8 MiB;
//   - no number in Chart.yaml is infinite or none (.inf, .nan), also where it would
//     be taken for text: Helm 4 does not take it;
//   - Helm's own validation of Chart.yaml succeeds;
//   - everything in charts/ is a chart, as Helm's loader wants it, or begins
//     with _ or . and is ignored. Charts in there, packed or not, are held to
//     all of this but for names, the version's form and the folder's name;
//   - requirements.yaml sets nothing but dependencies, and no other ones than
//     Chart.yaml.
//
// # Names, versions and metadata
//
// A name is made of letters and digits, joined by single '-', '.' or '_', and
// has at most 250 characters; name and version have at most 240 bytes
// together. A version is a semantic version with an optional leading v or, if
// [Checks] say so, anything that Helm can order. Both are what the text of
// Chart.yaml says: where YAML makes something else of it (version: 1.10 is
// 1.1), the archive is refused. Other fields are taken as Helm reads them
// (appVersion: 010 is 8), with a warning.
//
// apiVersion is v1 or v2; if it is missing it is v1. Keys that Helm does not
// know are ignored, with a warning.
//
// No string of an accepted [Metadata] has control characters or direction
// marks. Helm drops them from most fields; annotations keep their lines and
// tabs and lose the rest.
//
// # Provenance files
//
// [CheckProvenance] accepts a clear-signed file of at most 1 MiB that names
// exactly the archive's file and its SHA-256. It does not verify the signature.
//
// # Contents
//
// [ReadContents] reads an archive like [Check] and keeps what its pages show.
// That is shown as text, or made harmless by packages markdown and values: links
// lead to http, https and mailto URLs, nothing is loaded from anywhere, and lists
// and texts end somewhere. What of it has the wrong shape is left out, and never
// makes a chart fail that was accepted.
//
// # Deciding
//
// [Run] decides uploads in order of arrival, each once. A version is told from
// another by its text. Under the policy duplicates: replace the latest arrival
// of a version is published, and one that is decided after a later one is
// superseded; under reject the first is final, unless an upload is forced. The
// same content again (equal paths and bytes, however packed) is unchanged; if
// it brings the first provenance file of the published archive, that is added.
// A provenance file alone waits for its chart, and a chart whose uploader speaks
// of a provenance file waits for that, both for a named time. A name that differs from a
// published one in case alone is refused.
//
// The index dates a release by when its content was accepted. If the upload's
// request brings a date along, as an import's does, it is that, unless it is
// before 1970 or after the upload. It never moves.
//
// A channel's index may list the newest so many versions of each chart, if the
// configuration says keep; see package publisher for where the others are. They
// are decided about as all are.
//
// What is decided is committed to the channel's log, see package publisher,
// before anything shows it; receipts and the index follow from the log.
//
// # Verdicts
//
// A fault of an upload is a [*Problem]. Its rule is a stable code, of those
// that [Describe] knows. Messages can be shown anywhere: what they repeat of
// an upload is quoted, printable and short. Any other error is that of the
// reader the upload came from, and says nothing about the upload.
package generator
