package shim

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/http"
	"strconv"

	"github.com/klauspost/compress/flate"
)

// zipHeader begins every gzip file without a name and a time.
const zipHeader = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

// zippedRest returns all lines of the index but the first, as the end of a deflate
// stream. Only the first line depends on how a client spells the URL, so that one
// compressed copy does for all spellings.
func (v *view) zippedRest(x *rendering) ([]byte, error) {
	v.zipping.Do(func() {
		var b bytes.Buffer
		z, err := flate.NewWriter(&b, flate.DefaultCompression)
		if err == nil {
			_, err = x.index.WriteTo(&firstLine{rest: z})
		}
		if err == nil {
			err = z.Close()
		}
		v.zipped, v.unzippable = b.Bytes(), err
	})
	return v.zipped, v.unzippable
}

// zippedFirst returns the first line, as the beginning of a gzip file.
func (x *rendering) zippedFirst() ([]byte, error) {
	b := bytes.NewBufferString(zipHeader)
	z, err := flate.NewWriter(b, flate.DefaultCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(x.first); err != nil {
		return nil, err
	}
	err = z.Flush() // ends at a whole byte
	return b.Bytes(), err
}

// zippedIndex answers with the compressed index.
func (a *answer) zippedIndex(r *http.Request, v *view, x *rendering) error {
	first, err := x.zippedFirst()
	if err != nil {
		return err
	}
	rest, err := v.zippedRest(x)
	if err != nil {
		return err
	}
	end := binary.LittleEndian.AppendUint32(nil, x.crc)
	end = binary.LittleEndian.AppendUint32(end, uint32(x.size))
	a.Header().Set("Content-Length", strconv.Itoa(len(first)+len(rest)+len(end)))
	a.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	for _, part := range [][]byte{first, rest, end} {
		if _, err := a.Write(part); err != nil {
			return gone(err)
		}
	}
	return nil
}

// firstLine keeps the first line that is written to it, and passes on the others.
type firstLine struct {
	line []byte
	past bool
	rest io.Writer
}

func (f *firstLine) Write(p []byte) (int, error) {
	if f.past {
		return f.rest.Write(p)
	}
	end := bytes.IndexByte(p, '\n') + 1
	if f.past = end > 0; !f.past {
		end = len(p)
	}
	f.line = append(f.line, p[:end]...)
	n, err := f.rest.Write(p[end:])
	return end + n, err
}
