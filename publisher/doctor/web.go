package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

const (
	maxBody     = 256 << 20 // bytes read of an answer
	maxChannels = 50        // channels that are checked
)

// answer is what a web server said.
type answer struct {
	url    string
	status int
	text   string // of the status
	header http.Header
	body   []byte
}

// get requests a URL as Helm does, without compression.
func (e *exam) get(ctx context.Context, address string) (*answer, error) {
	return e.ask(ctx, http.MethodGet, address, "")
}

// ask makes a request for one of these media types; "" is any.
func (e *exam) ask(ctx context.Context, method, address, accept string) (*answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, err
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	r.Header.Set("User-Agent", "portolan doctor")
	r.Header.Set("Accept-Encoding", "identity")
	response, err := e.Client.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = errors.New("the answer is larger than 256 MiB")
	}
	return &answer{response.Request.URL.Redacted(), response.StatusCode, response.Status, response.Header, body}, err
}

// isHTML reports whether the body begins as a web page does.
func (a *answer) isHTML() bool {
	return bytes.HasPrefix(bytes.TrimLeft(a.body, "\ufeff \t\r\n"), []byte("<"))
}

func (a *answer) missing() bool {
	return a.status == http.StatusNotFound || a.status == http.StatusGone || a.status == http.StatusForbidden || a.status == http.StatusUnauthorized
}

// finding is something odd about one file that is served.
type finding struct {
	result    Result
	seen, fix string
}

// found adds a row for each finding, or one with the text well if there are none.
func (e *exam) found(check string, findings []finding, well string) {
	for _, f := range findings {
		e.Add(check, f.result, f.seen, f.fix)
	}
	if len(findings) == 0 {
		e.Add(check, OK, well, "")
	}
}

// web examines the site as it is served.
func (e *exam) web(ctx context.Context) {
	if e.BaseURL == "" {
		e.Add("web", Warning, "not checked, since it is not known where the site is served", "give --base-url, or set baseURL in portolan.yaml; 'helm cm-push' needs its path too")
		return
	}
	base, err := url.Parse(e.BaseURL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		e.Add("web", Fail, strconv.Quote(e.BaseURL)+" is not the URL of a web site", "give one such as https://charts.example.com/helm")
		return
	}
	if !e.absent(ctx, base) {
		return
	}
	channels := e.served
	if len(channels) > maxChannels {
		e.Add("web", Warning, fmt.Sprintf("only %d of %d channels were checked", maxChannels, len(channels)), "check others with --channel")
		channels = channels[:maxChannels]
	}
	for i, channel := range channels {
		e.channel(ctx, base, channel, i == 0)
	}
	if len(channels) == 0 {
		e.Add("web", Warning, "there is no channel to check", "publish a chart, or name a channel with --channel")
	}
	e.private(ctx, base)
}

// join returns the URL of a file of the site.
func join(base *url.URL, key string) string {
	u := *base
	u.Path = strings.TrimSuffix(u.Path, "/") + "/" + key
	u.RawPath = ""
	return u.String()
}

// absent checks the server's answer for a missing file. It reports whether its other
// answers are worth checking.
func (e *exam) absent(ctx context.Context, base *url.URL) bool {
	const check = "web: missing files"
	a, err := e.get(ctx, join(base, "portolan-doctor-"+strings.ToLower(rand.Text())+".yaml"))
	switch {
	case err != nil:
		seen, fix := webError(err)
		e.Add(check, Fail, seen, fix)
		return false
	case a.status == http.StatusUnauthorized:
		e.Add(check, Warning, "the server asks for a password, so the rest was not checked", "run 'portolan doctor' from a place that needs no password; Helm sends one with 'helm repo add --username'")
		return false
	case a.missing():
		e.Add(check, OK, a.text, "")
	case a.status == http.StatusOK:
		e.Add(check, Fail, "the server answers 200 for a file that does not exist",
			"make it answer 404 for files that it does not have, and not with a fallback page, as for single-page applications, or a login page")
		return false
	default:
		e.Add(check, Warning, "the server answers "+a.text+" for a file that does not exist", "make it answer 404")
	}
	e.date(a)
	return true
}

// date checks the server's clock.
func (e *exam) date(a *answer) {
	if date, err := http.ParseTime(a.header.Get("Date")); err == nil {
		age, _ := strconv.Atoi(a.header.Get("Age")) // set by a cache
		e.skew("web: clock", date, time.Duration(age)*time.Second+webTime)
	}
}

// webError explains why there is no answer.
func webError(err error) (seen, fix string) {
	if seen, _ = bucket.Meaning(err, ""); seen == "" {
		return err.Error(), "check the base URL, and that the server runs"
	}
	return seen + " (" + err.Error() + ")", "check the base URL, and that the server runs and can be reached from here"
}

// served checks what every file that is served must have.
func (a *answer) served() []finding {
	const plain = "store it uncompressed, and do not compress it for clients that do not ask for that; Helm does not decompress it"
	encoding := a.header.Get("Content-Encoding")
	switch {
	case a.status == http.StatusForbidden || a.status == http.StatusUnauthorized:
		return []finding{{Fail, a.url + ": " + a.text + ": it cannot be read by the public", "allow everybody, or the CDN's own identity, to read the site's objects, but not to list them"}}
	case a.missing():
		return []finding{{Fail, a.url + ": " + a.text, "check that the base URL is that of the site's root, and that the server serves this site"}}
	case a.status != http.StatusOK:
		return []finding{{Fail, a.url + ": " + a.text, "see the server's log"}}
	case encoding != "" && encoding != "identity":
		return []finding{{Fail, a.url + " comes with Content-Encoding " + strconv.Quote(encoding) + ", which was not asked for", plain}}
	case a.isHTML():
		return []finding{{Fail, a.url + " is a web page", "make the server serve the site's files, and no pages of its own"}}
	}
	return nil
}

// is reports whether the content type is one of these.
func (a *answer) is(good ...string) bool {
	kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	return err == nil && slices.Contains(good, kind)
}

// typed checks the content type.
func (a *answer) typed(good ...string) []finding {
	if a.is(good...) {
		return nil
	}
	return []finding{{Warning, fmt.Sprintf("its Content-Type is %q", a.header.Get("Content-Type")),
		"serve it as " + good[0] + ", as it is stored in buckets; for a local folder, set this in the web server"}}
}

// lifetime returns how long caches may keep the answer, or a negative time if nothing
// says that.
func (a *answer) lifetime() time.Duration {
	age := -time.Second
	for directive := range strings.SplitSeq(strings.ToLower(a.header.Get("Cache-Control")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch name {
		case "no-store", "no-cache":
			return 0
		case "max-age", "s-maxage":
			if seconds, err := strconv.Atoi(strings.Trim(value, `"`)); err == nil {
				age = max(age, time.Duration(seconds)*time.Second)
			}
		}
	}
	return age
}

// private checks that the drop area and portolan's own files are not served.
func (e *exam) private(ctx context.Context, base *url.URL) {
	const check = "web: private files"
	var findings []finding
	for _, key := range e.privateKeys() {
		a, err := e.get(ctx, join(base, key))
		if err == nil && a.status == http.StatusOK {
			findings = append(findings, finding{Fail, a.url + " is served", "make the server refuse paths with a segment that begins with a dot, and serve only the site, not the drop area"})
		}
	}
	e.found(check, findings, "neither the drop area nor .portolan is served")
	if a, err := e.get(ctx, join(base, "")); err == nil && a.status == http.StatusOK && isListing(a.body) {
		e.Add("web: listing", Warning, a.url+" lists the files of the site", "turn listings off (autoindex, public s3:ListBucket), since they show files that were replaced or removed")
	}
}

// privateKeys returns paths below the base URL that must not be served.
func (e *exam) privateKeys() []string {
	keys := []string{".portolan/", inbox + "/", receipts + "/", rejected + "/", "drop/" + inbox + "/", "drop/" + receipts + "/"}
	if e.Site.Folder == "" {
		return keys
	}
	work := filepath.Join(e.Site.Folder, ".portolan")
	_ = filepath.WalkDir(work, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(e.Site.Folder, name)
		if err == nil {
			keys = append(keys, path.Clean(filepath.ToSlash(rel)))
		}
		return filepath.SkipAll // one is enough
	})
	return keys
}

// isListing reports whether a page lists a folder or a bucket.
func isListing(page []byte) bool {
	for _, mark := range []string{"<ListBucketResult", "<EnumerationResults", "<title>Index of ", "Directory listing for ", "<pre>\n<a href="} {
		if bytes.Contains(page[:min(len(page), 4<<10)], []byte(mark)) {
			return true
		}
	}
	return false
}
