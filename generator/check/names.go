package check

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/Masterminds/semver/v3"
)

const (
	maxPath    = 1024 // bytes of a path in an archive; file systems and object keys end about there
	maxSegment = 255  // bytes of one segment of it; what common file systems take
	maxName    = 250  // characters of a chart's name, as Helm's lint has it

	// MaxNameVersion bounds name and version together, in bytes. They stand
	// three times in a key of the site, and in file names.
	MaxNameVersion = 240
)

var (
	namePattern    = whenNeeded(`^[a-zA-Z0-9]+([._-][a-zA-Z0-9]+)*$`)
	advisedName    = whenNeeded(`^[a-z0-9-]+$`)
	versionPattern = whenNeeded(`^[0-9A-Za-z.+-]+$`)
)

// FileName returns the file name of a release's archive, as Helm makes it.
func FileName(name, version string) string { return name + "-" + version + ".tgz" }

// splitPath splits an entry's name into the top folder and the rest, which is
// empty for the top folder itself. It refuses whatever two programs might
// understand differently; Helm's loader cleans some of it up instead.
func splitPath(name string, dir bool) (top, rest string, p *Problem) {
	if p := checkCharacters(name); p != nil {
		return "", "", p
	}
	if dir {
		name = strings.TrimSuffix(name, "/")
	}
	if strings.HasPrefix(name, "/") {
		return "", "", reject("path-absolute", "the path %s is absolute", Quote(name))
	}
	for i, s := range strings.Split(name, "/") {
		switch {
		case s == "..":
			return "", "", reject("path-parent", "the path %s leads upwards", Quote(name))
		case s == "", s == "." && i > 0:
			return "", "", reject("path-unclean", "the path %s has an empty or dot segment", Quote(name))
		case len(s) > maxSegment:
			return "", "", reject("path-long", "the path %s has a segment of %d bytes; %d are allowed", Quote(name), len(s), maxSegment)
		case hasDrive(s):
			return "", "", reject("path-drive", "the path %s holds a drive letter", Quote(name))
		}
	}
	top, rest, _ = strings.Cut(name, "/")
	switch {
	case strings.HasPrefix(rest, ".."):
		// Helm's loader takes any such name for a way out.
		return "", "", reject("path-parent", "the path %s begins with two dots below its top folder, which Helm refuses", Quote(name))
	case rest == "" && !dir, top == "Chart.yaml":
		return "", "", reject("top-folder", "the file %s does not lie in a folder named after the chart", Quote(name))
	}
	return top, rest, nil
}

// hasDrive reports whether a name begins with the letter of a drive, as on Windows.
func hasDrive(name string) bool {
	return len(name) > 1 && name[1] == ':' && (name[0]|0x20 >= 'a' && name[0]|0x20 <= 'z')
}

// checkCharacters refuses names that cannot be shown, or mean a path on one
// system and a file name on another.
func checkCharacters(name string) *Problem {
	switch {
	case len(name) > maxPath:
		return reject("path-long", "the path %s has %d bytes; %d are allowed", Quote(name), len(name), maxPath)
	case !utf8.ValidString(name):
		return reject("path-encoding", "the path %s is not UTF-8", Quote(name))
	case strings.ContainsFunc(name, hidden):
		return reject("path-control", "the path %s holds control characters", Quote(name))
	case strings.Contains(name, `\`):
		return reject("path-backslash", "the path %s holds a backslash", Quote(name))
	}
	return nil
}

// hidden reports whether a character moves what is printed around it, or ends
// a line, instead of being seen.
func hidden(r rune) bool {
	if r < utf8.RuneSelf { // as most are
		return r < ' ' || r == '\x7f'
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

// CheckName checks a chart's name by itself.
func CheckName(name string) *Problem { return checkName(name, "", &warnings{}) }

// checkName checks a chart's name and how long it is together with version.
func checkName(name, version string, w *warnings) *Problem {
	switch {
	case len(name) > maxName:
		return reject("name-long", "the name %s has %d characters; %d are allowed", Quote(name), len(name), maxName)
	case len(name)+len(version) > MaxNameVersion:
		return reject("name-long", "name and version of %s have %d bytes together; %d are allowed", Quote(name), len(name)+len(version), MaxNameVersion)
	case !namePattern().MatchString(name):
		return reject("name", "the name %s is not made of letters and digits, joined by single '-', '.' or '_'", Quote(name))
	}
	warnName(name, w)
	return nil
}

// checkVersion checks a version. Helm must be able to order it in any case;
// "strict" asks for a semantic version, with an optional leading v.
func checkVersion(version, mode string, w *warnings) *Problem {
	_, loose := semver.NewVersion(version)
	_, strict := semver.StrictNewVersion(strings.TrimPrefix(version, "v"))
	switch {
	case loose != nil, !versionPattern().MatchString(version):
		return reject("version", "the version %s is not a semantic version, and Helm cannot order it", Quote(version))
	case strict != nil && mode != "helm":
		return reject("version", "the version %s is not a semantic version", Quote(version))
	case strict != nil:
		w.add("warn-version", "the version %s is not strictly semantic; Helm orders it as %s", Quote(version), coerced(version))
	}
	return nil
}

// coerced returns the semantic version that Helm orders version by.
func coerced(version string) string {
	v, err := semver.NewVersion(version)
	if err != nil {
		return version
	}
	return v.String()
}

// checkAllowed checks a name against a list of patterns; an empty list allows all.
func checkAllowed(name string, patterns []string) *Problem {
	for _, pattern := range patterns {
		if ok, err := path.Match(pattern, name); err == nil && ok {
			return nil
		}
	}
	if len(patterns) == 0 {
		return nil
	}
	return reject("name-not-allowed", "charts named %s are not allowed here", Quote(name))
}

// sizeText writes a number of bytes for people, but never rounds one that is
// just above a limit to the limit itself.
func sizeText(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 10<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d bytes", n)
}
