package check

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
)

// A shape is what may stand behind a keyword of a schema.
type shape int

const (
	aText shape = iota
	aBoolean
	aNumber
	aPositive // a number above 0
	aCount    // a whole number that is not negative; 1.0 and 1e2 are whole, too
	exclusive // a number, and in draft 4 a boolean
	aPattern  // a regular expression as Go reads it, which is how Helm does
	aList     // of anything
	anEnum    // a list of values
	someNames // a list of texts, each of which stands in it once
	aType     // one type, or a list of several
	aSchema
	additional // a schema; draft 4 takes a boolean as well
	oneOrMore  // a schema, and before 2020 a list of them
	someSchemas
	byName          // an object of schemas
	byPattern       // the same, whose keys are regular expressions
	dependencyRules // an object of schemas and lists of names
	namesByName     // an object of lists of names
)

// A schemaKeyword is what the drafts of JSON Schema say of a keyword.
type schemaKeyword struct {
	shape    shape
	from, to int  // drafts that know it; 0 is the oldest and the newest
	applies  bool // it holds schemas that are applied to values
}

func (k schemaKeyword) in(draft int) bool { return draft >= k.from && (k.to == 0 || draft <= k.to) }

// named reports whether the keyword holds its schemas by name.
func (k schemaKeyword) named() bool {
	return k.shape == byName || k.shape == byPattern || k.shape == dependencyRules
}

// schemaKeywords are the keywords whose shape the drafts fix. Behind what a draft
// does not know, anything may stand.
var schemaKeywords = map[string]schemaKeyword{
	"$schema": {shape: aText}, "$id": {shape: aText, from: 6}, "id": {shape: aText, to: 4},
	"$ref": {shape: aText}, "$anchor": {shape: aText, from: 2019},
	"$recursiveRef": {shape: aText, from: 2019, to: 2019}, "$recursiveAnchor": {shape: aBoolean, from: 2019, to: 2019},
	"$dynamicRef": {shape: aText, from: 2020}, "$dynamicAnchor": {shape: aText, from: 2020},
	"$comment": {shape: aText, from: 7}, "title": {shape: aText}, "description": {shape: aText}, "format": {shape: aText},
	"contentMediaType": {shape: aText, from: 7}, "contentEncoding": {shape: aText, from: 7},
	"uniqueItems": {shape: aBoolean}, "readOnly": {shape: aBoolean, from: 7}, "writeOnly": {shape: aBoolean, from: 7},
	"deprecated": {shape: aBoolean, from: 2019},
	"multipleOf": {shape: aPositive}, "maximum": {shape: aNumber}, "minimum": {shape: aNumber},
	"exclusiveMaximum": {shape: exclusive}, "exclusiveMinimum": {shape: exclusive},
	"maxLength": {shape: aCount}, "minLength": {shape: aCount}, "maxItems": {shape: aCount}, "minItems": {shape: aCount},
	"maxProperties": {shape: aCount}, "minProperties": {shape: aCount},
	"maxContains": {shape: aCount, from: 2019}, "minContains": {shape: aCount, from: 2019},
	"pattern": {shape: aPattern}, "required": {shape: someNames}, "enum": {shape: anEnum}, "type": {shape: aType},
	"examples": {shape: aList, from: 7}, "dependentRequired": {shape: namesByName, from: 2019},

	"definitions": {shape: byName}, "$defs": {shape: byName, from: 2019}, "contentSchema": {shape: aSchema, from: 2019},

	"allOf": {shape: someSchemas, applies: true}, "anyOf": {shape: someSchemas, applies: true}, "oneOf": {shape: someSchemas, applies: true},
	"not": {shape: aSchema, applies: true}, "items": {shape: oneOrMore, applies: true},
	"prefixItems":     {shape: someSchemas, from: 2020, applies: true},
	"additionalItems": {shape: additional, to: 2019, applies: true},
	"contains":        {shape: aSchema, from: 6, applies: true}, "propertyNames": {shape: aSchema, from: 6, applies: true},
	"properties": {shape: byName, applies: true}, "patternProperties": {shape: byPattern, applies: true},
	"additionalProperties": {shape: additional, applies: true},
	"dependencies":         {shape: dependencyRules, applies: true},
	"dependentSchemas":     {shape: byName, from: 2019, applies: true},
	"if":                   {shape: aSchema, from: 7, applies: true}, "then": {shape: aSchema, from: 7, applies: true},
	"else":             {shape: aSchema, from: 7, applies: true},
	"unevaluatedItems": {shape: aSchema, from: 2019, applies: true}, "unevaluatedProperties": {shape: aSchema, from: 2019, applies: true},
}

// A shapeFault says what is wrong, and where in the schema. The path is put together
// from its end while the recursion returns.
type shapeFault struct {
	why  string
	path []string
}

func (f *shapeFault) text() string {
	slices.Reverse(f.path)
	return f.why + " at " + Quote("#"+strings.Join(f.path, ""))
}

func (f *shapeFault) in(key string) *shapeFault {
	if f != nil && len(f.path) < 20 {
		f.path = append(f.path, "/"+key)
	}
	return f
}

func misshapen(format string, args ...any) *shapeFault {
	return &shapeFault{why: fmt.Sprintf(format, args...)}
}

// schema checks the shape of a schema and of all those in it. note says whether
// other schemas can refer to them by name.
func (s *schemaFile) schema(v any, note bool) *shapeFault {
	switch v := v.(type) {
	case nil:
		if !note {
			return nil // what a reference leads to is not known
		}
		return misshapen("it has null where a schema belongs")
	case bool:
		if s.draft == 4 {
			return misshapen("it has %t where a schema belongs; draft 4 knows no such schemas", v)
		}
		return nil
	case map[string]any:
		if s.shaped[identity(v)] {
			return nil
		}
		s.shaped[identity(v)] = true
		s.note(v)
		for _, key := range slices.Sorted(maps.Keys(v)) {
			k, known := schemaKeywords[key]
			if !known || !k.in(s.draft) {
				continue
			}
			if fault := s.fits(k.shape, v[key]); fault != nil {
				return fault.in(key)
			}
		}
		return nil
	}
	return misshapen("it has %s where a schema belongs", jsonKind(v))
}

// jsonKind names a value's kind for people.
func jsonKind(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case string:
		return "the text " + Quote(v)
	case json.Number:
		return "the number " + Quote(v.String())
	case []any:
		return "a list"
	}
	return "an object"
}

// fits says why a value has not the shape.
func (s *schemaFile) fits(sh shape, v any) *shapeFault {
	switch sh {
	case someSchemas:
		return s.listOf(v)
	case byName:
		return s.mapOf(aSchema, v)
	case namesByName:
		return s.mapOf(someNames, v)
	case dependencyRules:
		return s.rules(v)
	case byPattern:
		return s.patterns(v)
	case aPattern:
		return s.pattern(v)
	case someNames:
		return s.names(v)
	case aType:
		return s.types(v)
	case oneOrMore:
		if list, ok := v.([]any); ok && s.draft < 2020 && len(list) > 0 {
			return s.listOf(v)
		}
	case additional:
		if _, ok := v.(bool); ok {
			return nil
		}
	case aSchema:
	default:
		return s.scalar(sh, v)
	}
	return s.schema(v, true)
}

// scalar is fits for shapes that hold neither schemas nor names.
func (s *schemaFile) scalar(sh shape, v any) *shapeFault {
	_, isText := v.(string)
	_, isBoolean := v.(bool)
	n, isNumber := v.(json.Number)
	list, isList := v.([]any)
	if sh == exclusive && s.draft == 4 {
		sh = aBoolean
	}
	switch {
	case sh == aText && !isText:
		return misshapen("it has %s where text belongs", jsonKind(v))
	case sh == aBoolean && !isBoolean:
		return misshapen("it has %s where true or false belongs", jsonKind(v))
	case (sh == aList || sh == anEnum) && !isList, sh == anEnum && len(list) == 0 && s.draft < 2019:
		return misshapen("it has %s where a list of values belongs", jsonKind(v))
	case (sh == aNumber || sh == aPositive || sh == aCount || sh == exclusive) && !isNumber:
		return misshapen("it has %s where a number belongs", jsonKind(v))
	case sh == aPositive && !positive(n):
		return misshapen("it has %s where a number above 0 belongs", jsonKind(v))
	case sh == aCount && !whole(n):
		return misshapen("it has %s where a whole number of 0 or more belongs", jsonKind(v))
	}
	return nil
}

func positive(n json.Number) bool {
	digits, _, _ := strings.Cut(strings.ToLower(n.String()), "e")
	return !strings.HasPrefix(digits, "-") && strings.ContainsAny(digits, "123456789")
}

// whole takes numbers for whole that are too large to tell.
func whole(n json.Number) bool {
	f, err := n.Float64()
	return err != nil || f >= 0 && (f >= 1<<53 || f == float64(int64(f)))
}

// listOf is a list of schemas, one at least.
func (s *schemaFile) listOf(v any) *shapeFault {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return misshapen("it has no list of schemas")
	}
	for i, item := range list {
		if fault := s.schema(item, true); fault != nil {
			return fault.in(strconv.Itoa(i))
		}
	}
	return nil
}

// mapOf is an object whose members all have a shape.
func (s *schemaFile) mapOf(member shape, v any) *shapeFault {
	m, ok := v.(map[string]any)
	if !ok {
		return misshapen("it has %s where an object belongs", jsonKind(v))
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if fault := s.fits(member, m[key]); fault != nil {
			return fault.in(key)
		}
	}
	return nil
}

// rules is an object whose members are schemas or lists of names.
func (s *schemaFile) rules(v any) *shapeFault {
	m, ok := v.(map[string]any)
	if !ok {
		return s.mapOf(aSchema, v)
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		sh := aSchema
		if _, ok := m[key].([]any); ok {
			sh = someNames
		}
		if fault := s.fits(sh, m[key]); fault != nil {
			return fault.in(key)
		}
	}
	return nil
}

func (s *schemaFile) patterns(v any) *shapeFault {
	m, _ := v.(map[string]any)
	for _, pattern := range slices.Sorted(maps.Keys(m)) {
		if fault := s.pattern(pattern); fault != nil {
			return fault
		}
	}
	return s.mapOf(aSchema, v)
}

func (s *schemaFile) pattern(v any) *shapeFault {
	text, ok := v.(string)
	if !ok {
		return s.scalar(aText, v)
	}
	if _, err := syntax.Parse(text, syntax.Perl); err != nil {
		return misshapen("Helm cannot read the pattern %s: %s", Quote(text), Foreign(err))
	}
	return nil
}

func (s *schemaFile) names(v any) *shapeFault {
	list, ok := v.([]any)
	if !ok {
		return misshapen("it has %s where a list of names belongs", jsonKind(v))
	}
	if len(list) == 0 && s.draft == 4 {
		return misshapen("it has an empty list of names, which draft 4 does not allow")
	}
	seen := map[string]bool{}
	for _, item := range list {
		name, ok := item.(string)
		switch {
		case !ok:
			return misshapen("it has %s where a name belongs", jsonKind(item))
		case seen[name]:
			return misshapen("it lists %s twice", Quote(name))
		}
		seen[name] = true
	}
	return nil
}

func (s *schemaFile) types(v any) *shapeFault {
	list, several := v.([]any)
	if !several {
		list = []any{v}
	} else if fault := s.names(v); fault != nil {
		return fault
	} else if len(list) == 0 {
		return misshapen("it has an empty list of types")
	}
	for _, item := range list {
		switch item {
		case "array", "boolean", "integer", "null", "number", "object", "string":
		default:
			return misshapen("it has %s where a type belongs", jsonKind(item))
		}
	}
	return nil
}
