package ci

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// secretRE matches a secret on a command line, where every user of the machine sees it.
var secretRE = regexp.MustCompile(`(^|\s)(-u|--user|-H|--header|-p|--password|--token|--oauth2-bearer|-d|--data)[ =]\S*(\s?\S*)*(\$\{?[A-Z_]*(TOKEN|PASSWORD|SECRET)\b|:TOKEN\b|\bTOKEN$)`)

// operandRE matches a variable that curl could take for an option.
var operandRE = regexp.MustCompile(`\bcurl\s+-.*\s"\$`)

// TestCommandLines checks that no script or template in this folder, nor a workflow
// of this repository, puts a secret on a command line, or lets curl take a variable for an option.
func TestCommandLines(t *testing.T) {
	seen := 0
	for _, folder := range []string{".", "../.github"} {
		err := filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasSuffix(file, ".go") || strings.HasSuffix(file, ".md") {
				return err
			}
			b, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			text := strings.ReplaceAll(string(b), "\\\n", " ")
			for line := range strings.Lines(text) {
				if strings.Contains(line, "curl ") {
					seen++
				}
				if secretRE.MatchString(line) {
					t.Errorf("%s: there is a secret on a command line: %s", file, line)
				}
				if operandRE.MatchString(line) && !strings.Contains(line, "--url ") {
					t.Errorf("%s: write --url before the URL: %s", file, line)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 8 {
		t.Errorf("only %d lines with curl were found", seen)
	}
	for line, bad := range map[string]bool{
		`curl --user "gitlab-ci-token:${CHARTS_TOKEN:-$CI_JOB_TOKEN}" --url "$URL"`: true,
		`curl -H "PRIVATE-TOKEN: $ACCESS_TOKEN" --url "$URL"`:                       true,
		`helm repo add x URL --username USER --password TOKEN`:                      true,
		`curl --user USER --form 'chart=@x.tgz' URL`:                                false,
		`user = "gitlab-ci-token:$CI_JOB_TOKEN"`:                                    false,
	} {
		if secretRE.MatchString(line) != bad {
			t.Errorf("%s: a secret is seen: %v", line, !bad)
		}
	}
}
