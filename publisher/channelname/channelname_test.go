package channelname

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	long := strings.Repeat("a", MaxLength)
	for name, want := range map[string]string{
		"stable": "", "42/devel": "", "group/app/stable": "", "Stable.v1-x_y": "", "logs": "", "v3": "", "overall/v2.1/tag": "", "v1.yamlx": "", long: "",
		"":             "is empty",
		long + "a":     "longer than 255",
		"a//b":         `segment ""`,
		"/a":           `segment ""`,
		"a/":           `segment ""`,
		"..":           `segment ".."`,
		"a..b":         `segment "a..b"`,
		"a-":           `segment "a-"`,
		".hidden":      `segment ".hidden"`,
		"a b":          `segment "a b"`,
		"ä":            `segment "ä"`,
		"charts":       "folder of portolan's own",
		"a/LOG":        "folder of portolan's own",
		"x/Snapshots":  "folder of portolan's own",
		"api/v1":       "folder of portolan's own",
		"assets":       "folder of portolan's own",
		"all":          `segment "all" is reserved`,
		"team/V2":      `segment "V2" is reserved`,
		"blobs/x":      `segment "blobs" is reserved`,
		"a/Manifests":  `segment "Manifests" is reserved`,
		"referrers":    `segment "referrers" is reserved`,
		"group/tags/x": `segment "tags" is reserved`,
		"v2/log":       "folder of portolan's own",
		"a.tgz":        "ends like a file",
		"x/index.YAML": "ends like a file",
	} {
		err := Check(name)
		if want == "" && err != nil {
			t.Errorf("%.30q: %v", name, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.30q: got %v, want %q", name, err, want)
		}
	}
}
