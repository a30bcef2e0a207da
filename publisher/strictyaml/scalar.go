package strictyaml

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/portolan-charts/portolan/publisher/days"
	"github.com/portolan-charts/portolan/publisher/spelling"
)

// Size is a number of bytes, written as a number or with a unit, such as 20MiB.
type Size int64

// scalar fills v from a single value.
func (p Place) scalar(v reflect.Value) {
	least, most := p.tag.Get("min"), p.tag.Get("max")
	switch into := v.Addr().Interface().(type) {
	case *time.Duration:
		d, err := days.Parse(p.node.Value)
		if *into = d; err != nil || d < must(days.Parse(least)) || d > must(days.Parse(most)) {
			p.wrong("must be a time from %s to %s, such as 90m", least, most)
		}
	case *time.Time:
		t, err := time.Parse(time.RFC3339, p.node.Value)
		if *into = t; err != nil {
			p.wrong("must be a time such as 2027-01-01T00:00:00Z")
		}
	case *Size:
		size, err := humanize.ParseBytes(p.node.Value)
		if *into = Size(size); err != nil || size == 0 {
			p.wrong("must be a size above zero, such as 512KiB or 20MiB")
		} else if size > must(humanize.ParseBytes(most)) {
			p.wrong("is more than %s, the most that can be allowed", most)
		}
	case *int:
		least, most := p.bound("minimum"), p.bound("maximum")
		if p.node.ShortTag() != "!!int" || p.node.Decode(into) != nil {
			p.wrong("must be a whole number")
		} else if *into < least || *into > most {
			p.wrong("is not between %d and %d", least, most)
		}
	case *bool:
		if p.node.ShortTag() != "!!bool" || p.node.Decode(into) != nil {
			p.wrong("must be true or false")
		}
	case *string:
		*into = p.string()
	default:
		panic("strictyaml: cannot fill a " + v.Type().String())
	}
}

// string returns a text, or "" if it breaks its tags. Numbers and other values that
// are not strings are refused, since YAML reads 1.10 as 1.1.
func (p Place) string() string {
	text, allowed, check := p.node.Value, keyword(p.tag, "enum"), p.tag.Get("check")
	if p.node.ShortTag() != "!!str" {
		p.Problem("must be text; put %s in quotes", p.file.show("%s", text, "it"))
		return ""
	}
	if len(allowed) > 0 && !slices.Contains(allowed, text) {
		p.wrong("is not one of: %s%s", strings.Join(allowed, ", "), spelling.DidYouMean(text, allowed))
		return ""
	}
	if check == "" {
		return text
	}
	if err := p.file.Checks[check](text); err != nil {
		p.wrong("%v", err)
		return ""
	}
	return text
}

// wrong reports what is wrong with a single value, after quoting the value.
func (p Place) wrong(format string, args ...any) {
	p.Problem("%s%s", p.file.show("%q ", p.node.Value, ""), fmt.Sprintf(format, args...))
}

// bound returns the number that a jsonschema tag has for a keyword. Every number must
// have both bounds, so neither needs a default here.
func (p Place) bound(name string) int {
	return must(strconv.Atoi(strings.Join(keyword(p.tag, name), "")))
}

// must returns v, which was parsed from a tag.
func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("strictyaml: a field has no bounds: %v", err))
	}
	return v
}

// keyword returns the values of a keyword in a jsonschema tag. For a keyword without
// a value, such as required, that is one empty string.
func keyword(tag reflect.StructTag, name string) []string {
	var values []string
	for option := range strings.SplitSeq(tag.Get("jsonschema"), ",") {
		if key, value, _ := strings.Cut(option, "="); key == name {
			values = append(values, value)
		}
	}
	return values
}
