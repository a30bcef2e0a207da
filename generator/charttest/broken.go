package charttest

// A Broken chart is one that loads and that no Helm can install, whatever values it is given.
type Broken struct {
	Rule     string   // of the warning about it; "" for a chart that is not broken, but looks like it
	Files    []string // pairs of path and content, as of Chart
	Renders  bool     // `helm template` succeeds all the same: only a cluster refuses what it makes
	Contains string   // part of the warning
}

// Uninstallable returns broken charts, and some that are not, by what is wrong with
// them. All are called mychart and have version 0.1.0.
func Uninstallable() map[string]Broken {
	all := map[string]Broken{}
	for _, more := range []map[string]Broken{brokenMetadata(), brokenTemplates(), soundTemplates(), brokenManifests(), brokenSchemas(), soundSchemas()} {
		for name, b := range more {
			all[name] = b
		}
	}
	return all
}

const (
	headYAML   = "apiVersion: v2\nname: mychart\nversion: 0.1.0\n"
	dependsOn  = headYAML + "dependencies: [{name: sub, version: \">0\", repository: \"https://example.com\"}]\n"
	subYAML    = "apiVersion: v2\nname: sub\nversion: 1.0.0\n"
	libraryTop = headYAML + "type: library\n"
	objectHead = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
)

// withSub is a chart with the dependencies, values and a subchart that holds a file.
func withSub(dependencies, values, file, content string) []string {
	return []string{"Chart.yaml", headYAML + "dependencies: [" + dependencies + "]\n", "values.yaml", values, "charts/sub/Chart.yaml", subYAML, "charts/sub/" + file, content}
}

const (
	optionalSub = "{name: sub, version: \">0\", condition: sub.enabled}"
	subOff      = "sub: {enabled: false}\n"
)

func brokenMetadata() map[string]Broken {
	return map[string]Broken{
		"missing dependency":  {Rule: "warn-dependencies", Files: []string{"Chart.yaml", dependsOn}, Contains: "helm dependency build"},
		"missing v1":          {Rule: "warn-dependencies", Files: []string{"Chart.yaml", "apiVersion: v1\nname: mychart\nversion: 0.1.0\n", "requirements.yaml", "dependencies: [{name: sub, version: 1.0.0, repository: \"https://example.com\"}]\n"}},
		"missing, off":        {Rule: "warn-dependencies", Files: []string{"Chart.yaml", headYAML + "dependencies: [{name: sub, version: 1.0.0, condition: sub.enabled}]\n", "values.yaml", "sub: {enabled: false}\n"}},
		"missing, alias":      {Rule: "warn-dependencies", Files: []string{"Chart.yaml", headYAML + "dependencies: [{name: other, alias: sub, version: 1.0.0}]\n", "charts/sub/Chart.yaml", subYAML}},
		"missing in library":  {Files: []string{"Chart.yaml", libraryTop + "dependencies: [{name: sub, version: 1.0.0}]\n"}},
		"missing in subchart": {Files: []string{"Chart.yaml", dependsOn, "charts/sub/Chart.yaml", subYAML + "dependencies: [{name: x, version: 1.0.0}]\n"}},
		"other version":       {Files: []string{"Chart.yaml", headYAML + "dependencies: [{name: sub, version: 7.0.0}]\n", "charts/sub/Chart.yaml", subYAML}},
		"kubeVersion":         {Rule: "warn-kube-version", Files: []string{"Chart.yaml", headYAML + "kubeVersion: newest\n"}},
		"kubeVersion range":   {Files: []string{"Chart.yaml", headYAML + "kubeVersion: \">=1.20.0-0\"\n"}},
		"sub's kubeVersion":   {Files: []string{"Chart.yaml", dependsOn, "charts/sub/Chart.yaml", subYAML + "kubeVersion: newest\n"}},
	}
}

func brokenTemplates() map[string]Broken {
	broken := func(text string, contains string) Broken {
		return Broken{Rule: "warn-template", Files: []string{"templates/x.yaml", text}, Contains: contains}
	}
	return map[string]Broken{
		"unclosed action":    broken("a: {{ .Values.x\n", "line 1"),
		"unclosed if":        broken(objectHead+"{{ if .Values.x }}\n", ""),
		"unknown function":   broken(objectHead+"data: {x: {{ .Values.x | toJSON }}}\n", "toJSON"),
		"unknown in branch":  broken("{{ if .Values.no }}{{ nope }}{{ end }}", "nope"),
		"environment":        broken("{{ env \"HOME\" }}", "env"),
		"undefined variable": broken("{{ $x }}", ""),
		"defined twice":      broken("{{ define \"a\" }}1{{ end }}{{ define \"a\" }}2{{ end }}", ""),
		"binary":             broken("\x7fELF\x02{{\x00\x01", ""),
		"missing template":   broken(objectHead+"data: {x: {{ include \"nowhere\" . }}}\n", "nowhere"),
		"missing, by action": broken("{{ template \"nowhere\" . }}", "nowhere"),
		"missing in if":      broken("{{ if include \"nowhere\" . }}a{{ end }}", "nowhere"),
		"missing in and":     broken("{{ and (include \"nowhere\" .) .Values.x }}", "nowhere"),
		"fail":               broken("{{ fail \"moved to example.com\" }}", "moved to"),
		"fail piped":         broken("{{ \"moved\" | fail }}", "fail"),
		"include of one":     broken("{{ include \"x\" }}{{ define \"x\" }}{{ end }}", "include with 1 argument"),
		"too few, piped":     broken("{{ .Values.x | replace \"a\" }}", "replace"),
		"too many":           broken("{{ .Values.x | toYaml 2 }}", "toYaml"),
		"too few, within":    broken("{{ if (default \"x\" (trunc 5)) }}a{{ end }}", "trunc"),
		"too few, as value":  broken("{{ print lookup }}", "lookup"),
		"too few, defined":   broken("{{ define \"x\" }}{{ required \"a\" }}{{ end }}{{ template \"x\" . }}", "required"),
		"nothing to fail":    broken("{{ fail }}", "fail"),
		"file of no name":    broken("{{ .Files.Get }}", ".Files.Get"),
		"file, from root":    broken("{{ print $.Files.Lines }}", ".Files.Lines"),
		"required nil":       broken("{{ required \"m\" nil }}", "required"),
		"required nothing":   broken("{{ required \"m\" \"\" }}", "required"),
		"uses itself":        broken("{{ define \"x\" }}{{ include \"x\" . }}{{ end }}{{ include \"x\" . }}", "itself"),
		"use each other":     broken("{{ define \"x\" }}{{ template \"y\" . }}{{ end }}{{ define \"y\" }}{{ include \"x\" . | quote }}{{ end }}{{ if include \"y\" . }}{{ end }}", "itself"),
		"below nothing":      broken("{{ .Nope.x.y }}", "there is no .Nope"),
		"right below":        broken("{{ with $.Nope.x }}{{ end }}", "there is no .Nope"),
		"below the release":  broken("{{ .Release.Foo.bar | quote }}", "there is no .Release.Foo"),
		"tiller":             broken("{{ .Capabilities.TillerVersion }}", "TillerVersion"),
		"notes":              {Rule: "warn-template", Files: []string{"templates/NOTES.txt", "{{ .Values.x | nope }}"}},
		"partial":            {Rule: "warn-template", Files: []string{"templates/_x.tpl", "{{ define \"x\" }}"}},
		"text file":          {Rule: "warn-template", Files: []string{"templates/README.txt", "Write {{ like this."}},
		"missing in notes":   {Rule: "warn-template", Files: []string{"templates/NOTES.txt", "{{ include \"nowhere\" . }}"}},
		"missing behind": {Rule: "warn-template", Files: []string{"templates/_x.tpl", "{{ define \"x\" }}{{ include \"nowhere\" . }}{{ end }}", "templates/x.yaml", "{{ include \"x\" . }}"},
			Contains: "nowhere"},
		"subchart's template": {Rule: "warn-template", Files: []string{"Chart.yaml", dependsOn, "charts/sub/Chart.yaml", subYAML, "charts/sub/templates/x.yaml", "{{ nope }}"}, Contains: "charts/sub/"},
		"under a second name": {Rule: "warn-template", Files: withSub("{name: sub, version: \">0\", alias: a, condition: a.enabled}, {name: sub, version: \">0\", alias: b}", "a: {enabled: false}\n", "templates/x.yaml", "{{ nope }}")},
		"empty condition":     {Rule: "warn-template", Files: withSub("{name: sub, version: \">0\", condition: \" ,\", tags: []}", subOff, "templates/x.yaml", "{{ nope }}")},
		"off, but not this":   {Rule: "warn-template", Files: withSub("{name: sub, version: 7.0.0, alias: a, condition: a.enabled}", "a: {enabled: false}\n", "templates/x.yaml", "{{ nope }}")},
		"library's template":  {Rule: "warn-template", Files: []string{"Chart.yaml", dependsOn, "charts/sub/Chart.yaml", subYAML + "type: library\n", "charts/sub/templates/_x.tpl", "{{ nope }}"}},
	}
}

// soundTemplates are charts that Helm renders.
func soundTemplates() map[string]Broken {
	sound := func(text string) Broken { return Broken{Files: []string{"templates/x.yaml", text}} }
	return map[string]Broken{
		"fail in branch":    sound("{{ if .Values.no }}{{ fail \"no\" }}{{ end }}"),
		"missing in branch": sound("{{ if .Values.no }}{{ include \"nowhere\" . }}{{ end }}"),
		"missing behind or": sound("{{ $x := or .Values.replicas (include \"nowhere\" .) }}"),
		"counts":            sound("{{ define \"x\" }}{{ end }}{{ $x := include \"x\" . | trim | default \"a\" | trunc 3 | printf \"%s\" | quote | nindent 2 }}{{ $y := default 1 }}{{ $z := printf \"a\" }}{{ $t := now | date \"2006\" }}{{ $f := .Files.Get \"x\" }}{{ $g := .Files.AsConfig }}{{ $h := \"x\" | .Files.Lines }}"),
		"counts in branch":  sound("{{ if .Values.no }}{{ include \"x\" }}{{ else if .Values.too }}{{ .Nope.x.y }}{{ end }}{{ $x := or true (trunc 1) }}{{ $y := and false (.Nope.x.y) lookup }}{{ range .Values.no }}{{ .Files.Get }}{{ end }}"),
		"itself in branch":  sound("{{ define \"x\" }}{{ if .more }}{{ include \"x\" .more }}{{ end }}{{ end }}{{ include \"x\" (dict \"more\" (dict)) }}"),
		"unknown alone":     sound("{{ $x := .Nope }}{{ $y := .Release.Nope }}{{ $z := (.Nope).x }}{{ with .Nope }}{{ .x.y }}{{ end }}"),
		"set at the root":   sound("{{ $x := set . \"Nope\" (dict \"x\" (dict \"y\" 1)) }}{{ $y := .Nope.x.y }}"),
		"set elsewhere":     {Files: []string{"templates/_x.tpl", "{{ define \"x\" }}{{ $x := set .Release \"Foo\" (dict \"bar\" 1) }}{{ end }}", "templates/x.yaml", "{{ include \"x\" . }}{{ $x := .Release.Foo.bar }}"}},
		"file by its path":  {Files: []string{"templates/a.yaml", "# nothing\n", "templates/x.yaml", "{{ $x := include \"mychart/templates/a.yaml\" . }}"}},
		"itself or not": {Files: []string{
			"templates/deep/_1.tpl", "{{ define \"a\" }}{{ include \"d\" . }}{{ end }}{{ define \"d\" }}{{ include \"a\" . }}{{ end }}",
			"templates/_2.tpl", "{{ define \"a\" }}{{ if .more }}{{ end }}{{ end }}", "templates/x.yaml", "{{ include \"a\" . }}{{ include \"d\" . }}"}},
		"own dot":            sound("{{ define \"x\" }}{{ .Nope.x.y }}{{ end }}{{ $x := include \"x\" (dict \"Nope\" (dict \"x\" (dict \"y\" 1))) }}"),
		"required of value":  sound("{{ $x := required \"m\" \"a\" }}{{ $y := required \"m\" 0 }}"),
		"missing in define":  sound("{{ define \"x\" }}{{ include \"nowhere\" . }}{{ end }}"),
		"missing, computed":  sound("{{ if .Values.no }}{{ include (printf \"%s\" .Values.no) . }}{{ end }}"),
		"chart fields":       sound(objectHead + "data: {a: {{ .Chart.Name }}, b: {{ .Chart.IsRoot | quote }}, c: {{ .Chart.AppVersion | quote }}}\n"),
		"capabilities":       sound(objectHead + "data: {a: {{ .Capabilities.KubeVersion.Version }}, b: {{ .Capabilities.HelmVersion.Version | quote }}}\n"),
		"other chart":        sound("{{ with .Values.sub }}{{ .Chart.other }}{{ end }}"),
		"functions":          sound("{{ toYamlPretty dict | fromYaml | toJson | quote | trunc 0 }}{{ range list 1 2 }}{{ break }}{{ end }}{{ $x := uuidv4 }}"),
		"nothing":            sound("\n"),
		"comment":            sound("# nothing\n"),
		"empty document":     sound("---\n" + objectHead + "---\n# more\n---\n"),
		"dashes and text":    sound("---" + objectHead),
		"number annotation":  sound("apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n  annotations: {a: 1, b: true}\n"),
		"merged":             sound("x: &x {apiVersion: v1, kind: Pod}\n<<: *x\nmetadata: {name: x}\n"),
		"sub's helper":       {Files: []string{"Chart.yaml", dependsOn, "charts/sub/Chart.yaml", subYAML + "type: library\n", "charts/sub/templates/_x.tpl", "{{ define \"sub.x\" }}{{ end }}", "templates/x.yaml", "{{ include \"sub.x\" . }}"}},
		"library's manifest": {Files: []string{"Chart.yaml", dependsOn, "charts/sub/Chart.yaml", subYAML + "type: library\n", "charts/sub/templates/x.yaml", "{{ nope }}"}},
		"off":                {Files: withSub(optionalSub, subOff, "templates/x.yaml", "{{ nope }}")},
		"off by a tag":       {Files: withSub("{name: sub, version: \">0\", tags: [more]}", "tags: {more: false}\n", "templates/x.yaml", "{{ nope }}")},
		"off, manifest":      {Files: withSub(optionalSub, subOff, "templates/x.yaml", "apiVersion: [\n")},
		"off, CRD":           {Files: withSub(optionalSub, subOff, "crds/x.yaml", "apiVersion: [\n")},
		"off, fail":          {Files: withSub(optionalSub, subOff, "templates/x.yaml", "{{ fail \"no\" }}")},
		"off, other version": {Files: withSub("{name: sub, version: 7.0.0, condition: sub.enabled}", subOff, "templates/x.yaml", "{{ nope }}")},
		"off in v1":          {Files: []string{"Chart.yaml", "apiVersion: v1\nname: mychart\nversion: 0.1.0\n", "requirements.yaml", "dependencies: [" + optionalSub + "]\n", "values.yaml", subOff, "charts/sub/Chart.yaml", subYAML, "charts/sub/templates/x.yaml", "{{ nope }}"}},
		"below one that is off": {Files: append(withSub(optionalSub, subOff, "charts/x/Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\n"),
			"charts/sub/charts/x/templates/x.yaml", "{{ nope }}")},
		"off below": {Files: []string{"Chart.yaml", dependsOn, "values.yaml", "sub: {x: {enabled: false}}\n", "charts/sub/Chart.yaml", subYAML + "dependencies: [{name: x, version: \">0\", condition: x.enabled}]\n",
			"charts/sub/charts/x/Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\n", "charts/sub/charts/x/templates/x.yaml", "{{ nope }}"}},
		"helper of one that is on":   {Files: append(withSub(optionalSub, "sub: {enabled: true}\n", "templates/_x.tpl", "{{ define \"sub.x\" }}{{ end }}"), "templates/x.yaml", "{{ include \"sub.x\" . }}")},
		"defined by both":            {Files: append(withSub("{name: sub, version: \">0\"}", "", "templates/_x.tpl", "{{ define \"x\" }}{{ fail \"no\" }}{{ end }}"), "templates/_x.tpl", "{{ define \"x\" }}# x{{ end }}", "templates/x.yaml", "{{ include \"x\" . }}")},
		"defined by one that is off": {Files: append(withSub(optionalSub, subOff, "templates/_x.tpl", "{{ define \"x\" }}{{ fail \"no\" }}{{ end }}"), "templates/_x.tpl", "{{ define \"x\" }}# x{{ end }}", "templates/x.yaml", "{{ include \"x\" . }}")},
		"notes of anything":          {Files: []string{"templates/NOTES.txt", "a: b: c\n\x01"}},
		"library":                    {Files: []string{"Chart.yaml", libraryTop, "templates/note.yaml", "{{ nope }}", "templates/_x.tpl", "{{ define \"a\" }}{{ include \"b\" . }}{{ end }}"}},
	}
}

func brokenManifests() map[string]Broken {
	manifest := func(name, text string, renders bool) Broken {
		return Broken{Rule: "warn-manifest", Files: []string{"templates/" + name, text}, Renders: renders}
	}
	crd := func(text string) Broken {
		return Broken{Rule: "warn-crd", Files: []string{"crds/x.yaml", text}, Renders: true}
	}
	return map[string]Broken{
		"readme":            manifest("README.md", "# Templates\n\nThese are *templates*.\n", false),
		"image":             manifest("x.png", "\x89PNG\r\n\x1a\n\x00\x00", false),
		"latin 1":           manifest("x.yaml", objectHead+"data: {x: caf\xe9}\n", false),
		"control character": manifest("x.yaml", objectHead+"data: {x: {{ .Values.x | quote }}, y: \"\x02\"}\n", false),
		"bad indentation":   manifest("x.yaml", "apiVersion: v1\n kind: Pod\n", false),
		"tab":               manifest("x.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: x\n", false),
		"list":              manifest("x.yaml", "- apiVersion: v1\n  kind: Pod\n", false),
		"second document":   manifest("x.yaml", objectHead+"---\nmetadata: [\n", false),
		"annotation list":   manifest("x.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  annotations: {a: [1]}\n", false),
		"infinite":          manifest("x.yaml", objectHead+"spec: .inf\n", false),
		"mapping as key":    manifest("x.yaml", objectHead+"? {a: b}\n: c\n", false),
		"no kind":           manifest("x.yaml", "apiVersion: v1\nmetadata: {name: x}\n", true),
		"no apiVersion":     manifest("x.yaml", "kind: Pod\nmetadata: {name: x}\n", true),
		"a values file":     manifest("values.yaml", "replicas: 1\n", true),
		"templated CRD":     crd("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: {{ .Values.name }}\n"),
		"CRD of no YAML":    crd("apiVersion: [\n"),
		"CRD of no text":    crd("\x00\x01\x02"),
		"CRD without kind":  crd("apiVersion: v1\n"),
		"CRD of a subchart": {Rule: "warn-crd", Files: []string{"Chart.yaml", dependsOn, "charts/sub/Chart.yaml", subYAML, "charts/sub/crds/x.json", "{"}, Renders: true, Contains: "charts/sub/"},
		"good CRD":          {Files: []string{"crds/x.yaml", "# One\n---\n" + objectHead + "---\n", "crds/README.md", "Any: text: here"}},
	}
}
