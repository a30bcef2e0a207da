package survey

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
)

// release is what a line of the index says of a version.
type release struct {
	Version    string    `json:"version"`
	AppVersion string    `json:"appVersion"`
	Created    time.Time `json:"created"`
	Digest     string    `json:"digest"`
	Deprecated bool      `json:"deprecated"`
	URLs       []string  `json:"urls"`
}

func parseLine(line string) (r release, err error) {
	if err := json.Unmarshal([]byte(line), &r); err != nil || len(r.URLs) != 1 {
		return r, fmt.Errorf("a line of the index cannot be read: %.80s…", line)
	}
	return r, nil
}

func prerelease(version string) bool { return check.ParseVersion(version).Prerelease() }
