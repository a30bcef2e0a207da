package charttest

const (
	draft4    = `"$schema": "http://json-schema.org/draft-04/schema#"`
	draft6    = `"$schema": "http://json-schema.org/draft-06/schema#"`
	draft7    = `"$schema": "http://json-schema.org/draft-07/schema#"`
	draft2019 = `"$schema": "https://json-schema.org/draft/2019-09/schema"`
)

func brokenSchemas() map[string]Broken {
	schema := func(text, contains string) Broken {
		return Broken{Rule: "warn-schema", Files: []string{"values.schema.json", text}, Contains: contains}
	}
	return map[string]Broken{
		"no JSON":            schema(`type: object`, "not JSON"),
		"JSON and more":      schema(`{} {}`, "not JSON"),
		"empty schema file":  schema(``, "not JSON"),
		"a list":             schema(`[]`, "a list"),
		"a text":             schema(`"x"`, ""),
		"null":               schema(`null`, "null"),
		"false":              schema(`false`, "false"),
		"type without map":   schema(`{"type": "array"}`, "object"),
		"types without map":  schema(`{`+draft4+`, "type": ["array", "null"]}`, "object"),
		"enum without map":   schema(`{"enum": [1, "a"]}`, "object"),
		"const of no map":    schema(`{"const": null}`, "object"),
		"refers to false":    schema(`{`+draft7+`, "$ref": "#/definitions/a", "definitions": {"a": false}}`, "false"),
		"all of no map":      schema(`{"allOf": [{}, {"allOf": [{"type": "string"}]}]}`, "object"),
		"type of no kind":    schema(`{"properties": {"a": {"type": "strng"}}}`, "strng"),
		"type twice":         schema(`{"type": ["string", "string"]}`, "twice"),
		"required true":      schema(`{"properties": {"a": {"required": true}}}`, "#/properties/a/required"),
		"required twice":     schema(`{"required": ["a", "a"]}`, ""),
		"properties list":    schema(`{"properties": []}`, ""),
		"property text":      schema(`{"properties": {"a": "string"}}`, ""),
		"lookahead":          schema(`{"properties": {"a": {"pattern": "^(?!x)"}}}`, "pattern"),
		"bad property name":  schema(`{"patternProperties": {"(": {}}}`, ""),
		"enum text":          schema(`{"properties": {"a": {"enum": "x"}}}`, ""),
		"negative length":    schema(`{"minLength": -1}`, ""),
		"half a length":      schema(`{"minLength": 1.5}`, ""),
		"text for a number":  schema(`{"maximum": "5"}`, ""),
		"title of no text":   schema(`{"title": 5}`, ""),
		"empty anyOf":        schema(`{"anyOf": []}`, ""),
		"zero multiple":      schema(`{"multipleOf": 0}`, ""),
		"items of 2020":      schema(`{"properties": {"a": {"items": [{}]}}}`, ""),
		"deep in defs":       schema(`{"$defs": {"a": {"type": 1}}}`, ""),
		"draft 3":            schema(`{"$schema": "http://json-schema.org/draft-03/schema#"}`, "draft"),
		"draft of no URL":    schema(`{"$schema": "draft-07"}`, "draft"),
		"exclusive, draft 7": schema(`{`+draft7+`, "exclusiveMinimum": true}`, ""),
		"exclusive, draft 4": schema(`{`+draft4+`, "minimum": 1, "exclusiveMinimum": 1}`, ""),
		"boolean, draft 4":   schema(`{`+draft4+`, "properties": {"a": true}}`, ""),
		"required, draft 4":  schema(`{`+draft4+`, "required": []}`, ""),
		"enum, draft 6":      schema(`{`+draft6+`, "enum": []}`, ""),
		"missing ref":        schema(`{"properties": {"a": {"$ref": "#/$defs/nowhere"}}}`, "nowhere"),
		"missing anchor":     schema(`{"properties": {"a": {"$ref": "#nowhere"}}}`, "nowhere"),
		"ref to text":        schema(`{"x": {"y": "z"}, "properties": {"a": {"$ref": "#/x/y"}}}`, ""),
		"ref behind a ref":   schema(`{"$ref": "#/x", "x": {"$ref": "#/y"}, "y": {"type": 5}}`, ""),
		"bad escape":         schema(`{"properties": {"a": {"$ref": "#/%zz"}}}`, ""),
		"file":               schema(`{"properties": {"a": {"$ref": "definitions.json"}}}`, "file"),
		"file URL":           schema(`{"properties": {"a": {"$ref": "file:///no/such/file.json"}}}`, ""),
		"remote":             schema(`{"properties": {"a": {"$ref": "https://schemas.invalid/a.json"}}}`, "fetch"),
		"relative to an id":  schema(`{"$id": "https://schemas.invalid/values.json", "properties": {"a": {"$ref": "a.json"}}}`, "fetch"),
		"subchart's schema":  {Rule: "warn-schema", Files: []string{"Chart.yaml", dependsOn, "charts/sub/Chart.yaml", subYAML, "charts/sub/values.schema.json", `{"type": "strng"}`}, Contains: "charts/sub/"},
	}
}

// soundSchemas are schemas that Helm can use.
func soundSchemas() map[string]Broken {
	schema := func(text string) Broken { return Broken{Files: []string{"values.schema.json", text}} }
	return map[string]Broken{
		"true":                 schema(`true`),
		"objects and lists":    schema(`{"type": ["array", "object"]}`),
		"false for some":       schema(`{"anyOf": [false, {}], "not": {"type": "array"}, "properties": {"a": false}, "if": false, "then": {"type": "array"}}`),
		"type beside a ref":    schema(`{` + draft7 + `, "$ref": "#/definitions/a", "type": "array", "definitions": {"a": {}, "b": false}}`),
		"const of draft 4":     schema(`{` + draft4 + `, "const": 1}`),
		"anything unknown":     schema(`{"x-order": 5, "properties": {"properties": {"type": "object"}, "$ref": {"type": "string"}, "type": {}}}`),
		"unreached remote":     schema(`{"$defs": {"a": {"$ref": "https://schemas.invalid/a.json"}}}`),
		"unreached, missing":   schema(`{"definitions": {"a": {"$ref": "#/nowhere"}}}`),
		"siblings, draft 7":    schema(`{` + draft7 + `, "definitions": {"b": {}}, "properties": {"a": {"$ref": "#/definitions/b", "properties": {"c": {"$ref": "#/nowhere"}}}}}`),
		"then alone":           schema(`{"then": {"$ref": "#/nowhere"}}`),
		"escaped ref":          schema(`{"properties": {"a": {"$ref": "#/$defs/a~1b%20c"}}, "$defs": {"a/b c": {}}}`),
		"ref into a list":      schema(`{"anyOf": [{}, {"$ref": "#/anyOf/0"}]}`),
		"own id":               schema(`{"$id": "https://schemas.invalid/v.json", "properties": {"a": {"$ref": "https://schemas.invalid/v.json#/$defs/a"}, "b": {"$ref": "v.json#/$defs/a"}}, "$defs": {"a": {}}}`),
		"id within":            schema(`{"$id": "https://schemas.invalid/v.json", "properties": {"a": {"$ref": "a.json"}}, "$defs": {"a": {"$id": "a.json", "$ref": "#/$defs/b", "$defs": {"b": {}}}}}`),
		"anchor":               schema(`{"properties": {"a": {"$ref": "#here"}}, "$defs": {"a": {"$anchor": "here"}}}`),
		"anchor, draft 7":      schema(`{` + draft7 + `, "properties": {"a": {"$ref": "#here"}}, "definitions": {"a": {"$id": "#here"}}}`),
		"a draft":              schema(`{"properties": {"a": {"$ref": "http://json-schema.org/draft-07/schema#"}}}`),
		"URN":                  schema(`{"properties": {"a": {"$ref": "urn:example:a"}}}`),
		"items, 2019":          schema(`{` + draft2019 + `, "properties": {"a": {"items": [{}, true]}}}`),
		"recursive":            schema(`{"properties": {"a": {"$ref": "#"}}}`),
		"dynamic":              schema(`{"$dynamicAnchor": "n", "properties": {"a": {"$dynamicRef": "#n"}}}`),
		"whole numbers":        schema(`{"minProperties": 0, "maxProperties": 1e2, "multipleOf": 0.5, "properties": {"a": {"maxLength": 3.0}}}`),
		"dependencies":         schema(`{` + draft7 + `, "dependencies": {"a": ["b"], "c": {"required": ["d"]}}}`),
		"unknown format":       schema(`{"properties": {"a": {"format": "my-own", "pattern": "^\\d+(a|b)\\/?$"}}}`),
		"empty enum":           schema(`{"properties": {"a": {"enum": []}}}`),
		"other draft's":        schema(`{` + draft4 + `, "if": 5, "const": {}, "$defs": 7}`),
		"schema with mark":     schema("\xef\xbb\xbf{}"),
		"draft of the day":     schema(`{"$schema": "https://json-schema.org/schema"}`),
		"off, schema":          {Files: withSub(optionalSub, subOff, "values.schema.json", `{"type": "strng"}`)},
		"draft without a hash": schema(`{"$schema": "https://json-schema.org/draft-07/schema"}`),
	}
}
