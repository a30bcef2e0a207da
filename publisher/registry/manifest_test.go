package registry

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const config = `{"name":"mychart","home":"https://example.com","sources":["https://example.com/src","https://example.com/b"],"version":"1.0.0+b",` +
	`"description":"A chart.","maintainers":[{"name":"Ann","email":"ann@example.com"},{"name":"Bob"}],"apiVersion":"v2",` +
	`"annotations":{"category":"web","org.opencontainers.image.title":"other","org.opencontainers.image.url":"https://other"}}`

var (
	archive = SumOf([]byte("archive"))
	prov    = SumOf([]byte("provenance"))
)

func release() Release {
	return Release{[]byte(config), archive, Sum{}, time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))}
}

func mustNew(t *testing.T, r Release) string {
	t.Helper()
	b, err := New(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestNew: a manifest has the annotations that helm push makes of Chart.yaml. Its bytes
// must not change lightly: what was made once keeps its digest, but two generators of
// different versions would make two.
func TestNew(t *testing.T) {
	const want = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
		`"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"sha256:CONFIG","size":365},` +
		`"layers":[{"mediaType":"application/vnd.cncf.helm.chart.content.v1.tar+gzip","digest":"sha256:ARCHIVE","size":7}],` +
		`"annotations":{"category":"web","org.opencontainers.image.authors":"Ann (ann@example.com), Bob","org.opencontainers.image.created":"2026-01-02T02:04:05Z",` +
		`"org.opencontainers.image.description":"A chart.","org.opencontainers.image.source":"https://example.com/src",` +
		`"org.opencontainers.image.title":"mychart","org.opencontainers.image.url":"https://other","org.opencontainers.image.version":"1.0.0+b"}}`
	filled := strings.NewReplacer("CONFIG", SumOf([]byte(config)).SHA256, "ARCHIVE", archive.SHA256).Replace(want)
	if got := mustNew(t, release()); got != filled {
		t.Errorf("got  %s\nwant %s", got, filled)
	}
	if _, err := New(Release{Config: []byte("[]")}); err == nil {
		t.Error("a config that is none is taken")
	}
}

// TestNewIsRead: what is made describes what it was made of, and nothing else.
func TestNewIsRead(t *testing.T) {
	for name, provenance := range map[string]Sum{"unsigned": {}, "signed": prov} {
		t.Run(name, func(t *testing.T) {
			r := release()
			r.Provenance = provenance
			m, err := Parse([]byte(mustNew(t, r)))
			if err != nil {
				t.Fatal(err)
			}
			right := Content{"mychart", "1.0.0+b", archive, provenance}
			if err := m.Check([]byte(config), right); err != nil {
				t.Error(err)
			}
			if m.Annotations[Created] != "2026-01-02T02:04:05Z" {
				t.Errorf("got %v", m.Annotations)
			}
			for want, change := range map[string]func(*Content){
				"names an archive":            func(c *Content) { c.Archive.SHA256 = prov.SHA256 },
				"an archive of 7 bytes":       func(c *Content) { c.Archive.Size++ },
				"another provenance file":     func(c *Content) { c.Provenance = SumOf([]byte("other")) },
				"Chart.yaml says other 1.0.0": func(c *Content) { c.Name = "other" },
				"Chart.yaml says mychart 2":   func(c *Content) { c.Version = "2.0.0" },
			} {
				wrong := right
				change(&wrong)
				if err := m.Check([]byte(config), wrong); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
			if err := m.Check([]byte(config+" "), right); err == nil || !strings.Contains(err.Error(), "names a config") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestCheckConfig: the config says name and version in one way only.
func TestCheckConfig(t *testing.T) {
	for config, want := range map[string]string{
		`{"Name":"a","version":"1.0.0"}`:            `is that of ""`,
		`{"name":"a","name":"a","version":"1.0.0"}`: `has the field "name" twice`,
		`{"name":"a","version":1}`:                  "cannot be read: version",
		`["a"]`:                                     "is not a JSON object",
	} {
		m := &Manifest{Config: SumOf([]byte(config)), Archive: archive}
		if err := m.Check([]byte(config), Content{"a", "1.0.0", archive, Sum{}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", config, err, want)
		}
	}
}

// TestParseRefuses: what is no chart, and what other programs may read otherwise.
func TestParseRefuses(t *testing.T) {
	good := mustNew(t, release())
	layer := good[strings.Index(good, `{"mediaType":"`+TypeChart):strings.Index(good, `],"annotations"`)]
	for name, test := range map[string]struct {
		old, new string
		want     string
		noChart  bool
	}{
		"no JSON":          {good, "{", "is not JSON", false},
		"a list":           {good, "[]", "is not a JSON object", false},
		"not UTF-8":        {"A chart.", "A \xff chart.", "is not JSON in UTF-8", false},
		"something after":  {good, good + "{}", "is not JSON", false},
		"a field twice":    {`"layers":`, `"layers":[],"layers":`, `has the field "layers" twice`, false},
		"a digest twice":   {`"size":7`, `"size":7,"size":7`, `has the field "size" twice`, false},
		"wrong case":       {`"layers":`, `"Layers":`, "it has no layer of type", true},
		"schema 1":         {`"schemaVersion":2`, `"schemaVersion":1`, "its schemaVersion is 1", true},
		"an index":         {TypeManifest, TypeIndex, "its mediaType", true},
		"an image":         {TypeConfig, "application/vnd.oci.image.config.v1+json", "its config is of type", true},
		"another layer":    {TypeChart, "application/vnd.oci.image.layer.v1.tar+gzip", "its layer 1 is of type", true},
		"a second archive": {layer, layer + "," + strings.Replace(layer, TypeChart, TypeOldChart, 1), "two layers", false},
		"no layer":         {layer, "", "it has no layer of type", true},
		"a referrer":       {`"layers":`, `"subject":{},"layers":`, "it has a subject", true},
		"no config":        {`"config":`, `"konfig":`, "the manifest's config: is not JSON", false},
		"sha512":           {"sha256:", "sha512:", "are not sha256", false},
		"negative size":    {`"size":7`, `"size":-7`, "are not sha256", false},
		"text for a size":  {`"size":7`, `"size":"7"`, "size: ", false},
		"too long":         {"A chart.", strings.Repeat("a", MaxManifest), "524288 are allowed", false},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(good, test.old, test.new, 1)
			m, err := Parse([]byte(text))
			if err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, ErrNoChart) != test.noChart {
				t.Errorf("got %+v, %v; want %q", m, err, test.want)
			}
		})
	}
}

// TestParseOthers: manifests of other programs are read: without a media type, with the
// archive's old one, with layers in another order.
func TestParseOthers(t *testing.T) {
	r := release()
	r.Provenance = prov
	text := mustNew(t, r)
	text = strings.Replace(text, `"mediaType":"`+TypeManifest+`",`, "", 1)
	text = strings.Replace(text, TypeChart, TypeOldChart, 1)
	start, end := strings.Index(text, `"layers":[`)+len(`"layers":[`), strings.Index(text, `],"annotations"`)
	first, second, _ := strings.Cut(text[start:end], "},{")
	text = text[:start] + "{" + second + "," + first + "}" + text[end:]
	m, err := Parse([]byte(text))
	if err != nil || m.Archive != archive || m.Provenance != prov {
		t.Errorf("got %+v, %v\n%s", m, err, text)
	}
}

// FuzzParse: no manifest makes it panic, and what it takes has an archive.
func FuzzParse(f *testing.F) {
	b, err := New(release())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"config":{},"layers":[null]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := Parse(b); err == nil && (m.Archive.Size <= 0 || len(m.Archive.SHA256) != 64) {
			t.Errorf("took %q", b)
		}
	})
}
