package config

import (
	"go.yaml.in/yaml/v3"

	"github.com/portolan-charts/portolan/publisher/pattern"
)

// ArtifactHub is what artifacthub-repo.yml says.
type ArtifactHub struct {
	// The id that Artifact Hub gave the repository; with it, its publisher is verified.
	RepositoryID string `yaml:"repositoryID"`

	// Who may claim the repository there.
	Owners []Owner `yaml:"owners"`
}

// Owner is somebody who owns a repository on Artifact Hub.
type Owner struct {
	// The name.
	Name string `yaml:"name" jsonschema:"required"`

	// The address that is registered there.
	Email string `yaml:"email" jsonschema:"required"`
}

// ArtifactHub is the channel's artifacthub-repo.yml; nil if none is configured.
func (c *Config) ArtifactHub(channel string) []byte {
	if c == nil {
		return nil
	}
	var hub *ArtifactHub
	for _, entry := range c.Channels {
		if pattern.MatchesChannel(entry.Match, channel) {
			override(&hub, entry.ArtifactHub)
		}
	}
	if hub == nil {
		return nil
	}
	b, err := yaml.Marshal(hub)
	if err != nil {
		panic(err) // texts always encode
	}
	return b
}
