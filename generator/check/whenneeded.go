package check

import (
	"regexp"
	"sync"
)

// whenNeeded returns a regular expression that is compiled when it is first asked for:
// no program should wait for it before it starts. This package imports none of ours, so
// it does not use publisher/lazyregexp, whose test compiles these patterns, too.
func whenNeeded(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
