// Package days reads times as people write them for what lasts long: in days.
package days

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Pattern is a regular expression for what [Parse] reads.
const Pattern = "^([0-9]+d|([0-9.]+(ns|us|µs|ms|s|m|h))+)$"

// most is the longest time that can be held, in days.
const most = int64(1<<63-1) / int64(24*time.Hour)

// Parse reads a number of days, such as 30d, or a time as [time.ParseDuration] does.
func Parse(s string) (time.Duration, error) {
	number, ok := strings.CutSuffix(s, "d")
	if !ok {
		return time.ParseDuration(s)
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > most {
		return 0, fmt.Errorf("%q is not a number of days, such as 30d", s)
	}
	return time.Duration(n) * 24 * time.Hour, nil
}

// Format writes a time as [Parse] reads it: in days if they are whole, and otherwise without
// empty minutes and seconds.
func Format(d time.Duration) string {
	if day := 24 * time.Hour; d%day == 0 && d != 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	text := d.String() // which always has minutes and seconds, once it has hours
	for _, none := range []string{"m0s", "h0m"} {
		if short, ok := strings.CutSuffix(text, none); ok {
			text = short + none[:1]
		}
	}
	return text
}
