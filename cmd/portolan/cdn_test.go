package main

import (
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/ci/testenv"
)

// TestCloudFrontFunction runs the function in ci/cdn.md on what CloudFront gives it.
func TestCloudFrontFunction(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("a1", 32)
	answered := func(uri, status string) string {
		return `{"request": {"uri": "` + uri + `"}, "response": {"statusCode": ` + status + `, "headers": {}}}`
	}
	for _, c := range []struct{ event, want string }{
		{`{"request": {"uri": "/v2/"}}`, `{"statusCode":200,"headers":{"content-type":{"value":"application/json"}},"body":{"encoding":"text","data":"{}"}}`},
		{`{"request": {"uri": "/stable/"}}`, `{"uri":"/stable/index.html"}`},
		{`{"request": {"uri": "/stable/index.yaml"}}`, `{"uri":"/stable/index.yaml"}`},
		{answered("/v2/stable/web/blobs/"+digest, "200"), `{"statusCode":200,"headers":{"docker-content-digest":{"value":"` + digest + `"}}}`},
		{answered("/v2/a/b/web/manifests/"+digest, "200"), `{"statusCode":200,"headers":{"docker-content-digest":{"value":"` + digest + `"}}}`},
		{answered("/v2/stable/web/manifests/"+digest, "404"), `{"statusCode":404,"headers":{}}`},
		{answered("/v2/stable/web/referrers/"+digest, "200"), `{"statusCode":200,"headers":{}}`},
		{answered("/v2/stable/web/manifests/1.0.0", "200"), `{"statusCode":200,"headers":{}}`},
	} {
		script := block(t, "cloudfront") + "console.log(JSON.stringify(handler(" + c.event + ")))"
		if o := process(t, t.TempDir(), plainEnv(), testenv.Program(t, "node"), "-e", script); o.code != 0 || strings.TrimSpace(o.stdout) != c.want {
			t.Errorf("%s: got %s%s, want %s", c.event, o.stdout, o.stderr, c.want)
		}
	}
}
