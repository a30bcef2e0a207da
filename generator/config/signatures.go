package config

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/publisher/smallfile"
)

// maxKeyrings is how many files of keys a channel may have.
const maxKeyrings = 16

// keyFiles reads the files of keys that a configuration names.
type keyFiles struct {
	dir  string
	read map[string][]byte
}

// check reads a file of keys, and says what is wrong with it.
func (k *keyFiles) check(file string) error {
	if k == nil {
		return errors.New("cannot be read from here; remove it, or put the configuration into a file")
	}
	path := filepath.FromSlash(file)
	if !filepath.IsAbs(path) {
		path = filepath.Join(k.dir, path)
	}
	b, err := smallfile.Read(path, check.MaxKeyring)
	if err != nil {
		// Not wrapped: a configuration that lacks a file of keys is not one that is missing.
		return fmt.Errorf("cannot be read: %v; export the public key to it: gpg --armor --export NAME", err)
	}
	k.read[file] = b
	return new(check.Keyring).Add(b)
}

// joinKeys makes one keyring of the files that each entry names.
func (c *Config) joinKeys(files *keyFiles) error {
	required, named := "", false
	for i := range c.Channels {
		s := c.Channels[i].Signatures
		if s == nil {
			continue
		}
		place := fmt.Sprintf("channels[%d].signatures", i)
		if s.Require != nil && *s.Require && required == "" {
			required = place
		}
		named = named || len(s.Keyrings) > 0
		if err := s.join(files); err != nil {
			return fmt.Errorf("%s.keyrings: %w", place, err)
		}
	}
	if required != "" && !named {
		return fmt.Errorf("%s: require: true needs keyrings, or everything would be refused; name a file with public keys, such as keyrings: [keys/team.asc]", required)
	}
	return nil
}

func (s *Signatures) join(files *keyFiles) error {
	if len(s.Keyrings) > maxKeyrings {
		return fmt.Errorf("has %d files, and %d are allowed; put several keys into one file", len(s.Keyrings), maxKeyrings)
	}
	if len(s.Keyrings) == 0 {
		return nil
	}
	s.keyring = &check.Keyring{}
	for _, file := range s.Keyrings {
		if err := s.keyring.Add(files.read[file]); err != nil {
			return fmt.Errorf("%q %w", file, err)
		}
	}
	return nil
}

// apply sets what the entry sets. An empty list of keyrings takes those of earlier entries
// back.
func (s *Signatures) apply(p *Policy) {
	if s.Keyrings != nil {
		p.Keyring = s.keyring
	}
	if s.Require != nil {
		p.Signed = *s.Require
	}
}
