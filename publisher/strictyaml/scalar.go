package strictyaml

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"go.yaml.in/yaml/v3"

	"github.com/portolan-charts/portolan/publisher/spelling"
)

// string fills a string. Numbers and the like are refused, since YAML reads
// 1.10 as 1.1 and no as false.
func (p Place) string(v reflect.Value) {
	if !p.must(yaml.ScalarNode, "text") {
		return
	}
	text, allowed := p.node.Value, keyword(p.tag, "enum")
	switch {
	case p.node.ShortTag() != "!!str" && p.file.Secret:
		p.Problem("must be text; put it in quotes")
		return
	case p.node.ShortTag() != "!!str":
		p.Problem("must be text; put %s in quotes", text)
		return
	case len(allowed) > 0 && !slices.Contains(allowed, text):
		p.wrong("is not one of: %s%s", strings.Join(allowed, ", "), spelling.DidYouMean(text, allowed))
		return
	}
	if name := p.tag.Get("check"); name != "" {
		if err := p.file.Checks[name](text); err != nil {
			p.wrong("%v", err)
			return
		}
	}
	v.SetString(text)
}

func (p Place) bool(v reflect.Value) {
	if p.node.ShortTag() != "!!bool" || p.node.Decode(v.Addr().Interface()) != nil {
		p.Problem("must be true or false")
	}
}

func (p Place) int(v reflect.Value) {
	var i int
	if p.node.ShortTag() != "!!int" || p.node.Decode(&i) != nil {
		p.Problem("must be a whole number")
		return
	}
	least, most := bound(p.tag, "minimum"), bound(p.tag, "maximum")
	if i < least || i > most {
		p.wrong("is not between %d and %d", least, most)
		return
	}
	v.SetInt(int64(i))
}

// bound returns the number that a jsonschema tag gives. Every number has both
// bounds, so that neither needs a default here.
func bound(tag reflect.StructTag, name string) int {
	for _, text := range keyword(tag, name) {
		if i, err := strconv.Atoi(text); err == nil {
			return i
		}
	}
	panic("strictyaml: a number has no " + name)
}

// keyword returns the values of a keyword in a jsonschema tag; of a keyword
// without a value, such as required, the empty string.
func keyword(tag reflect.StructTag, name string) []string {
	var values []string
	for option := range strings.SplitSeq(tag.Get("jsonschema"), ",") {
		if key, value, _ := strings.Cut(option, "="); key == name {
			values = append(values, value)
		}
	}
	return values
}

// Size is a number of bytes, written as a number or like 20MiB.
type Size int64

// parsers read the types that are written as a single value of any kind.
var parsers = map[reflect.Type]func(text string, tag reflect.StructTag) (any, error){
	reflect.TypeFor[time.Duration](): parseDuration,
	reflect.TypeFor[time.Time]():     parseTime,
	reflect.TypeFor[Size]():          parseSize,
}

func (p Place) parsed(v reflect.Value, parse func(string, reflect.StructTag) (any, error)) {
	if !p.must(yaml.ScalarNode, "a single value") {
		return
	}
	value, err := parse(p.node.Value, p.tag)
	if err != nil {
		p.wrong("%v", err)
		return
	}
	v.Set(reflect.ValueOf(value))
}

func parseDuration(text string, tag reflect.StructTag) (any, error) {
	least, err := time.ParseDuration(tag.Get("min"))
	most, err2 := time.ParseDuration(tag.Get("max"))
	if err != nil || err2 != nil {
		panic("strictyaml: a duration has no bounds")
	}
	if d, err := time.ParseDuration(text); err == nil && d >= least && d <= most {
		return d, nil
	}
	return nil, fmt.Errorf("must be a time from %s to %s, such as 90m", tag.Get("min"), tag.Get("max"))
}

func parseTime(text string, _ reflect.StructTag) (any, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, errors.New("must be a time such as 2027-01-01T00:00:00Z")
	}
	return t, nil
}

func parseSize(text string, tag reflect.StructTag) (any, error) {
	most, err := humanize.ParseBytes(tag.Get("max"))
	if err != nil {
		panic("strictyaml: a size has no bound")
	}
	switch size, err := humanize.ParseBytes(text); {
	case err != nil || size == 0:
		return nil, errors.New("must be a size above zero, such as 512KiB or 20MiB")
	case size > most:
		return nil, fmt.Errorf("is more than %s, the most that can be allowed", tag.Get("max"))
	default:
		return Size(size), nil
	}
}
