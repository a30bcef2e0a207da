package generator

import (
	"fmt"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// explain puts a policy's refusal of an archive, or of a signature, into words.
// What is only about to be published has no date yet: it gets that of now.
func (c *catalog) explain(rule string, v ref, current content, digest string, now time.Time) *check.Problem {
	published := current.created
	if published.IsZero() {
		published = now
	}
	what := fmt.Sprintf("%s %s was published %s", v.name, v.version, published.UTC().Format(time.RFC3339))
	switch rule {
	case "version-exists":
		taken := ""
		if y, is := c.state.FindYanked(v.name, v.version); is {
			taken = fmt.Sprintf("; it was yanked %s, and stays taken all the same", y.Time.UTC().Format(time.RFC3339))
		}
		return reject(rule, "%s with other content: its SHA-256 is %s, that of this upload %s%s", what, current.digest, digest, taken)
	case "provenance-repacked":
		return reject(rule, "%s without a signature, and this one signs other bytes: the published archive's SHA-256 is %s, that of this upload %s", what, current.digest, digest)
	case "provenance-differs":
		return reject(rule, "%s with another provenance file for the same archive, SHA-256 %s", what, current.digest)
	}
	return nil
}

func rejectNameCase(name, other string) *check.Problem {
	return reject("name-case", "chart name %q differs from the published %q only in case", name, other)
}

func rejectProvAlone(file string, wait time.Duration) *check.Problem {
	return reject("provenance-alone", "no chart %s with the SHA-256 that the provenance file names arrived within %s", check.Quote(file), wait)
}

func rejectProvMissing(v ref, wait time.Duration) *check.Problem {
	return reject("provenance-missing", "the upload of %s %s announced a provenance file, but none arrived within %s", v.name, v.version, wait)
}

// maxNamed is how many versions of the same precedence a warning names. Builds
// that differ in their metadata alone can be thousands.
const maxNamed = 3

func warnPrecedence(version string, equal []string, more int) verdict.Warning {
	return verdict.Warning{Rule: "warn-precedence", Message: fmt.Sprintf(
		"version %s has the same precedence as %s: clients that ask for the newest get the one that the index lists first",
		version, check.List(equal, maxNamed, more))}
}

func warnOlder(refs []ref, keep int) verdict.Warning {
	is, them, urls := "is", "it", "its URL"
	if len(refs) > 1 {
		is, them, urls = "are", "them", "their URLs"
	}
	return verdict.Warning{Rule: "warn-older", Message: fmt.Sprintf(
		"the index shows the newest %d of each chart (keep: %d), and %s %s not among these: "+
			"clients find %s at %s, and in the repository of all versions, all/", keep, keep, nameVersions(refs), is, them, urls)}
}
