// Package publisher keeps channels of releases in object storage: on the site, which is
// served. It knows logs and indexes, and nothing about Helm: its callers decide what a
// release is. Uploads arrive in the drop area, which package droparea keeps; the stores
// are those of package bucket.
//
// # Where things are
//
// The files are named for what they are about:
//
//   - release: a chart's files on the site; sitefile: the other files, such as pages
//   - index*: what an index says: its header, its lines, a change of it, the versions
//     that head leaves out
//   - record*, log*, commit: the log, how it is read, and how it goes on
//   - state: what actions have made of a channel; package action says what they are
//   - channel, project, history: a channel as its log has it, how the site is made to
//     show it, and what lies further back
//   - derived*: the files beside head that are replaced and follow from the log
//   - registry*: what a channel has in the OCI registry, which package registry lays out
//   - root: the index in the site's root, which shows one channel once more
//   - verify*, rebuild, status: whether the site is what the log says
//   - prune*: what is kept, and what is removed, also from the drop area
//   - takedown*: what goes at once, and for good; remains*, past, without: what that takes,
//     also where prune frees versions
//   - serve*, head: the site over HTTP, also as a registry, and the index that readers see
//   - origin: what an index that was read somewhere says about its channel
//   - layout, headers: where files lie, and what they are served as
//   - channels, reserved, alike: which channels a site has; package channelname says what
//     they may be called
//
// # Layout
//
// The site:
//
//	<channel>/index.yaml                                              head
//	<channel>/charts/<name>/<version>/<upload>/<name>-<version>.tgz   and .prov
//	<channel>/charts/<name>/<version>/<upload>/release.json           see ReleaseInfo
//	<channel>/log/00000042.json                                       see Record
//	<channel>/log/00000042-<nonce>.state.json                         see StateFile
//	<channel>/snapshots/00000042/index.yaml                           generation 42
//	<channel>/snapshots/00000042/older/index.yaml                     what that left out
//	<channel>/charts/<name>/index.yaml                                all versions of one chart that are not yanked
//	<channel>/all/index.yaml                                          all versions, once head has left some out
//	index.yaml                                                        one channel's head once more, if asked for
//	<channel>/api/keyring.gpg                                         public keys, and as text in keyring.asc: see PutKeyring
//
// Head and the last four are replaced; every other file is written once, never changed, and
// removed only by [Prune] and [TakeDown]. A snapshot is head as it was, with "../../" in
// front of each URL.
//
// Head need not list every version of a chart: a record says which versions it has,
// see [Shown]. The others are in the generation's older index, a repository of its
// own, which is written before head. An [Index] has the lines of both.
//
// What actions have made of a channel, as far as its index does not say it, is its state:
// what is yanked, deprecated or gone. A record that changes it first creates a file with the
// new one, and each record names the newest, so a run reads one file and not the whole log.
// The state follows from the log, from which it is derived if the file is lost.
//
// The index of a chart, and that of all versions, follow from the log as head does: their
// bytes are a function of the record that last changed them, which their headers name. They
// are written before head, by the rules in derived_write.go, and derived.go says how to add
// files of this kind. A channel that an older portolan has published to gets the index of a
// chart with that chart's next change, and all others from [Rebuild].
//
// # Committing
//
// A generation is one [Record]. It is committed by creating the record's file, whose
// number follows the newest one's. The store lets only one of several writers create
// it; the others read what that one did, and decide again. Everything that the record
// refers to is in the store, and durable, before. Everything else follows from the log
// and may be done by anyone, any number of times: snapshots, the files that are replaced,
// a note in the outbox, head, receipts, and the deletion of decided uploads, in that order.
// So there is no repair mode: the next run
// recovers from a crash.
//
// All this depends on promises of the store. Before a channel's first record is
// written, a bucket has to show that it keeps them; see [bucket.Probe].
//
// # Removing
//
// A record may name a floor: the oldest generation that is kept. [Prune] raises it,
// and then removes the snapshots below it and the chart files that no kept generation
// names. Each of their paths belongs to one upload, which is decided, so no generator
// will need them again, however slow it is. Records are never removed: [Rebuild] can
// always derive head and the kept snapshots from them.
//
// [TakeDown] removes a version at once, whatever names it, after a record that says so.
//
// # Invariants
//
// DESIGN.md has the invariants, which hold after every storage operation, the steps
// of a run in their order, and the facts about Helm's clients and about object stores
// that are behind them.
package publisher
