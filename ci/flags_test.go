package ci

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// read returns a file of the repository.
func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile("../" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Whatever builds portolan builds the same, with the flags of the Makefile.
func TestBuildFlags(t *testing.T) {
	m := regexp.MustCompile(`(?m)^FLAGS = (.*)$`).FindStringSubmatch(read(t, "Makefile"))
	if m == nil {
		t.Fatal("the Makefile does not say how portolan is built")
	}
	flags := m[1]
	for file, builds := range map[string]int{"Makefile": 1, "ci/Containerfile": 1, "ci/portolan.sh": 2, "ci/gitlab/portolan.yml": 1, "ci/gitlab/templates/generate.yml": 1} {
		text := strings.NewReplacer("\\\n", "", "$(FLAGS)", flags).Replace(read(t, file))
		lines := regexp.MustCompile(`(?m)^.*\bgo (?:build|install)\b.*[ \t]"?(?:\./|github.com/portolan-charts/portolan/)cmd/portolan\b.*$`).FindAllString(text, -1)
		if len(lines) != builds {
			t.Errorf("%s builds portolan in %d places, want %d", file, len(lines), builds)
		}
		for _, line := range lines {
			if !strings.Contains(line, "CGO_ENABLED=0 go ") || !strings.Contains(line, " "+flags+" ") {
				t.Errorf("%s builds portolan with other flags than CGO_ENABLED=0 and %s: %s", file, flags, strings.TrimSpace(line))
			}
		}
	}
}

// What GoReleaser makes for a tag, make release makes for any commit.
func TestGoReleaser(t *testing.T) {
	var config struct {
		Builds []struct {
			Main, Env, Flags, Ldflags, Goos, Goarch any
		}
		Dist     string
		Checksum struct {
			NameTemplate string `json:"name_template"`
		}
		Archives []struct {
			NameTemplate string `json:"name_template"`
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, ".goreleaser.yaml")), &config); err != nil {
		t.Fatal(err)
	}
	words := func(v any) []string {
		var all []string
		for _, word := range v.([]any) {
			all = append(all, word.(string))
		}
		return all
	}
	b, archives, makefile := config.Builds[0], read(t, "ci/archives/main.go"), read(t, "Makefile")
	flags := append(words(b.Flags), "-ldflags='"+strings.Join(words(b.Ldflags), " ")+"'")
	if want := "FLAGS = " + strings.Join(flags, " ") + "\n"; !strings.Contains(makefile, want) || !slices.Equal(words(b.Env), []string{"CGO_ENABLED=0"}) || b.Main != "./cmd/portolan" {
		t.Errorf("GoReleaser builds portolan with %v and %s, and the Makefile with others", b.Env, want)
	}
	var platforms []string
	for _, goos := range words(b.Goos) {
		for _, goarch := range words(b.Goarch) {
			platforms = append(platforms, `"`+goos+"/"+goarch+`"`)
		}
	}
	slices.Sort(platforms)
	if want := "platforms = []string{" + strings.Join(platforms, ", ") + "}\n"; !strings.Contains(archives, want) {
		t.Errorf("GoReleaser builds for %s, and make release for others", platforms)
	}
	name := strings.NewReplacer("{{ .Version }}", "%s", "{{ .Os }}", "%s", "{{ .Arch }}", "%s").Replace(config.Archives[0].NameTemplate)
	if !strings.Contains(archives, `"`+name+`"`) || !strings.Contains(archives, `"`+config.Checksum.NameTemplate+`"`) {
		t.Errorf("make release does not name its files %s and %s, as GoReleaser does", name, config.Checksum.NameTemplate)
	}
	workflow := read(t, ".github/workflows/release.yml")
	if sums := config.Dist + "/" + config.Checksum.NameTemplate; !strings.Contains(workflow, "subject-checksums: "+sums+"\n") {
		t.Errorf("release.yml does not attest what is in %s", sums)
	}
}
