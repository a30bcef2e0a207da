package check

import "testing"

func TestCompareNatural(t *testing.T) {
	ordered := []string{"", "1.0.0+build.", "1.0.0+build.0", "1.0.0+build.1", "1.0.0+build.9", "1.0.0+build.10", "1.0.0+build.010", "1.0.0+build.10.a", "1.0.0+build.99999999999999999999", "1.0.0+build.100000000000000000000", "1.0.0+builds", "v1.0.0"}
	// Leading zeros count last.
	ordered[5], ordered[6] = ordered[6], ordered[5]
	for i, a := range ordered {
		for j, b := range ordered {
			got := CompareNatural(a, b)
			if (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%q and %q: got %d", a, b, got)
			}
		}
	}
}
