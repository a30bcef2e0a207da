// Package generator turns uploads of Helm charts into the state of a static
// chart repository.
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
// A fault of an upload is a [*check.Problem]: of its files, as package check
// finds them, or what the policy and what is published have against it. Its rule
// is a stable code, of those that [Describe] knows. Messages can be shown
// anywhere. Any other error is that of a store, and says nothing about the upload.
package generator
