package registry

import (
	"encoding/json"
	"testing"
)

// TestHub: a client that follows the tag finds the metadata, and the tag comes last.
func TestHub(t *testing.T) {
	at := map[string][]byte{}
	files := Hub("stable/mychart", []byte("repositoryID: x\n"))
	for _, f := range files {
		k, ok := ParseKey(f.Key)
		if !ok || k.SHA256 != "" && k.Kind != Referrers && SumOf(f.Body).SHA256 != k.SHA256 {
			t.Errorf("%s does not fit its bytes", f.Key)
		}
		at[f.Key] = f.Body
	}
	tag := TagKey("stable/mychart", "artifacthub.io")
	if files[len(files)-1].Key != tag {
		t.Errorf("the last file is %s", files[len(files)-1].Key)
	}
	var m manifest
	if err := json.Unmarshal(at[tag], &m); err != nil {
		t.Fatal(err)
	}
	layer := m.Layers[0]
	hex, _ := parseDigest(layer.Digest)
	if layer.MediaType != "application/vnd.cncf.artifacthub.repository-metadata.layer.v1.yaml" || string(at[BlobKey("stable/mychart", hex)]) != "repositoryID: x\n" {
		t.Errorf("got %s", at[tag])
	}
	hex, _ = parseDigest(m.Config.Digest)
	if m.Config.MediaType != "application/vnd.cncf.artifacthub.config.v1+yaml" || int64(len(at[BlobKey("stable/mychart", hex)])) != m.Config.Size {
		t.Errorf("got %s", at[tag])
	}
	if string(at[ManifestKey("stable/mychart", SumOf(at[tag]).SHA256)]) != string(at[tag]) {
		t.Error("the manifest cannot be read by its digest")
	}
}
