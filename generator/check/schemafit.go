package check

// fitsNothing says why no values fit the schema; "" if some may. What is checked against it
// is always an object.
func (s *schemaFile) fitsNothing() string {
	seen := map[uintptr]bool{}
	return s.refuses(s.root, seen)
}

func (s *schemaFile) refuses(v any, seen map[uintptr]bool) string {
	if v == false {
		return "no values fit it, since it is false"
	}
	m, ok := v.(map[string]any)
	if !ok || seen[identity(m)] {
		return ""
	}
	seen[identity(m)] = true
	if ref, ok := m["$ref"].(string); ok {
		if !s.inner {
			if target, fault := s.refer(ref); fault == "" {
				if why := s.refuses(target, seen); why != "" {
					return why
				}
			}
		}
		if s.draft < 2019 {
			return "" // what stands beside it does not count
		}
	}
	if key := s.noObject(m); key != "" {
		return "no values fit it: they are always an object, which its " + key + " excludes"
	}
	if all, ok := m["allOf"].([]any); ok {
		for _, part := range all {
			if why := s.refuses(part, seen); why != "" {
				return why
			}
		}
	}
	return ""
}

// noObject returns the keyword that lets no object pass.
func (s *schemaFile) noObject(m map[string]any) string {
	switch kind := m["type"].(type) {
	case string:
		if kind != "object" {
			return "type"
		}
	case []any:
		if !hasObject(kind, func(v any) bool { return v == "object" }) {
			return "type"
		}
	}
	isMap := func(v any) bool { _, ok := v.(map[string]any); return ok }
	if list, ok := m["enum"].([]any); ok && !hasObject(list, isMap) {
		return "enum"
	}
	if value, ok := m["const"]; ok && s.draft >= 6 && !isMap(value) {
		return "const"
	}
	return ""
}

func hasObject(list []any, is func(any) bool) bool {
	for _, v := range list {
		if is(v) {
			return true
		}
	}
	return false
}
