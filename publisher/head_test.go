package publisher_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

const headText = `{"apiVersion":"v1","generated":"2026-03-01T12:00:00Z","serverInfo":{"contextPath":"/helm"},"annotations":{"portolan/generation":"7"},"entries":{
"alpha":[
{"name":"alpha","version":"1.0.0","urls":["charts/alpha"]}
]
}}
`

func indexText(t *testing.T, x *publisher.Index) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := x.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReadHead(t *testing.T) {
	site := (&buckettest.Mem{TB: t}).Handle("reader")
	read := func(before *publisher.Head) (*publisher.Head, error) {
		return publisher.ReadHead(t.Context(), site, "stable", before)
	}
	write := func(text, token string) {
		t.Helper()
		o := bucket.Object{Key: "stable/index.yaml", Body: bucket.Bytes([]byte(text))}
		err := site.Create(t.Context(), o)
		if token != "" {
			err = site.Replace(t.Context(), o, token)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := read(nil); !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("of no channel: %v, want ErrNotFound", err)
	}
	write(headText, "")
	first, err := read(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := indexText(t, first.Index); got != headText || first.Size != int64(len(headText)) || first.Modified.IsZero() {
		t.Errorf("head: size %d, modified %v:\n%s", first.Size, first.Modified, got)
	}
	if again, err := read(first); err != nil || again != first {
		t.Errorf("head that has not changed: %p, %v; want %p", again, err, first)
	}
	write(strings.Replace(headText, `"7"`, `"8"`, 1), first.Token)
	if second, err := read(first); err != nil || second == first || !strings.Contains(indexText(t, second.Index), `"8"`) {
		t.Errorf("head that has changed: %v", err)
	}
	second, _ := read(nil)
	write("entries: {}\n", second.Token)
	if _, err := read(second); err == nil || !strings.Contains(err.Error(), "stable/index.yaml: not written by portolan") {
		t.Errorf("an index that portolan did not write: %v", err)
	}
}

func TestWithContextPath(t *testing.T) {
	head := publisher.EmptyHead()
	if want := `{"apiVersion":"v1","generated":"1970-01-01T00:00:00Z","annotations":{"portolan/generation":"0"},"entries":{` + "\n}}\n"; indexText(t, head.Index) != want {
		t.Errorf("empty head:\ngot  %swant %s", indexText(t, head.Index), want)
	}
	for path, want := range map[string]string{
		"":                  `"generated":"1970-01-01T00:00:00Z","annotations"`,
		"/helm":             `"generated":"1970-01-01T00:00:00Z","serverInfo":{"contextPath":"/helm"},"annotations"`,
		"/api/v4/a/ü \"x\"": `"serverInfo":{"contextPath":"/api/v4/a/ü \"x\""},`,
	} {
		x, err := head.WithContextPath("/other")
		if err != nil {
			t.Fatal(err)
		}
		if x, err = x.WithContextPath(path); err != nil || !strings.Contains(indexText(t, x), want) {
			t.Errorf("context path %q: %v, %s", path, err, indexText(t, x))
		}
	}
}

// TestReadHeadTooLarge reads nothing of an index that is known to be too large.
func TestReadHeadTooLarge(t *testing.T) {
	s := buckettest.Faulty{GetFunc: func(bucket.Store, context.Context, string) (*bucket.Reader, error) {
		return &bucket.Reader{ReadCloser: io.NopCloser(iotest.ErrReader(errors.New("it is read"))), Entry: bucket.Entry{Size: 3 << 30}}, nil
	}}
	if _, err := publisher.ReadHead(t.Context(), &s, "stable", nil); !errors.Is(err, bucket.ErrTooLarge) {
		t.Errorf("got %v, want %v", err, bucket.ErrTooLarge)
	}
}
