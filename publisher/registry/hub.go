package registry

import (
	"encoding/json"
)

// HubTag is the tag under which Artifact Hub looks for a repository's owner. It is in no
// list of tags, since it is no version.
const HubTag = "artifacthub.io"

const (
	typeHubConfig = "application/vnd.cncf.artifacthub.config.v1+yaml"
	typeHubLayer  = "application/vnd.cncf.artifacthub.repository-metadata.layer.v1.yaml"
)

// File is a file of the registry.
type File struct {
	Key  string
	Body []byte
}

// Hub returns the files that tell Artifact Hub about a repository, as its
// artifacthub-repo.yml says: what has no tag first.
func Hub(repository string, metadata []byte) []File {
	config := []byte("{}")
	b, err := json.Marshal(manifest{
		SchemaVersion: 2,
		MediaType:     TypeManifest,
		Config:        describe(typeHubConfig, SumOf(config)),
		Layers:        []descriptor{describe(typeHubLayer, SumOf(metadata))},
		Annotations:   map[string]string{annotationTitle: "artifacthub-repo.yml"},
	})
	if err != nil {
		panic(err) // texts always encode
	}
	return []File{
		{BlobKey(repository, SumOf(config).SHA256), config},
		{BlobKey(repository, SumOf(metadata).SHA256), metadata},
		{ManifestKey(repository, SumOf(b).SHA256), b},
		{ReferrersKey(repository, SumOf(b).SHA256), []byte(NoReferrers)},
		{TagKey(repository, HubTag), b},
	}
}
