package check

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Version is a version that is compared often: it is read once.
type Version struct {
	text     string
	semantic *semver.Version // nil if it is not
}

// ParseVersion reads a version, whatever it is.
func ParseVersion(text string) Version {
	v, err := semver.NewVersion(text)
	if err != nil {
		v = nil
	}
	return Version{text, v}
}

// Compare compares by semantic version. Versions that are not semantic come
// before all that are.
func (v Version) Compare(w Version) int {
	switch {
	case v.semantic == nil && w.semantic == nil:
		return cmp.Compare(v.text, w.text)
	case v.semantic == nil:
		return -1
	case w.semantic == nil:
		return 1
	}
	return v.semantic.Compare(w.semantic)
}

// Semantic reports whether the version is one at all, if a loose one like 1.2 or v1.2.3.
func (v Version) Semantic() bool { return v.semantic != nil }

// Prerelease reports whether the version is one that clients leave out unless
// they ask for it.
func (v Version) Prerelease() bool { return v.semantic != nil && v.semantic.Prerelease() != "" }

// Minor is the version's major and minor numbers, such as 1.2; false if it is not semantic.
func (v Version) Minor() (minor string, ok bool) {
	if v.semantic == nil {
		return "", false
	}
	return fmt.Sprintf("%d.%d", v.semantic.Major(), v.semantic.Minor()), true
}

// CompareVersions compares by semantic version; see [Version.Compare].
func CompareVersions(a, b string) int { return ParseVersion(a).Compare(ParseVersion(b)) }

// CompareNatural compares texts as people do: what stands in digits counts as a
// number, so build.9 comes before build.10. It tells versions apart that are
// equal for [CompareVersions].
func CompareNatural(a, b string) int {
	s, t := a, b
	for s != "" && t != "" {
		n, m := digits(s), digits(t)
		if n == 0 || m == 0 {
			if s[0] != t[0] {
				return cmp.Compare(s[0], t[0])
			}
			s, t = s[1:], t[1:]
			continue
		}
		x, y := strings.TrimLeft(s[:n], "0"), strings.TrimLeft(t[:m], "0")
		if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); c != 0 {
			return c
		}
		s, t = s[n:], t[m:]
	}
	return cmp.Or(cmp.Compare(len(s), len(t)), cmp.Compare(a, b))
}

// digits returns how many digits a text begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
