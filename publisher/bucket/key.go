package bucket

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxKey is the longest key, in bytes: what S3, GCS and Azure all take.
const maxKey = 1024

var errKey = errors.New("not a key: a key is a slash-separated path of UTF-8 without empty, '.' or '..' segments, backslash or NUL, of at most 1,024 bytes")

// CheckKey reports whether key can name an object in every store.
func CheckKey(key string) error {
	if !validKey(key) {
		// Quoted and cut short: what makes a bad key would also make a bad
		// error message.
		return About(fmt.Sprintf("%.100q", key), errKey)
	}
	return nil
}

func validKey(key string) bool {
	if len(key) > maxKey || !utf8.ValidString(key) || strings.ContainsAny(key, "\\\x00") {
		return false
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
	}
	return true
}

// checkDir is CheckKey for folders, of which the root is called "".
func checkDir(dir string) error {
	if dir == "" {
		return nil
	}
	return CheckKey(dir)
}
