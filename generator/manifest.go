package generator

import (
	"encoding/json"
	"fmt"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/registry"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// manifests makes what versions of a channel are in the registry.
type manifests struct {
	channel string
	off     bool // versions get no manifest
	make    func(registry.Release) ([]byte, error)
}

// newManifests finds out whether the channel can be in the registry at all; left says why
// nobody can read it there, although it should be.
func newManifests(o *Options, channel string, asked bool) (m *manifests, left string) {
	m = &manifests{channel: channel, off: !asked, make: o.manifest}
	if !asked {
		return m, ""
	}
	if err := registry.CheckChannel(channel); err != nil {
		m.off = true
		return m, err.Error()
	}
	if o.Config.ContextPath() != "" {
		left = fmt.Sprintf("channel %s cannot be read by oci:// below %s, since clients ask the root of a host: "+
			"serve the site at the root of a host, or leave out 'oci: true'", channel, o.Config.BaseURL)
	}
	return m, left
}

// lacks says why a version has no manifest although its channel is in the registry; nil if
// it has one, or the channel is not.
func (m *manifests) lacks(v ref) error {
	if m.off {
		return nil
	}
	return registry.CheckVersion(m.channel, v.name, v.version)
}

// has reports whether a version has a manifest.
func (m *manifests) has(v ref) bool { return !m.off && m.lacks(v) == nil }

// of is the manifest of a release; zero if it has none. Config is Chart.yaml as JSON.
func (m *manifests) of(v ref, config []byte, info *publisher.ReleaseInfo, provSize int64) (publisher.Manifest, error) {
	if !m.has(v) {
		return publisher.Manifest{}, nil
	}
	r := registry.Release{Config: config, Archive: registry.Sum{SHA256: info.Digest, Size: info.Size}, Created: info.Arrival}
	if info.Provenance != "" {
		r.Provenance = registry.Sum{SHA256: info.Provenance, Size: provSize}
	}
	text, err := m.make(r)
	if err != nil {
		return publisher.Manifest{}, fmt.Errorf("%s %s: %v", v.name, v.version, err)
	}
	return publisher.Manifest{Manifest: string(text), Config: string(config)}, nil
}

// configOf is the config of a chart.
func configOf(md *check.Metadata) ([]byte, error) {
	b, err := json.Marshal(md)
	if err != nil {
		return nil, fmt.Errorf("%s %s: encoding its Chart.yaml: %v", md.Name, md.Version, err)
	}
	return b, nil
}

// configOfLine is the config of a chart whose line is in the index. If an action has marked
// the chart as deprecated, own says whether Chart.yaml does as well.
func configOfLine(line string, marked, own bool) ([]byte, error) {
	var md check.Metadata
	if err := json.Unmarshal([]byte(line), &md); err != nil {
		return nil, fmt.Errorf("index line cannot be read: %.80s…", line)
	}
	if marked {
		md.Deprecated = own
	}
	return configOf(&md)
}

// checkPushed refuses a chart whose uploader sent a manifest that is not its own.
func checkPushed(c *candidate) *check.Problem {
	if c.chart == nil || c.request.Manifest == "" && c.request.Config == "" {
		return nil
	}
	m, err := registry.Parse([]byte(c.request.Manifest))
	if err == nil {
		content := registry.Content{
			Name: c.ref().name, Version: c.ref().version,
			Archive: registry.Sum{SHA256: c.chart.Digest, Size: c.chart.Size},
		}
		if c.prov != "" {
			content.Provenance = registry.Sum{SHA256: c.prov, Size: c.provSize}
		}
		err = m.Check([]byte(c.request.Config), content)
	}
	if err != nil {
		return reject("manifest", "the manifest that was pushed with the chart is not its own: %s", check.Foreign(err))
	}
	return nil
}

// warnManifest tells that a version cannot be read by oci://.
func warnManifest(reason error) verdict.Warning {
	return verdict.Warning{Rule: "warn-oci", Message: fmt.Sprintf("the version cannot be read by oci://, only by helm repo add: %s", check.Foreign(reason))}
}
