package charttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// Script is the text that [Hostile] charts have in place of ordinary texts. It ends
// any text, attribute, comment, element or script that it is written into, and
// calls alert if any part of it is read as HTML.
const Script = `'"--></title></textarea></pre></style></script><script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)>{{alert(1)}}`

// Hostile returns archives of valid charts that do harm wherever a page treats
// their texts as more than text, or expects them to be small. The keys are the
// names of the charts; all have version 1.0.0.
func Hostile() map[string][]byte {
	charts := map[string]map[string]string{
		"script-fields": scriptFields(),
		"script-urls":   urlFields("javascript:alert(1)//"),
		"data-urls":     urlFields("data:text/html,<script>alert(1)</script>"),
		"odd-urls":      urlFields("//user:secret@evil.example/%00\" onclick=\"alert(1)"),
		"script-readme": hostileFiles("README.md", hostileREADME()),
		"script-values": {"values.yaml": hostileValues(), "values.schema.json": hostileSchema()},
		"script-files":  scriptFiles(),
		"odd-text":      oddText(),
		"wrong-shapes":  wrongShapes(),
		"long-readme":   hostileFiles("README.md", strings.Repeat("Line after line, *until* nobody [reads](#on) `any` more.\n\n", 5000)),
		"huge-readme":   hostileFiles("README.md", strings.Repeat("# Heading\n\nText <b>text\n", 200_000)),
		"huge-values":   hostileFiles("values.yaml", "list:\n"+strings.Repeat("  - key: value # "+Script+"\n", 15_000)),
		"wide-values":   hostileFiles("values.yaml", manyKeys(9000)),
		"huge-schema":   hostileFiles("values.schema.json", bombSchema()),
		"many-files":    manyFiles(),
		"script-icon":   {"Chart.yaml": chartYAML(map[string]any{"icon": "icon.svg"}), "icon.svg": scriptIcon},
		"script-image":  {"Chart.yaml": chartYAML(map[string]any{"icon": "data:image/svg+xml," + strings.ReplaceAll(scriptIcon, "#", "%23")})},
	}
	for name, readme := range bombs() {
		charts["bomb-"+name] = hostileFiles("README.md", readme)
	}
	archives := map[string][]byte{}
	for name, files := range charts {
		all := Chart(name, "1.0.0")
		maps.Copy(all, files)
		if fields, ok := files["Chart.yaml"]; ok {
			all["Chart.yaml"] = strings.ReplaceAll(fields, "NAME", name)
		}
		archives[name] = Pack(name, all, nil)
	}
	return archives
}

// scriptIcon is a drawing that calls alert where scripts run in images.
const scriptIcon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" onload="alert(1)"><script>alert(1)</script><path fill="#123" d="M0 0h9v9z"/></svg>`

// hostileFiles returns one file, by its name.
func hostileFiles(name, content string) map[string]string { return map[string]string{name: content} }

// chartYAML returns a Chart.yaml, as JSON, with more fields.
func chartYAML(fields map[string]any) string {
	all := map[string]any{"apiVersion": "v2", "name": "NAME", "version": "1.0.0"}
	maps.Copy(all, fields)
	text, err := json.Marshal(all)
	must(err)
	return string(text)
}

// scriptFields returns files with a script in every field that can hold any text.
func scriptFields() map[string]string {
	list := func(items ...any) string {
		text, err := json.Marshal(items)
		must(err)
		return string(text)
	}
	link := map[string]any{"name": Script, "url": "https://example.com/" + Script}
	return map[string]string{"Chart.yaml": chartYAML(map[string]any{
		"description": Script, "appVersion": Script, "kubeVersion": Script, "home": Script, "icon": Script,
		"sources": []any{Script}, "keywords": []any{Script, "b" + Script},
		"maintainers":  []any{map[string]any{"name": Script, "email": Script + "@example.com", "url": Script}},
		"dependencies": []any{map[string]any{"name": Script, "version": Script, "repository": Script, "condition": Script}},
		"annotations": map[string]any{
			Script:                  Script,
			"artifacthub.io/images": list(map[string]any{"name": Script, "image": Script}),
			"artifacthub.io/changes": list(Script, map[string]any{"kind": "security", "description": Script, "links": []any{link}},
				map[string]any{"kind": Script, "description": Script}),
			"artifacthub.io/links":   list(link),
			"artifacthub.io/license": Script, "artifacthub.io/prerelease": Script,
		},
	})}
}

// urlFields returns files with a URL in every field that can hold one.
func urlFields(url string) map[string]string {
	link, err := json.Marshal([]any{map[string]any{"name": "a link", "url": url}})
	must(err)
	change, err := json.Marshal([]any{map[string]any{"kind": "added", "description": "a change", "links": json.RawMessage(link)}})
	must(err)
	readme := fmt.Sprintf("[a](%[1]s) [b](<%[1]s>) ![c](%[1]s) <a href='%[1]s'>d</a> <%[1]s>\n\n[e]\n\n[e]: %[1]s\n\n<img src=\"%[1]s\"> <form action='%[1]s'><button formaction='%[1]s'>f</button></form> <iframe src='%[1]s'></iframe> <object data='%[1]s'></object> <meta http-equiv=refresh content='0;%[1]s'> <base href='%[1]s'> <link rel=stylesheet href='%[1]s'> <div style=\"background:url(%[1]s)\">g</div>\n", url)
	return map[string]string{"README.md": readme, "Chart.yaml": chartYAML(map[string]any{
		"home": url, "icon": url, "sources": []any{url},
		"maintainers":  []any{map[string]any{"name": "somebody", "email": url, "url": url}},
		"dependencies": []any{map[string]any{"name": "other", "version": "1", "repository": url}},
		"annotations":  map[string]any{"artifacthub.io/links": string(link), "artifacthub.io/changes": string(change)},
	})}
}

// hostileREADME returns a README that tries to break out of any place that it is
// put into.
func hostileREADME() string {
	places := []string{
		"%s", "# %s", "`%s`", "```%s\n%s\n```", "|%s|\n|-|\n|%s|", "- %s", "> %s", "[%s](https://example.com/%s \"%s\")", "![%s](https://example.com/%s)",
		"<div %s>", "<a href=\"%s\">", "<a name='%s'>", "<h1 id=%s>", "<!-- %s", "<![CDATA[ %s", "<? %s", "<style>%s", "<svg>%s</svg>", "<math>%s",
		"<svg><style><img title=\"</style>%s\">", "<noscript><p title=\"</noscript>%s\">", "<form><input name=body value='%s'>", "<b id=readme class=x>%s",
		"<details open ontoggle=alert(1)><summary>%s", "<table background=javascript:alert(1)><tr><td>%s", "<template>%s", "<frameset>%s", "<plaintext>%s",
		"<a href=\"java&#10;script:alert(1)\">%s", "<a href=&#1;javascript:alert(1)>%s", "<p/onclick=alert(1)>%s", "<math href=javascript:alert(1)>%s", "</section></main></body></html>%s",
	}
	var b strings.Builder
	for _, p := range places {
		fmt.Fprintf(&b, "%s\n\n", strings.ReplaceAll(p, "%s", Script))
	}
	return b.String()
}

// hostileValues returns values with scripts in keys, values and comments.
func hostileValues() string {
	text, err := json.Marshal(Script)
	must(err)
	return fmt.Sprintf("# %[1]s\n%[2]s: %[2]s\nplain:\n  %[2]s:\n    - %[2]s # %[1]s\nblock: |\n  %[1]s\n", Script, text)
}

func hostileSchema() string {
	schema, err := json.Marshal(map[string]any{
		"required": []any{Script}, "properties": map[string]any{Script: map[string]any{
			"type": Script, "default": Script, "description": Script, "enum": []any{Script}, "pattern": Script, "format": Script, "title": Script,
		}},
	})
	must(err)
	return string(schema)
}

// scriptFiles returns files with scripts in their names and contents.
func scriptFiles() map[string]string {
	return map[string]string{
		"templates/<img src=x onerror=alert(1)>.yaml": "kind: " + Script + "\n",
		"templates/'\"><svg onload=alert(1)>.yaml":    "kind: ConfigMap\n",
		"crds/<img src=x onerror=alert(1)>.yaml":      "kind: CustomResourceDefinition\nspec:\n  group: " + Script + "\n  names:\n    kind: " + Script + "\n  versions:\n  - name: " + Script + "\n",
	}
}

// oddText returns files whose texts are hard to show: in other scripts, long,
// without spaces, or with characters that reorder the text around them.
func oddText() map[string]string {
	long := strings.Repeat("Donaudampfschifffahrt", 20)
	arabic, chinese := "مخطط لتشغيل قاعدة البيانات", "用於部署資料庫叢集的圖表"
	return map[string]string{
		"README.md":   "# " + arabic + "\n\n" + chinese + " \u202e" + long + "\u2066\n\n# " + chinese + "\n\n" + long + "\n",
		"values.yaml": "\"" + arabic + "\": " + chinese + "\n\"" + long + "\": " + long + " # \u202e\u2066\u200b\ufeff\n",
		"Chart.yaml": chartYAML(map[string]any{
			"description": arabic + " " + chinese + " " + long, "appVersion": long,
			"keywords": []any{arabic, chinese, long}, "maintainers": []any{map[string]any{"name": arabic}, map[string]any{"name": chinese}, map[string]any{"name": long}},
			"annotations": map[string]any{"artifacthub.io/license": long, "artifacthub.io/changes": "- " + arabic + "\n- " + long + "\n"},
		}),
	}
}

// wrongShapes returns files whose annotations and contents have the wrong structure.
func wrongShapes() map[string]string {
	return map[string]string{
		"values.schema.json":  `{"properties":[1,{"a":null}],"required":{},"$ref":["#"]}`,
		"crds/broken.yaml":    "a: [\n",
		"crds/broken.json":    "{",
		"crds/empty.yaml":     "",
		"templates/odd.yaml":  "kind:\nkind: {{ .Values.kind }}\nkind: \xff\xfe\n",
		"templates/empty.yml": "",
		"Chart.yaml": chartYAML(map[string]any{"annotations": map[string]any{
			"artifacthub.io/links": "{a: [b]}", "artifacthub.io/changes": "- [a]\n- {kind: [x], description: {y: z}, links: w}\n- ~\n",
			"artifacthub.io/images": "- image: [x]\n- 5\n- {name: x}\n", "artifacthub.io/prerelease": "[]",
		}}),
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "key%d:\n  a: %d\n", i, i)
	}
	return b.String()
}

// bombSchema returns a short schema that describes very many values.
func bombSchema() string {
	var defs []string
	for i := range 40 {
		ref := fmt.Sprintf(`{"$ref":"#/definitions/d%d"}`, (i+1)%40)
		defs = append(defs, fmt.Sprintf(`"d%d":{"properties":{"a":%[2]s,"b":%[2]s,"c":%[2]s,"d":%[2]s},"oneOf":[%[2]s,%[2]s]}`, i, ref))
	}
	return `{"$ref":"#/definitions/d0","definitions":{` + strings.Join(defs, ",") + `}}`
}

func manyFiles() map[string]string {
	files := map[string]string{}
	for i := range 2000 {
		files[fmt.Sprintf("templates/deployment-%d.yaml", i)] = fmt.Sprintf("kind: Kind%d\n", i)
		files[fmt.Sprintf("crds/crd-%d.yaml", i)] = fmt.Sprintf("spec:\n  group: g%d\n", i)
	}
	return files
}

// bombs returns READMEs that are slow for Markdown parsers.
func bombs() map[string]string {
	const size = 200_000
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	return map[string]string{
		"quotes":     fill(">"),
		"lists":      fill("- "),
		"brackets":   fill("["),
		"images":     fill("![["),
		"emphasis":   fill("*a_ "),
		"table":      strings.Repeat("|a", 4000) + "|\n" + strings.Repeat("|-", 4000) + "|\n" + strings.Repeat("x\n", 16_000),
		"references": "[a]: /x \"" + strings.Repeat("t", size/2) + "\"\n\n" + strings.Repeat("[a] ", size/8),
		"backticks":  backticks(600),
		"tags":       fill("<a "),
		"comments":   fill("x <!-- "),
		"unclosed":   fill("<p><b><i><code class=language-x>"),
		"blank":      strings.Repeat("- ", 500) + "a\n" + fill("\n"),
		"links":      fill("[a](b"),
	}
}

func backticks(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat("`", i+1) + " ")
	}
	return b.String()
}
