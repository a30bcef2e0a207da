package publisher

import (
	"context"
	"errors"
	"path"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Where a channel's public keys lie, relative to the channel. No channel can be called api,
// nor can a chart lie there.
const (
	KeyringURL        = "api/keyring.gpg" // binary, as Helm reads it
	ArmoredKeyringURL = "api/keyring.asc" // the same as text
)

// PutKeyring publishes the keys that a channel's signatures are verified with, in place of
// those that were there. They follow from the configuration, and the last writer wins.
func PutKeyring(ctx context.Context, site bucket.Store, channel string, binary, armored []byte) error {
	if _, err := WriteFile(ctx, site, path.Join(channel, ArmoredKeyringURL), armored, false); err != nil {
		return err
	}
	_, err := WriteFile(ctx, site, path.Join(channel, KeyringURL), binary, false)
	return err
}

// HasKeyring reports whether a channel publishes keys. A version that was promoted may have
// been verified with those of another channel.
func HasKeyring(ctx context.Context, site bucket.Store, channel string) (bool, error) {
	r, err := site.Get(ctx, path.Join(channel, KeyringURL))
	if errors.Is(err, bucket.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, r.Close()
}
