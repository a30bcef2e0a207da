package publisher

// The text of an index may have many megabytes, and a generation changes few of its
// lines. So what stays as it is goes as one piece into what is hashed and written.

// asRead returns the text of the first of the charts, those that lie in the index's text
// one after the other, and how many they are. The first does.
func (x *Index) asRead(charts []section) (text string, n int) {
	end := 0
	for _, s := range charts {
		if s.size == 0 || n > 0 && s.at != end+len(",\n") {
			break
		}
		n, end = n+1, s.at+s.size
	}
	return x.text[charts[0].at:end], n
}
