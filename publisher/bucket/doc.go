// Package bucket stores objects: in S3, in Google Cloud Storage, in Azure Blob
// Storage, or in a local folder. It also reads them from a web site. It knows
// nothing of channels.
//
// # The contract
//
// [Store] is all that portolan needs from object storage, in five methods:
//
//   - Create writes an object that does not exist yet. If several writers create
//     one key with different bytes, exactly one succeeds and the others get
//     [ErrConflict]. Creating what is already there, byte for byte, succeeds: so a
//     write may be repeated, and a lost answer does no harm.
//   - Replace writes an object in place of the version that the caller has read,
//     which its token names, and fails with [ErrConflict] if that version is gone.
//   - Get reads one version of an object. It is never stale: what Create or Replace
//     has written is there for every later Get, in every process.
//   - List shows what lies in a folder, or everything below it. A listing may be
//     stale for a short time, so nothing is concluded from what it lacks.
//   - Delete removes an object, if it still is the version that the token names.
//
// [DeleteAll] removes many objects, on S3 and Azure with few requests: see [Bulk].
// [WriteAll] creates and replaces many, in a folder with few flushes of the disk.
//
// Readers see an object whole or not at all. A write that returned nil is done, and
// durable. Only one that is [Object.Deferred] takes effect with a later write. An error
// other than [ErrNotFound] and [ErrConflict] leaves open whether the write took effect.
//
// Each of these sentences is a test of package buckettest, which every backend
// passes. [Probe] shows whether a server keeps those of them that nothing else can
// make up for; a server that does not is a [BrokenPromise].
//
// Errors name the key ([KeyError]) and the bucket ([ServerError]), in one line that
// people can read; [Chains] has what the provider's client said. [Denied] tells a missing
// permission from a missing object. The clients write nothing to standard output or
// standard error.
//
// # Backends
//
// [Open] takes a URL, or the path of a folder. Nothing is read or written yet.
//
//	/srv/charts, file:///srv/charts   a folder; see below
//	s3://bucket?prefix=site/          S3, and what speaks its protocol: If-None-Match and If-Match
//	gs://bucket?prefix=site/          Google Cloud Storage: generation preconditions
//	azblob://container?prefix=site/   Azure Blob Storage: If-None-Match and If-Match
//
// The URLs of buckets are those of gocloud.dev/blob, with all their parameters;
// credentials are found as each cloud's own tools find them. A token is an ETag, or
// on Google Cloud Storage a generation. On S3, which reads a '+' in a URL as a
// space, a chart's file with a '+' in its key is stored under both keys.
//
// A folder may be used by any number of processes on one machine, and by people
// with their own tools. Objects are written to temporary files below .portolan and get
// their names by renameat2(2), or by link(2) where that is missing: both fail if the
// name is taken. Replace and Delete take a lock, and look at the file once more under
// it. A token is inode, size and modification time. Everything is flushed to the disk
// before a write returns; on Linux, deferred objects are flushed together, and so are those
// of [WriteAll]. What only a folder can do is in [Folder].
//
// [OpenWeb] reads a site through its web server. It can neither list nor write, and
// both fail with [errors.ErrUnsupported].
//
// # Retries
//
// Callers need not repeat anything at once. A bucket's store repeats a request whose
// connection broke, that got no data for 30 seconds, or that was answered with 408,
// 409, 429 or 5xx, after a pause that doubles each time, for up to two minutes. A
// read continues where it broke off, if the object still is the same version. After
// a failed write the object is read back: if it has the bytes that were to be
// written, the write has succeeded, whatever the answer was.
//
// # Adding a backend
//
// A backend that gocloud.dev knows is a provider, in a file of its own such as
// gcs.go: how to read a token, how to make a request conditional, and what a status
// was. Any other is a type with the five methods. Both are added to [Open], and to
// the tests that run the conformance suite.
package bucket
