package registry

// Media types of the files, as clients must be told.
const (
	TypeManifest = "application/vnd.oci.image.manifest.v1+json"
	TypeIndex    = "application/vnd.oci.image.index.v1+json"
	TypeBlob     = "application/octet-stream"
	TypeTags     = "application/json"
)

// Media types of the parts of a chart, as its manifest names them.
const (
	TypeConfig     = "application/vnd.cncf.helm.config.v1+json"
	TypeChart      = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
	TypeProvenance = "application/vnd.cncf.helm.chart.provenance.v1.prov"

	// TypeOldChart is what Helm before 3.7 called an archive. All later ones read it.
	TypeOldChart = "application/tar+gzip"
)

// ContentType is what the file with the key is served as, and whether it is one of the
// registry at all.
func ContentType(key string) (mediaType string, ok bool) {
	k, ok := ParseKey(key)
	return k.ContentType(), ok
}

// ContentType is what the file is served as.
func (k Key) ContentType() string {
	switch k.Kind {
	case ByDigest, ByTag:
		return TypeManifest
	case Referrers:
		return TypeIndex
	case TagList:
		return TypeTags
	}
	return TypeBlob
}
