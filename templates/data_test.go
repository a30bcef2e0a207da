package templates

import (
	"fmt"
	"strings"
)

// hostile tries to end a tag, an attribute, a script and a comment.
const hostile = `"'--></title></script><script>alert(1)</script><img src=x onerror=alert(2)>{{.}}`

// safeURL returns a URL with what a text has that a URL may have.
func safeURL(text string) string {
	return "https://example.com/" + strings.Map(func(r rune) rune {
		if strings.ContainsRune(`"'<>{} `, r) {
			return '-'
		}
		return r
	}, text)
}

func frame(text string) Frame {
	links := []Link{{text, safeURL(text)}}
	return Frame{Site: Site{Title: text, Description: text, Footer: links}, Title: text, Description: text, Canonical: safeURL(text), Crumbs: links, Feed: "feed.xml"}
}

// image is the icon of charts in these tests.
const image = "data:image/png;base64,AA+/"

// release returns a version with a text in every field.
func release(text string) Release {
	return Release{
		Channel: Channel{Name: text, RepoName: text, OCI: text, Link: "../../index.html"}, OCI: &OCI{text, text, text, text, true}, Badges: Badges{true, false, true, true},
		Name: text, Version: text, AppVersion: text, Description: text, KubeVersion: text, License: text, Home: safeURL(text), Source: safeURL(text),
		Icon: image, Created: day, From: text, Promoted: day, Digest: text, Size: 1, File: text, Archive: "../../a.tgz", Prov: "../../a.tgz.prov", KeyID: text,
		Note: text, Faults: []string{text}, Yanked: &Notice{Text: text, Time: day}, Deprecation: &Notice{Text: text, Time: day, Successor: Link{text, safeURL(text)}},
		Tabs:     []Tab{{"Overview", "index.html", 0, true}, {"Values", "values.html", 1234, false}},
		Versions: "../versions.json", List: "../versions.html", ChartLink: "../index.html", Alone: Repository{text, "../index.yaml"},
	}
}

// page returns a version's overview with a text in every field.
func page(text string) ChartPage {
	links := []Link{{text, safeURL(text)}}
	return ChartPage{
		Frame: frame(text), Release: release(text), APIVersion: text, IconLink: safeURL(text), Keywords: []string{text}, Sources: links,
		Maintainers: []Maintainer{{text, "mailto:a@example.com", safeURL(text)}}, Links: links, API: "api.json", Badge: "badge.svg",
		README: &Text{HTML: "<p>safe</p>", Note: text}, Contents: []Heading{{text, "readme-a", 1}},
		Dependencies: []Dependency{{text, text, text, text, safeURL(text), text, ""}}, Images: []Image{{Name: text, Image: text}},
	}
}

func values(text string, rows int) ValuesPage {
	p := ValuesPage{Frame: frame(text), Release: release(text), Count: rows, Raw: "values.yaml", Schema: "values.schema.json", Note: text}
	row := ValueReference{Path: text, Type: text, Default: text, Enum: text, Required: true, Text: text}
	group := ValueGroup{Section: text, Path: "group", Anchor: "group", Text: text}
	for i := range rows {
		row.Anchor, row.Line = fmt.Sprint("L", i+1), i+1
		group.Rows = append(group.Rows, row)
	}
	p.Groups = []ValueGroup{{Path: text, Anchor: "L0", Rows: []ValueReference{{Path: text, Anchor: "L0"}}}, group}
	return p
}

func files(text string) TemplatesPage {
	shown := SourceFile{Path: text, Anchor: "f1", Kinds: text, About: text, Size: 3, Lines: 1, HTML: "<b>safe</b>"}
	other := shown
	other.Anchor, other.HTML = "f2", ""
	return TemplatesPage{
		Frame: frame(text), Release: release(text), Kinds: []TemplateKind{{text, []ValueLink{{text, "f1"}}}, {"", []ValueLink{{text, "f2"}}}},
		Files: []SourceFile{shown, other}, CRDs: []SourceFile{shown, other}, More: 2, Note: text,
	}
}

func said(text string) []ChangeGroup {
	return []ChangeGroup{{"added", []Change{{text, []Link{{text, safeURL(text)}}}}}}
}

func changes(text string) ChangesPage {
	values := []ValueChange{{Path: text, Anchor: "L1", Before: text, After: text}}
	dependencies := []DependencyChange{{text, text, text}}
	texts := []string{text}
	return ChangesPage{
		Frame: frame(text), Release: release(text), Upgrade: []UpgradeNote{{"removed", text, "#values"}, {text, text, ""}}, Said: said(text), Compare: "../compare.html",
		Against: &Difference{
			Comparison: Comparison{
				Version: text, Link: "../1/index.html", AppVersion: &Pair{text, text}, KubeVersion: &Pair{text, text}, Type: &Pair{text, text},
				ValuesAdded: values, ValuesRemoved: values, ValuesChanged: values, ValuesMore: 2, ValuesNote: text,
				CRDsAdded: texts, CRDsRemoved: texts, CRDsChanged: texts,
				DependenciesAdded: dependencies, DependenciesRemoved: dependencies, DependenciesChanged: dependencies,
			},
			ValuesRetyped: values, ImagesAdded: texts, ImagesRemoved: texts, ImagesChanged: dependencies,
			Files: []FileDifference{{Path: text, Anchor: "d1", What: "changed", Added: 1, Removed: 2, HTML: "<ins>safe</ins>", Note: text, Left: true}}, Other: texts, More: 3,
		},
	}
}

func entries(n int, text string) []VersionEntry {
	var all []VersionEntry
	for i := range n {
		all = append(all, VersionEntry{
			Version: fmt.Sprintf("%d.0.0%s", i, text), AppVersion: "2026.3.1", Created: day, Digest: strings.Repeat("a", 64), Size: 123456,
			Link: "1.0.0/index.html", Newest: i == 0, Older: i > 0, Yanked: i%3 == 1, Badges: Badges{true, false, true, true},
		})
	}
	return all
}

// everyPage returns one page of each type, with the text in its fields.
func everyPage(text string) []Page {
	frame := frame(text)
	channel := Channel{Name: text, RepoName: text, OCI: text, Link: "a/index.html", Generation: 2, Changed: day, Charts: 1, Versions: 2, Private: true, Older: &OlderVersions{Repository{"", "snapshots/00000002/older/index.yaml"}, 1, 1, false}}
	events := []Event{{text, text, "added", "", "", "", "a/index.html"}, {text, text, "removed", "takedown", text, "", ""}, {text, text, "added", "promote", "", text, "a/index.html"}, {text, "", "deprecated", "deprecate", text, "", "a/index.html"}}
	tabs := []Tab{{"Versions", "versions.html", 2, true}}
	first := changes(text)
	first.Against, first.Upgrade, first.Said = nil, nil, nil
	empty := Release{Name: text}
	return []Page{
		HomePage{frame, []Channel{channel}}, HomePage{Frame: frame},
		ChannelPage{Frame: frame, Channel: channel, Charts: charts(1, text), Keywords: []Keyword{{text, 1}}, Search: "search.json", Changes: "changes.html", Pages: []PageLink{{1, "index.html", text, true}, {2, "page-2.html", text, false}}},
		page(text), ChartPage{Frame: frame, Release: empty},
		values(text, 3), ValuesPage{Frame: frame, Release: empty},
		files(text), TemplatesPage{Frame: frame, Release: empty},
		changes(text), first,
		VersionsPage{Frame: frame, Channel: channel, Name: text, ChartLink: "index.html", Tabs: tabs, Versions: entries(2, text), Total: 3, Pages: []PageLink{{1, "versions-1.html", "", true}}},
		ChangelogPage{Frame: frame, Channel: channel, Name: text, Tabs: tabs, Versions: []ChangelogEntry{{entries(1, text)[0], "1/changes.html", said(text), 2}}, Older: "versions.html"},
		ComparePage{Frame: frame, Channel: channel, Name: text, Tabs: tabs, Versions: "versions.json", List: "versions.html"},
		ActivityPage{Frame: frame, Channel: channel, Generations: []Generation{{2, day, "snapshots/00000002/index.yaml", "", events, 3, 1}, {1, day, "", "", nil, 0, 0}}, Older: 4},
		MissingPage{frame},
	}
}

func charts(n int, text string) []ChartEntry {
	var all []ChartEntry
	for i := range n {
		all = append(all, ChartEntry{
			Name: fmt.Sprintf("chart-%d", i), Version: "1.0.0" + text, AppVersion: "1.0.0", Description: text, Created: day, Link: "charts/a/index.html",
			Badges: Badges{true, true, true, true},
		})
	}
	return all
}
