package registry

import (
	"fmt"
	"strings"
)

const (
	maxTag        = 128 // characters, as the distribution specification has it
	maxRepository = 200 // bytes; clients allow 255 together with the host's name
)

// Tag is the tag of a version. A tag cannot hold a +, for which Helm writes an
// underscore; a version has none of these, so [Version] is the inverse.
func Tag(version string) string { return strings.ReplaceAll(version, "+", "_") }

// Version is the version of a tag.
func Version(tag string) string { return strings.ReplaceAll(tag, "_", "+") }

// validTag reports whether clients can ask for a tag.
func validTag(tag string) bool {
	if tag == "" || len(tag) > maxTag || tag[0] == '.' || tag[0] == '-' {
		return false
	}
	for i := range len(tag) {
		if c := tag[i]; !alphanumeric(c) && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// CheckChannel returns why no chart of a channel can be in a registry, or nil.
func CheckChannel(channel string) error {
	switch {
	case capitals(channel):
		return fmt.Errorf("channel %s cannot be read by oci://, where names have no capitals: use another channel for that", channel)
	case len(channel)+len("/c") > maxRepository:
		return fmt.Errorf("channel %.40s… cannot be read by oci://, where its name and a chart's may have %d bytes together: use another channel for that",
			channel, maxRepository)
	}
	return nil
}

// CheckVersion returns why a version of a chart cannot be in a registry, although its
// channel can, or nil.
func CheckVersion(channel, chart, version string) error {
	switch repository := Repository(channel, chart); {
	case capitals(chart):
		return fmt.Errorf("the chart's name %s has capitals, which no name in oci:// has", chart)
	case len(repository) > maxRepository:
		return fmt.Errorf("the names of channel and chart have %d bytes together; in oci:// they may have %d", len(repository), maxRepository)
	case len(version) > maxTag:
		return fmt.Errorf("the version has %d characters; in oci:// it may have %d", len(version), maxTag)
	}
	return nil
}

func capitals(name string) bool { return name != strings.ToLower(name) }
