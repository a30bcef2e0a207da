package check

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
)

// A Problem is the reason why an upload was rejected. It is a fact about the
// upload, so trying again cannot help; any other error can go away.
type Problem struct {
	Rule    string // stable code, public: it stands in logs and receipts
	Message string // a sentence that names the thing and the rule
	Fix     string // what the author of the chart can do
}

// Error returns the message and the fix.
func (p *Problem) Error() string { return p.Message + "; " + p.Fix }

// A Warning is something odd about an accepted upload.
type Warning struct {
	Rule    string `json:"rule"`    // stable code
	Message string `json:"message"` // a sentence
}

// Describe returns the general texts of a rule, for places where only the
// code is known, such as the log. Both are empty if the rule is unknown; fix is
// empty for a warning, which asks for nothing.
func Describe(rule string) (message, fix string) {
	r := rules[rule]
	return r.message, r.fix
}

// maxQuote is how much of a name or value from an archive a message repeats,
// in bytes: enough to find it, too little to flood a log.
const maxQuote = 100

// maxMessage bounds the text of other people's errors in our messages, in bytes.
const maxMessage = 300

// reject makes the Problem of a rule; the fix is the rule's own.
func reject(rule, format string, args ...any) *Problem {
	return &Problem{Rule: rule, Message: fmt.Sprintf(format, args...), Fix: rules[rule].fix}
}

// in says where in the archive the problem lies: in which subchart.
func (p *Problem) in(where string) *Problem {
	if where == "" {
		return p
	}
	q := *p
	q.Message = "in " + Quote(where) + ": " + p.Message
	return &q
}

// Quote returns s so that it can stand in a message: quoted, without control
// characters or direction marks, and not long.
func Quote(s string) string {
	if len(s) > maxQuote {
		s = s[:maxQuote] + "…"
	}
	return strconv.QuoteToGraphic(strings.ToValidUTF8(s, "\uFFFD"))
}

// prefixes of Helm's errors say through which packages it went, and help nobody
// to correct a file.
var prefixes = strings.NewReplacer(
	"error unmarshaling JSON: while decoding JSON: ", "",
	"error converting YAML to JSON: ", "",
	"json: ", "", "yaml: ", "", "validation: ", "",
	"Go struct field Metadata.", "", "Go value of type ", "",
)

// Foreign returns the text of someone else's error for use in a message. Such
// texts quote what they read, so nothing is known about their content.
func Foreign(err error) string {
	s := prefixes.Replace(err.Error())
	if len(s) > maxMessage {
		s = s[:maxMessage] + "…"
	}
	return printable(strings.ToValidUTF8(s, "\uFFFD"), "")
}

// printable drops what Helm's own sanitizing drops (control characters,
// direction marks and all else that is not printed) and turns white space into
// spaces. Characters in keep stay.
func printable(s, keep string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(keep, r):
			return r
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return -1
	}, s)
}

// warnings collects one warning per rule. An archive can be odd ten thousand
// times over, and a receipt must stay readable.
type warnings struct {
	first map[string]string
	count map[string]int
}

// add notes a warning of a rule; all but the first of a rule are only counted.
func (w *warnings) add(rule, format string, args ...any) {
	if w.first == nil {
		w.first, w.count = map[string]string{}, map[string]int{}
	}
	if w.count[rule] == 0 {
		w.first[rule] = fmt.Sprintf(format, args...)
	}
	w.count[rule]++
}

// join adds the warnings of other.
func (w *warnings) join(other warnings) {
	for rule, count := range other.count {
		if w.count[rule] == 0 {
			w.add(rule, "%s", other.first[rule])
			count--
		}
		w.count[rule] += count
	}
}

// size is about how many bytes of memory they take.
func (w *warnings) size() int {
	n := 0
	for _, message := range w.first {
		n += 200 + len(message)
	}
	return n
}

// list returns the warnings sorted by rule.
func (w *warnings) list() []Warning {
	var all []Warning
	for rule, message := range w.first {
		if n := w.count[rule] - 1; n > 0 {
			message += fmt.Sprintf(" (and %d more)", n)
		}
		all = append(all, Warning{Rule: rule, Message: message})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Rule < all[j].Rule })
	return all
}

// List joins names as a sentence does: the first few of them, and how many more there
// are, to which more is added.
func List(names []string, first, more int) string {
	if rest := len(names) - first; rest > 0 {
		names, more = names[:first], more+rest
	}
	if more > 0 {
		names = append(slices.Clip(names), fmt.Sprintf("%d more", more))
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
