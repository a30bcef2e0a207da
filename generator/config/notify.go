package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"github.com/portolan-charts/portolan/publisher/lazyregexp"
	"github.com/portolan-charts/portolan/publisher/pattern"
	"github.com/portolan-charts/portolan/publisher/smallfile"
	"github.com/portolan-charts/portolan/publisher/strictyaml"
	"github.com/portolan-charts/portolan/publisher/webhook"
)

// Receiver is a server that is told of each new generation. What it is sent is signed with
// a secret that it knows too, and that does not stand here.
type Receiver struct {
	// Where it takes the request: the address of a webhook, such as that of a Flux Receiver of the type generic-hmac.
	URL string `yaml:"url" jsonschema:"required" check:"given"`

	// The environment variable that holds the secret.
	SecretEnv string `yaml:"secretEnv"`

	// The file that holds the secret, on one line. Its name is relative to this file.
	SecretFile string `yaml:"secretFile"`
}

var variableName = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Validate finds what is wrong with the receiver. No problem quotes it: a secret may be in
// the wrong place.
func (r Receiver) Validate(at strictyaml.Place) {
	if r.URL != "" {
		if err := checkWebhook(r.URL); err != nil {
			at.Key("url").Problem("%v", err)
		}
	}
	switch {
	case r.SecretEnv == "" && r.SecretFile == "", r.SecretEnv != "" && r.SecretFile != "":
		at.Problem("must have one of secretEnv and secretFile: the variable or the file that holds the secret, with which requests are signed")
	case r.SecretEnv != "" && !variableName.MatchString(r.SecretEnv):
		at.Key("secretEnv").Problem("is not the name of a variable such as FLUX_SECRET; the secret itself must not stand here")
	}
}

// checkWebhook says why requests cannot be sent to a URL, without quoting it.
func checkWebhook(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("is not a URL")
	case u.User != nil, webhook.HasSecret(u):
		return errors.New("has a secret in it; put it into the variable or the file that signs the requests")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return errors.New("must begin with https:// (or http://) and a host")
	case u.Fragment != "":
		return errors.New("has a fragment, which is never sent to a server")
	}
	return nil
}

// Host is where the receiver is, for people: the rest of its URL may be a secret.
func (r Receiver) Host() string {
	u, err := url.Parse(r.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// ID tells a channel's receivers apart: eight hex digits.
func (r Receiver) ID() string {
	sum := sha256.Sum256([]byte(r.URL))
	return hex.EncodeToString(sum[:4])
}

// Secret reads what requests are signed with.
func (r Receiver) Secret() (string, error) {
	if r.SecretFile != "" {
		return smallfile.Secret(r.SecretFile)
	}
	secret := os.Getenv(r.SecretEnv)
	if secret == "" {
		return "", fmt.Errorf("the variable %s, which is to hold the secret for %s, is not set", r.SecretEnv, r.Host())
	}
	return secret, nil
}

// placeSecrets lets names of files with secrets be relative to the folder.
func (c *Config) placeSecrets(dir string) {
	for _, entry := range c.Channels {
		for i := range entry.Notify {
			if file := &entry.Notify[i].SecretFile; *file != "" && !filepath.IsAbs(*file) {
				*file = filepath.Join(dir, filepath.FromSlash(*file))
			}
		}
	}
}

// Receivers are those that are told of the channel's generations.
func (c *Config) Receivers(channel string) []Receiver {
	var all []Receiver
	if c == nil {
		return nil
	}
	for _, entry := range c.Channels {
		if entry.Notify != nil && pattern.MatchesChannel(entry.Match, channel) {
			all = entry.Notify
		}
	}
	return all
}

// CheckSecrets reads the secrets of those that are told of the channels' generations, or of
// all channels' if there are no names, so that one that is missing is found before anything
// is done.
func (c *Config) CheckSecrets(channels []string) error {
	if c == nil {
		return nil
	}
	for i, entry := range c.Channels {
		if len(channels) > 0 && !slices.ContainsFunc(channels, func(name string) bool { return pattern.MatchesChannel(entry.Match, name) }) {
			continue
		}
		for j, r := range entry.Notify {
			if _, err := r.Secret(); err != nil {
				return fmt.Errorf("channels[%d].notify[%d]: %w", i, j, err)
			}
		}
	}
	return nil
}
