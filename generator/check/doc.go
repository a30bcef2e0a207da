// Package check reads chart archives and their provenance files, and says what
// is wrong with them. It knows no bucket, clock or network: what it says depends
// on the bytes it reads and on what it is handed: [Options], keys and a time.
//
// # Archives
//
// [Archive] reads one archive. What is ambiguous is refused, what is merely odd
// is accepted with a warning: whatever is accepted, Helm 3 and Helm 4 load with
// the same name and version, and so does anything else that reads the archive
// by the book. Helm accepts more than this. An archive is accepted if:
//
//   - it is one gzip member with a correct checksum, with nothing after it,
//     and holds one tar archive with nothing but zero bytes after its end;
//   - it stays within [Limits], which count nested archives too. What exceeds
//     one is refused before more than that has been read or held in memory;
//   - its entries are plain files and folders (and the global header with a
//     comment that `git archive` writes): no links, devices, sparse files, nor
//     entries whose mode contradicts their type;
//   - its paths are UTF-8 without control characters, direction marks or
//     backslashes; relative, without drive letters, without empty, dot or
//     dot-dot segments; at most 1,024 bytes long, 255 in a segment; and no path is
//     both a file and a folder;
//   - a path that occurs twice has the same bytes both times;
//   - all paths lie in one top folder, named after the chart. Paths that begin
//     with ./ instead are accepted, since argo-helm has published such archives;
//   - there is a Chart.yaml, and no other file whose name differs only in case;
//   - the YAML files that Helm interprets (Chart.yaml, values.yaml, Chart.lock,
//     requirements.yaml, requirements.lock) are UTF-8 of one document that Helm
//     3 and Helm 4 read alike, without duplicate keys (in subcharts: with a
//     warning), at most 100 levels deep and, when aliases are expanded, with at
//     most 500,000 nodes and as much text as [Limits] allow the file; 10 MiB for
//     values.yaml. All those of an archive have at most 1,000,000 nodes and 40
//     MiB of text. Text counts as in the JSON that Helm makes of it;
//   - what the index says of the chart, which is most of Chart.yaml, takes at
//     most 64 KiB, and the names of its files at most 8 MiB;
//   - no number in Chart.yaml is infinite or not a number (.inf, .nan), not even
//     where it would be read as text: Helm 4 refuses it;
//   - Helm's own validation of Chart.yaml succeeds;
//   - everything in charts/ is a chart, as Helm's loader wants it, or begins
//     with _ or . and is ignored. All of this holds for charts in there, packed or
//     not, except for names, the form of the version and the name of the folder;
//   - requirements.yaml sets only dependencies, and the same ones as Chart.yaml.
//
// # Names, versions and metadata
//
// A name is made of letters and digits, joined by single '-', '.' or '_', and
// has at most 250 characters; name and version have at most 240 bytes
// together. A version is a semantic version with an optional leading v or, if
// [Options] say so, anything that Helm can order. Both are what the text of
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
// # What no Helm can install
//
// Some charts load and cannot be installed, whatever values they are given. They are
// accepted with a warning ([PreventsInstall]), unless [Options] ask for a refusal:
//
//   - Chart.yaml lists dependencies that are not in charts/, even if they are
//     switched off;
//   - a template cannot be parsed, calls a function that neither Helm 3.22 nor Helm
//     4.3 has, or does in any case what fails: it uses a template that nothing
//     defines or one that uses itself, calls fail, asks for something of Helm 2,
//     calls a well-known function with too few or too many arguments, or asks for
//     a field below an object that is not there (.Release.Foo.bar). Partial
//     templates count, and so do those of subcharts. Of libraries, only what Helm
//     reads does;
//   - what a template makes in any case is not text, YAML or a manifest; if it
//     is nothing but text, all of it is looked at;
//   - a file in crds/ is not YAML or not a manifest;
//   - values.schema.json, also of a subchart, is not JSON or not JSON Schema of a draft
//     that Helm knows, or what values can reach in it refers to what is not there, to
//     another file, or to another host, or no values fit it, since it is false or its
//     type excludes objects;
//   - kubeVersion is not a range of versions.
//
// A subchart that values can switch off, by a condition or a tag, is not looked at:
// Helm drops it, with all that is wrong with it, before it renders anything.
//
// Libraries are not meant to be installed, and nothing is said of that. Whether
// values are missing, or contradict a schema, is not looked at. Nor is what a function
// makes of its arguments, such as a wrong pattern or an index out of range, or what
// stands in a branch. Nor is what would cost too much: the effort has bounds, and what
// exceeds them is not warned of.
//
// # Provenance files
//
// [ReadProvenance] accepts a clear-signed file of at most 1 MiB that names
// exactly one archive and its SHA-256; [Provenance.Fits] compares them with
// those of an archive. Neither verifies the signature.
//
// [Keyring.Verify] does, as Helm does it, and is stricter: the first signature by a key of
// the keyring counts. It must have been made by a key or subkey that may sign and that is
// not revoked, be valid at the time when the file arrived, as must be the key, and be made
// with SHA-256 or better. A signature may be up to 15 minutes from the future, since clocks
// differ. A [Keyring] holds RSA keys of 2,048 to 8,192 bits and keys of elliptic curves, with
// at most 500 signatures on themselves, which bounds what it costs to read.
//
// # Contents
//
// [ReadContents] reads an archive like [Archive] and keeps what its pages show.
// That is shown as text, or made harmless by packages markdown and values: links
// lead to http, https and mailto URLs, nothing is loaded from anywhere, and lists
// and texts are bounded. What has the wrong shape is left out, and never makes an
// accepted chart fail.
//
// # Problems
//
// A fault of an archive or a provenance file is a [*Problem]. Its rule is a
// stable code, of those that [Describe] knows. Messages can be shown anywhere:
// what they repeat of a file is quoted, printable and short. Any other error is
// the reader's, and says nothing about the bytes.
package check
