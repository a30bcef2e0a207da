package publisher

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Annotations of an index.
const (
	generationKey = "portolan/generation" // which generation it is
	keepKey       = "portolan/keep"       // how many versions of a chart it lists at most
	olderIndexKey = "portolan/older"      // where in the channel the other versions are listed
	atRootKey     = "portolan/root"       // "true" if the site's root shows it as well
	channelKey    = "portolan/channel"    // which channel it shows; only in the site's root

	chartIndexesKey = "portolan/charts"   // "true" if the charts that it changed have indexes of their own
	allIndexesKey   = "portolan/all"      // "true" if it came with an index of all versions
	chartKey        = "portolan/chart"    // which chart it is about; only in a chart's own index
	versionsKey     = "portolan/versions" // "all"; only in the index of all versions

	registryKey    = "portolan/oci"     // see Registry.Since
	registryAllKey = "portolan/oci-all" // "true" if it is Registry.All

	stateFileKey = "portolan/state" // see StateFile.Name
)

// annotationsStart begins the annotations in a header. No other part of a header has it,
// because quotes are escaped in texts.
const annotationsStart = `"annotations":{`

// Header is what the first line of an index says.
type Header struct {
	Generated   time.Time
	ContextPath string // the path under which the site's root is served; "" if not known
	Generation  int
	Keep        int  // how many versions of a chart head lists at most; 0 for all
	Older       bool // some versions are not in head, but in the older index
	Root        bool // the index in the site's root shows the channel as well
	Charts      bool // the charts that this generation changed have indexes of their own
	All         bool // this generation came with an index of all versions
	Registry    Registry
	State       string // the name of the channel's state among the files of the log; "" if no action has made any
}

// Generated is when the generation was made; zero for the empty index before the first.
func (x *Index) Generated() time.Time {
	l, err := decodeHeader(x.header)
	if err != nil {
		return time.Time{}
	}
	return l.Generated
}

// headerLine is the first line's JSON, up to the brace that opens "entries".
type headerLine struct {
	APIVersion  string            `json:"apiVersion"`
	Generated   time.Time         `json:"generated"`
	ServerInfo  *serverInfo       `json:"serverInfo,omitempty"`
	Annotations map[string]string `json:"annotations"`
}

type serverInfo struct {
	ContextPath string `json:"contextPath"`
}

const (
	headerEnd = `,"entries":{`
	indexEnd  = "}}\n"
)

const maxHeader = 64 << 10 // bytes of an index's first line

// Header returns what the first line says.
func (x *Index) Header() (Header, error) {
	l, err := decodeHeader(x.header)
	if err != nil {
		return Header{}, err
	}
	h := Header{
		Generated: l.Generated, Older: l.Annotations[olderIndexKey] != "", Root: l.Annotations[atRootKey] != "",
		Charts: l.Annotations[chartIndexesKey] != "", All: l.Annotations[allIndexesKey] != "",
		Registry: l.registry(), State: l.Annotations[stateFileKey],
	}
	h.Keep, _ = strconv.Atoi(l.Annotations[keepKey])
	if l.ServerInfo != nil {
		h.ContextPath = l.ServerInfo.ContextPath
	}
	h.Generation, err = parseHeader(x.header)
	return h, err
}

// line renders the header.
func (h Header) line() (string, error) {
	l := headerLine{
		APIVersion:  "v1",
		Generated:   h.Generated,
		Annotations: map[string]string{generationKey: strconv.Itoa(h.Generation)},
	}
	if h.Keep > 0 {
		l.Annotations[keepKey] = strconv.Itoa(h.Keep)
	}
	if h.Older {
		l.Annotations[olderIndexKey] = olderPath(h.Generation)
	}
	if h.State != "" {
		l.Annotations[stateFileKey] = h.State
	}
	if h.Registry.Since > 0 {
		l.Annotations[registryKey] = strconv.Itoa(h.Registry.Since)
	}
	for key, set := range map[string]bool{
		atRootKey: h.Root, chartIndexesKey: h.Charts, allIndexesKey: h.All, registryAllKey: h.Registry.All,
	} {
		if set {
			l.Annotations[key] = "true"
		}
	}
	if h.ContextPath != "" {
		l.ServerInfo = &serverInfo{h.ContextPath}
	}
	return l.line()
}

func (l headerLine) line() (string, error) {
	b, err := json.Marshal(l)
	if err != nil {
		return "", fmt.Errorf("rendering the index header: %v", err)
	}
	return strings.TrimSuffix(string(b), "}") + headerEnd, nil
}

func (l headerLine) registry() Registry {
	since, _ := strconv.Atoi(l.Annotations[registryKey])
	return Registry{since, l.Annotations[registryAllKey] != ""}
}

// of is the header of an index that shows something else of the channel than head: what,
// the annotation says.
func (l headerLine) of(annotation, value string) (string, error) {
	l.Annotations = map[string]string{generationKey: l.Annotations[generationKey], annotation: value}
	return l.line()
}

// decodeHeader reads the first line of an index.
func decodeHeader(line string) (h headerLine, err error) {
	body, ok := strings.CutSuffix(line, headerEnd)
	if !ok || json.Unmarshal([]byte(body+"}"), &h) != nil {
		return h, ErrNotOurs
	}
	return h, nil
}

// parseHeader reads the generation from the first line of an index.
func parseHeader(line string) (generation int, err error) {
	h, err := decodeHeader(line)
	if err != nil {
		return 0, err
	}
	return h.generation()
}

func (l headerLine) generation() (int, error) {
	n, err := strconv.Atoi(l.Annotations[generationKey])
	if err != nil || n < 1 {
		return 0, ErrNotOurs
	}
	return n, nil
}

// WithContextPath returns the index for readers to whom the site's root is served under
// the path, so that 'helm cm-push' finds its way back.
func (x *Index) WithContextPath(path string) (*Index, error) {
	h, err := decodeHeader(x.header)
	if err != nil {
		return nil, err
	}
	h.ServerInfo = nil
	if path != "" {
		h.ServerInfo = &serverInfo{path}
	}
	header, err := h.line()
	return &Index{header: header, charts: x.charts, text: x.text}, err
}
