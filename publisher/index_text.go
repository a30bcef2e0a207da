package publisher

// The text of an index may have many megabytes, and a generation changes few of its
// lines. So what stays as it is goes as one piece into what is hashed and written.

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
