// Package lazyregexp has regular expressions that are compiled when they are first
// needed. Most commands need few of them, and none should pay for all before it starts.
package lazyregexp

import (
	"regexp"
	"sync"
)

// A Regexp is a regular expression for any number of goroutines. Its methods are
// those of regexp.Regexp.
type Regexp struct {
	pattern  string
	once     sync.Once
	compiled *regexp.Regexp
}

// New returns a regular expression. It does not look at the pattern: with one that
// is wrong, the first use panics. So a test compiles all that the source has.
func New(pattern string) *Regexp { return &Regexp{pattern: pattern} }

func (r *Regexp) get() *regexp.Regexp {
	r.once.Do(func() { r.compiled = regexp.MustCompile(r.pattern) })
	return r.compiled
}

func (r *Regexp) Match(b []byte) bool                    { return r.get().Match(b) }
func (r *Regexp) MatchString(s string) bool              { return r.get().MatchString(s) }
func (r *Regexp) FindAll(b []byte, n int) [][]byte       { return r.get().FindAll(b, n) }
func (r *Regexp) FindAllString(s string, n int) []string { return r.get().FindAllString(s, n) }
func (r *Regexp) FindStringSubmatch(s string) []string   { return r.get().FindStringSubmatch(s) }
func (r *Regexp) ReplaceAllString(s, with string) string { return r.get().ReplaceAllString(s, with) }
