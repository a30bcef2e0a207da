package bucket_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// TestS3Parameters sends to the server what the parameters of a bucket's URL say.
func TestS3Parameters(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	var sent *http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = r
		w.Header().Set("ETag", `"1"`)
	}))
	defer server.Close()
	const address = "s3://acme?region=x&use_path_style=true&endpoint="
	for _, test := range []struct {
		parameters string
		path       string
		header     map[string]string
	}{
		{"", "/acme/a", map[string]string{"X-Amz-Server-Side-Encryption": "", "X-Amz-Checksum-Crc32": "DUoRhQ=="}},
		{"&prefix=some/site", "/acme/some/site/a", nil},
		{"&ssetype=AES256", "/acme/a", map[string]string{"X-Amz-Server-Side-Encryption": "AES256"}},
		{"&ssetype=aes256", "/acme/a", map[string]string{"X-Amz-Server-Side-Encryption": "AES256"}},
		{"&ssetype=AWS:KMS&kmskeyid=mine&prefix=b", "/acme/b/a", map[string]string{
			"X-Amz-Server-Side-Encryption": "aws:kms", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": "mine"}},
		{"&request_checksum_calculation=when_required", "/acme/a", map[string]string{"X-Amz-Checksum-Crc32": ""}},
	} {
		s := openStore(t, address+url.QueryEscape(server.URL)+test.parameters)
		if err := s.Create(t.Context(), bucket.Object{Key: "a", Body: bucket.Bytes([]byte("hello world"))}); err != nil {
			t.Errorf("%s: %v", test.parameters, err)
			continue
		}
		if sent.URL.Path != test.path {
			t.Errorf("%s: it is stored at %s, want %s", test.parameters, sent.URL.Path, test.path)
		}
		for name, want := range test.header {
			if got := sent.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", test.parameters, name, got, want)
			}
		}
	}
}
