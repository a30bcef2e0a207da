package pages

import (
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
)

// maxRange bounds a range of versions that is looked at, in bytes.
const maxRange = 300

var (
	// hyphenRange is a range such as 1.2 - 2.4, and rangePart what a range consists of.
	hyphenRange = lazyregexp.New(`(\S+)\s+-\s+(\S+)`)
	rangePart   = lazyregexp.New(`^[\s,]*(>=|=>|<=|=<|!=|~>|[<>=^~])?\s*v?(\d{1,9}|[xX*])(?:\.(\d{1,9}|[xX*]))?(?:\.(\d{1,9}|[xX*]))?(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?(?:[\s,]+|$)`)
)

// lowest returns the lowest version that a range such as >=1.25.0-0 allows, without
// prereleases. It returns nil if that is not plain from the range.
func lowest(versions string) *semver.Version {
	if len(versions) > maxRange {
		return nil
	}
	var least *semver.Version
	for part := range strings.SplitSeq(versions, "||") {
		v := lowestOfAll(hyphenRange.ReplaceAllString(part, ">=$1 <=$2"))
		if v == nil {
			return nil
		}
		if least == nil || v.LessThan(least) {
			least = v
		}
	}
	return least
}

// lowestOfAll returns the lowest version for which all conditions hold.
func lowestOfAll(conditions string) *semver.Version {
	var highest *semver.Version
	for rest := conditions; strings.TrimSpace(rest) != ""; {
		m := rangePart.FindStringSubmatch(rest)
		if m == nil || m[1] == ">" {
			return nil
		}
		rest = rest[len(m[0]):]
		if strings.HasPrefix(m[1], "<") || m[1] == "=<" || m[1] == "!=" {
			continue
		}
		var numbers []string
		for _, n := range m[2:5] {
			if n == "" || strings.ContainsAny(n, "xX*") {
				n = "0"
			}
			numbers = append(numbers, n)
		}
		v, err := semver.NewVersion(strings.Join(numbers, "."))
		if err != nil {
			return nil
		}
		if highest == nil || v.GreaterThan(highest) {
			highest = v
		}
	}
	return highest
}

// otherMajor reports whether two ranges of versions begin with different major
// versions, as far as that is plain.
func otherMajor(before, after string) bool {
	a, b := lowest(before), lowest(after)
	return a != nil && b != nil && a.Major() != b.Major()
}

// minor returns a version without a patch that is 0: 1.25.
func minor(v *semver.Version) string { return strings.TrimSuffix(v.String(), ".0") }
