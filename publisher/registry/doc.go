// Package registry knows how charts lie in an OCI registry: the keys of its files, what
// they are served as, and the bytes of those that are made. A client that reads these
// files from any web server takes it for a registry. The package reads and writes
// nothing itself, and its bytes depend on what it is given alone.
//
// # Layout
//
// A repository is a channel and a chart: stable/mychart. Each file has the content type
// that [ContentType] says:
//
//	v2/<repository>/blobs/sha256:<hex>       archive, provenance file, or config: Chart.yaml as JSON
//	v2/<repository>/manifests/sha256:<hex>   a version
//	v2/<repository>/manifests/<tag>          the same bytes; replaceable
//	v2/<repository>/tags/list                see [Tags]; replaceable
//	v2/<repository>/referrers/sha256:<hex>   see [NoReferrers]; replaceable
//
// The last two segments of a key say what it is, so charts may be called blobs or tags.
//
// # Manifests
//
// [New] makes the manifest of a version as 'helm push' would. [Parse] reads one that
// somebody pushed or that lies in another registry, and [Manifest.Check] holds it to
// what it is said to describe.
package registry
