package importer

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
)

// login returns how to log in to registries: only to the one that the user named, with
// the credentials, or else as 'helm registry login' or 'docker login' left it.
func (g *registries) login(c Credentials) auth.CredentialFunc {
	find := func(context.Context, string) (auth.Credential, error) {
		return auth.Credential{Username: c.Username, Password: c.Password, AccessToken: c.Token}, nil
	}
	if c == (Credentials{}) {
		logins := sync.OnceValues(savedLogins)
		find = func(ctx context.Context, host string) (auth.Credential, error) {
			store, err := logins()
			if err != nil {
				return auth.EmptyCredential, err
			}
			return credentials.Credential(store)(ctx, host)
		}
	}
	return func(ctx context.Context, host string) (auth.Credential, error) {
		if !g.isNamed(host) {
			return auth.EmptyCredential, nil
		}
		c, err := find(ctx, host)
		if err != nil {
			return c, fmt.Errorf("the saved login for %s cannot be read: %w", host, err)
		}
		return c, nil
	}
}

// savedLogins are those of Helm, and after them those of Docker.
func savedLogins() (credentials.Store, error) {
	docker, err := credentials.NewStoreFromDocker(credentials.StoreOptions{})
	if err != nil {
		return nil, err
	}
	file := helmLogins()
	if file == "" {
		return docker, nil
	}
	helm, err := credentials.NewStore(file, credentials.StoreOptions{})
	if err != nil {
		return nil, err
	}
	return credentials.NewStoreWithFallbacks(helm, docker), nil
}

// helmLogins returns where 'helm registry login' keeps credentials; "" if nowhere.
func helmLogins() string {
	if file := os.Getenv("HELM_REGISTRY_CONFIG"); file != "" {
		return file
	}
	dir := os.Getenv("HELM_CONFIG_HOME")
	if dir == "" {
		home, err := os.UserConfigDir()
		if err != nil {
			return ""
		}
		if runtime.GOOS == "darwin" {
			home = filepath.Join(filepath.Dir(home), "Preferences")
		}
		dir = filepath.Join(home, "helm")
	}
	return filepath.Join(dir, "registry", "config.json")
}
