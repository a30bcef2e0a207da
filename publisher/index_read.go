package publisher

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// indexText is a file in the place of an index.yaml, as it was read.
type indexText struct {
	entry bucket.Entry
	text  string
}

// readIndex reads an index file. It may be the largest thing that a run holds, so it is
// held only once.
func readIndex(ctx context.Context, s bucket.Store, key string) (*indexText, error) {
	r, err := s.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return readIndexFrom(r, key)
}

// errTorn is reported for an index that exists, but fails while it is read.
var errTorn = errors.New("it cannot be read to its end")

func readIndexFrom(r *bucket.Reader, key string) (*indexText, error) {
	if r.Entry.Size > maxIndex {
		return nil, bucket.About(key, bucket.ErrTooLarge) // without holding as much as may be read
	}
	var text strings.Builder
	text.Grow(int(max(r.Entry.Size, 0)))
	n, err := io.Copy(&text, io.LimitReader(r, maxIndex+1))
	if err != nil {
		return nil, bucket.About(key, fmt.Errorf("%w: %w", errTorn, err))
	}
	if n > maxIndex {
		return nil, bucket.About(key, bucket.ErrTooLarge)
	}
	return &indexText{r.Entry, text.String()}, nil
}

// sumLater computes the SHA-256 of a text while its caller goes on. wait returns it, in
// hex.
func sumLater(text string) (wait func() string) {
	sum := make(chan string, 1)
	go func() {
		h := sha256.New()
		hash := bufio.NewWriterSize(h, 64<<10) // which spares a copy of all of it
		_, _ = hash.WriteString(text)
		_ = hash.Flush() // neither can fail
		sum <- hex.EncodeToString(h.Sum(nil))
	}()
	return sync.OnceValue(func() string { return <-sum })
}

// ErrNotOurs is reported for an index.yaml that portolan did not write, or that is
// damaged.
var ErrNotOurs = errors.New("not written by portolan")

// parseIndex reads an index that portolan wrote. The Index keeps the text.
func parseIndex(text string) (*Index, error) {
	lines := strings.Split(text, "\n")
	if n := len(lines); n < 3 || lines[n-1] != "" || lines[n-2]+"\n" != indexEnd {
		return nil, ErrNotOurs
	}
	x := &Index{header: lines[0], text: text}
	if _, err := parseHeader(x.header); err != nil {
		return nil, err
	}
	rest, at := lines[1:len(lines)-2], len(x.header)+1
	for len(rest) > 0 {
		n, s, err := parseSection(rest)
		if err != nil {
			return nil, err
		}
		s.at = at
		x.charts = append(x.charts, s)
		at += s.size - len("]") + len(rest[n-1]) + len("\n")
		rest = rest[n:]
	}
	return x, nil
}

// parseSection reads the first chart's section and counts its lines.
func parseSection(lines []string) (n int, s section, err error) {
	quoted, ok := strings.CutSuffix(lines[0], ":[")
	if !ok || json.Unmarshal([]byte(quoted), &s.name) != nil {
		return 0, s, ErrNotOurs
	}
	s.size = len(lines[0])
	for i, line := range lines[1:] {
		s.size += len("\n") + len(line)
		if line == "]" || line == "]," {
			s.size += len("]") - len(line)
			s.lines = lines[1 : i+1]
			for j := range s.lines {
				s.lines[j] = strings.TrimSuffix(s.lines[j], ",")
			}
			return i + 2, s, nil
		}
	}
	return 0, s, ErrNotOurs
}
