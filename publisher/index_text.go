package publisher

import "unsafe"

// The text of an index may have many megabytes, and a generation changes few of its
// lines. So it is not copied when it is read, nor, where it stays as it is, when it is
// hashed and written.

// asRead returns the text of the charts from the i-th on that lie in the index's text
// one after the other, and how many they are. The i-th does.
func (x *Index) asRead(i int) (text string, n int) {
	first, end := x.charts[i].at, 0
	for ; i < len(x.charts); i++ {
		s := x.charts[i]
		if s.size == 0 || n > 0 && s.at != end+len(",\n") {
			break
		}
		n, end = n+1, s.at+s.size
	}
	return x.text[first:end], n
}

// asBytes returns the bytes of a string without copying them. Nobody may change them.
func asBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// asString is the inverse of asBytes.
func asString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
