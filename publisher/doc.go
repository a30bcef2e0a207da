// Package publisher keeps channels of releases in object storage: the drop area
// that uploads arrive in, and the site that is served. It knows buckets, logs
// and indexes, and nothing of Helm: what a release is, its callers decide.
//
// # Layout
//
// The drop area:
//
//	inbox/<channel>/<id>.tgz         an upload; ids that portolan makes are UUIDv7
//	inbox/<channel>/<id>.tgz.prov    its provenance file, written before it
//	inbox/<channel>/<id>.json        what its uploader says of it, likewise
//	inbox/<channel>/<any name>.tgz   a file of somebody's, to be adopted
//	receipts/<id>.json               the verdict on it; for an id in two channels: receipts/<channel>/<id>.json
//	rejected/<channel>/<id>.tgz      a refused upload, kept, with its receipt beside it
//
// The site:
//
//	<channel>/index.yaml                                              head
//	<channel>/charts/<name>/<version>/<upload>/<name>-<version>.tgz   and .prov
//	<channel>/charts/<name>/<version>/<upload>/release.json           see ReleaseInfo
//	<channel>/log/00000042.json                                       see Record
//	<channel>/snapshots/00000042/index.yaml                           generation 42
//	<channel>/snapshots/00000042/older/index.yaml                     what that left out
//
// All but head is written once and never changed, and removed only by [Prune].
// A snapshot is head as it was, but for the "../../" in front of each URL.
//
// Head need not list every version of a chart: a record says which it does, see
// [Shown]. The others are in the generation's older index, a repository of its
// own, which is written before head. An [Index] has the lines of both, and what
// holds for a version does not depend on which of the two it is in.
//
// # Committing
//
// A generation is one [Record]. It is committed by creating the record's file,
// whose number follows on the newest one's: of several writers the store lets
// one create it, and the others look at what that one did and decide again.
// What the record refers to is in the store, and durable, before. Everything
// else follows from the log and may be done by anyone, any number of times:
// snapshots, head, receipts, and the deletion of decided uploads, in that
// order. So there is no repair mode: recovering from a crash is the next run.
//
// All this rests on promises of the store, which a bucket is asked to show before
// a channel's first record is written there; see [bucket.Probe].
//
// # Removing
//
// A record may name a floor: the oldest generation that is kept. [Prune] raises
// it, and then removes the snapshots below it and the chart files that no kept
// generation names. Their paths are nobody else's, and their uploads are decided,
// so that no generator will want them again, however slow. Records are never
// removed: [Rebuild] can always derive head and the kept snapshots from them.
//
// # Invariants
//
// DESIGN.md has the invariants, which hold after every storage operation, the
// steps of a run in their order, and the facts about Helm's clients and about
// object stores that made them so.
package publisher
