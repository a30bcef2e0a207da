package check

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/portolan-charts/portolan/generator/charttest"
)

// inflated is what reading one gzip member gives: the data, how it ends, and what is left
// of the input.
func inflated(r io.Reader, open func(*bufio.Reader) (io.Reader, error)) (data []byte, end string, rest []byte) {
	buf := bufio.NewReaderSize(r, 16)
	z, err := open(buf)
	if err == nil {
		data, err = io.ReadAll(z)
	}
	switch {
	case err == nil:
		rest, _ = io.ReadAll(buf)
		return data, "", rest
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, "truncated", nil
	case errors.Is(err, gzip.ErrHeader):
		return nil, "no gzip", nil
	}
	return nil, "corrupt", nil
}

// TestInflate: members that are good, cut off, damaged or followed by something are read as
// by the standard library.
func TestInflate(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	text := bytes.Repeat([]byte("apiVersion: v2\nname: mychart\n"), 40)
	for range 300 {
		text = append(text, byte(random.Uint32()))
	}
	pooled := inflaters.Get().(*inflater)
	check := func(name string, data []byte) {
		t.Helper()
		for _, r := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data)), iotest.DataErrReader(bytes.NewReader(data))} {
			got, end, rest := inflated(r, func(buf *bufio.Reader) (io.Reader, error) {
				err := pooled.z.Reset(buf)
				pooled.z.Multistream(false)
				return struct{ io.Reader }{&pooled.z}, err
			})
			want, wantEnd, wantRest := inflated(bytes.NewReader(data), func(buf *bufio.Reader) (io.Reader, error) {
				z, err := gzip.NewReader(buf)
				if err == nil {
					z.Multistream(false)
				}
				return z, err
			})
			if end != wantEnd || !bytes.Equal(got, want) || !bytes.Equal(rest, wantRest) {
				t.Fatalf("%s: got %q, %d bytes and %d left, want %q, %d bytes and %d left", name, end, len(got), len(rest), wantEnd, len(want), len(wantRest))
			}
		}
	}
	for _, level := range []int{gzip.HuffmanOnly, gzip.NoCompression, gzip.BestSpeed, gzip.DefaultCompression, gzip.BestCompression} {
		member := charttest.Gzip(text, level)
		check("good", member)
		check("followed", append(bytes.Clone(member), "\x1f\x8bmore"...))
		for i := range member {
			check("cut off", member[:i])
			damaged := bytes.Clone(member)
			if damaged[i] ^= 1 << random.IntN(8); i != 3 || damaged[3] < 1<<5 {
				check("damaged", damaged)
			}
		}
	}
}

// TestReservedFlags: as gzip's specification wants it, and gzip itself does it.
func TestReservedFlags(t *testing.T) {
	for bit := range 3 {
		archive := charttest.Simple("mychart", "0.1.0")
		archive[3] = 1 << (5 + bit)
		_, err := Archive(bytes.NewReader(archive), Options{})
		wantRule(t, err, "not-gzip")
	}
}
