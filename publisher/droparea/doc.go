// Package droparea keeps what waits to be decided: uploads and requests for actions, and
// what is told to those who sent them. Anyone who may write to the store can put files
// there, so nothing in it is trusted. It knows nothing of the site, on which package
// publisher keeps what is decided.
//
// # Where things are
//
//   - upload, action: how an upload, and a request for an action, is put into the inbox,
//     and read
//   - inbox*: what one listing of the inbox shows; id: what an upload is called
//   - adopt: files that somebody put there under names of their own
//   - offer: a chart that was checked and is not in the inbox yet
//   - receipt*, rejected: the verdict, and what is kept of a refused upload
//   - remove: what is decided leaves the inbox
//   - outbox: who is still to be told of a generation
//   - pushed: files of a push to the registry, which wait for their manifest
//   - prune: what is old goes
//
// # Layout
//
//	inbox/<channel>/<id>.tgz         an upload; ids that portolan makes are UUIDv7
//	inbox/<channel>/<id>.tgz.prov    its provenance file, written before it
//	inbox/<channel>/<id>.json        what its uploader says about it, written before it
//	inbox/<channel>/<any name>.tgz   a file that somebody put there, to be adopted
//	inbox/<channel>/<id>.action.json what asks for an action: see package action
//	inbox/<channel>/….notify.json    who is still to be told of a generation; see Untold
//	receipts/<id>.json               the verdict; if two channels have the id: receipts/<channel>/<id>.json
//	rejected/<channel>/<id>.tgz      a refused upload, kept, with its receipt beside it
//	pushed/<hour>/…                  what was pushed to a registry, and waits for its tag
//
// An upload's chart is written last. What portolan itself writes is create-if-absent.
package droparea
