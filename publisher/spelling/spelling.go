// Package spelling finds the word that somebody probably meant.
package spelling

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Nearest returns the known word that was probably meant, or "" if none is near.
// Among equally near words it prefers one with the same first letter, which
// people rarely get wrong.
func Nearest(word string, known []string) string {
	best, least := "", 2*(len(word)/3+2)
	for _, k := range slices.Sorted(slices.Values(known)) {
		distance := 2 * levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(k))
		if word == "" || k[0] != word[0] {
			distance++
		}
		if distance < least {
			best, least = k, distance
		}
	}
	return best
}

// Within returns the known word that differs from the word in the fewest letters, if these
// are not more than most, or "". Case does not count.
func Within(word string, known []string, most int) string {
	best := ""
	for _, k := range slices.Sorted(slices.Values(known)) {
		if len(k)-len(word) > most || len(word)-len(k) > most {
			continue
		}
		if distance := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(k)); distance <= most && (best == "" || distance < most) {
			best, most = k, distance
		}
	}
	return best
}

// OneSlip reports whether two words differ by one slip: a letter too many, too few or
// wrong, or two letters in the wrong order. Words that differ in digits alone, such as v1
// and v2, are two words.
func OneSlip(a, b string) bool {
	if a == b || withoutDigits(a) == withoutDigits(b) {
		return false
	}
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a) <= 1 && len(b) <= 1 || len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}

func withoutDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, s)
}

// DidYouMean ends a message with the nearest of the known words, or with
// nothing if none is near.
func DidYouMean(word string, known []string) string {
	if best := Nearest(word, known); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return ""
}
