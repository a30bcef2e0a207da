package bucket_test

import (
	"errors"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gocloud.dev/blob"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest/servers"
)

const (
	plusKey   = "stable/charts/beta/1.0.0+b.1/id/beta-1.0.0+b.1.tgz"
	plusAlias = "stable/charts/beta/1.0.0 b.1/id/beta-1.0.0 b.1.tgz"
)

var encodedRE = regexp.MustCompile(`(?im)^content-encoding:[ \t]*[^ \t\r]`)

// rawKeys are the keys that are in a bucket itself.
func rawKeys(t *testing.T, bucketURL string) []string {
	t.Helper()
	b, err := blob.OpenBucket(t.Context(), bucketURL)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var keys []string
	for it := b.List(nil); ; {
		o, err := it.Next(t.Context())
		if err != nil {
			break
		}
		keys = append(keys, o.Key)
	}
	slices.Sort(keys)
	return keys
}

func TestS3Plus(t *testing.T) {
	t.Parallel()
	bucketURL := servers.S3(t).Bucket(t)
	s := openStore(t, bucketURL)
	create := func(key, content string) error {
		return s.Create(t.Context(), bucket.Object{Key: key, Body: bucket.Bytes([]byte(content))})
	}
	read := func(key, want string) {
		t.Helper()
		b, _, err := bucket.ReadAll(t.Context(), s, key, 100)
		if string(b) != want || err != nil {
			t.Errorf("%s: got %q and %v, want %q", key, b, err, want)
		}
	}
	if err := errors.Join(create(plusKey, "one"), create(plusKey, "one"), create("inbox/stable/my chart.tgz", "x"), create("inbox/a+b", "x")); err != nil {
		t.Fatal(err)
	}
	if err := create(plusKey, "two"); !errors.Is(err, bucket.ErrConflict) {
		t.Errorf("creating other bytes: got %v", err)
	}
	read(plusAlias, "one")
	want := []string{"inbox/a+b", "inbox/stable/my chart.tgz", plusAlias, plusKey}
	if got := rawKeys(t, bucketURL); !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
	for dir, want := range map[string]string{
		"stable": plusKey, "inbox": "inbox/a+b inbox/stable/my chart.tgz",
	} {
		var got []string
		for e, err := range s.List(t.Context(), dir, bucket.Descendants) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e.Key)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("listing %s: got %q, want %q", dir, got, want)
		}
	}
	for e, err := range s.List(t.Context(), "stable/charts/beta", bucket.Children) {
		if err != nil || e.Key != "stable/charts/beta/1.0.0+b.1" || !e.Dir {
			t.Errorf("listing the versions: %+v, %v", e, err)
		}
	}

	r, err := s.Get(t.Context(), plusKey)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	if err := s.Replace(t.Context(), bucket.Object{Key: plusKey, Body: bucket.Bytes([]byte("three"))}, r.Entry.Token); err != nil {
		t.Error(err)
	}
	read(plusAlias, "three")
	if err := s.Delete(t.Context(), plusKey, ""); err != nil {
		t.Error(err)
	}
	if got := rawKeys(t, bucketURL); !slices.Equal(got, want[:2]) {
		t.Errorf("after the deletion there are %q", got)
	}
}

// TestServerHeaders reads with curl what was stored, as Helm and browsers do:
// with the '+' in the URL as the index has it.
func TestServerHeaders(t *testing.T) {
	for _, start := range []func(testing.TB) *servers.Server{servers.S3, servers.GCS, servers.Azure} {
		server := start(t)
		t.Run(server.Scheme, func(t *testing.T) {
			t.Parallel()
			bucketURL := server.Bucket(t)
			err := openStore(t, bucketURL).Create(t.Context(), bucket.Object{
				Key: plusKey, Body: bucket.Bytes([]byte("Grüße 🚀")),
				ContentType: "application/gzip", CacheControl: "public, max-age=31536000, immutable",
			})
			if err != nil {
				t.Fatal(err)
			}
			got := curl(t, server.Object(bucketURL, plusKey))
			head, body, _ := strings.Cut(got, "\r\n\r\n")
			if body != "Grüße 🚀" {
				t.Errorf("got %q", body)
			}
			for _, want := range []string{"200 OK", "content-type: application/gzip", "cache-control: public, max-age=31536000, immutable"} {
				if !strings.Contains(strings.ToLower(head), strings.ToLower(want)) {
					t.Errorf("no %q in:\n%s", want, head)
				}
			}
			if encodedRE.MatchString(head) {
				t.Errorf("encoded:\n%s", head)
			}
		})
	}
}

// curl returns the answer to a GET, with its header.
func curl(t *testing.T, url string) string {
	t.Helper()
	curl := testenv.Program(t, "curl")
	b, err := exec.CommandContext(testenv.Context(t), curl, "--silent", "--show-error", "--include", url).CombinedOutput()
	if err != nil {
		t.Fatalf("curl %s: %v: %s", url, err, b)
	}
	return string(b)
}
