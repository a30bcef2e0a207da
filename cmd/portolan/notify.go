package main

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/portolan-charts/portolan/publisher/shim/notify"
	"github.com/portolan-charts/portolan/publisher/smallfile"
)

// notifyToken is the variable that may hold the secret. There is no flag for
// it: others on the machine can read command lines.
const notifyToken = "PORTOLAN_NOTIFY_TOKEN"

// notifier returns what starts the generator's job after uploads; nil if nobody
// wants to be told.
func (f *shimFlags) notifier(log *slog.Logger) (*notify.Notifier, error) {
	if f.notify == "" {
		if f.notifyTokenFile != "" {
			return nil, usagef("%s: a token, but no --notify URL to use it for", f.given["notify-token-file"])
		}
		return nil, nil
	}
	target, err := notify.ParseTarget(f.notify)
	if err != nil {
		return nil, hint(usagef("%s: %v", f.given["notify"], err), "put the secret into a file for --notify-token-file, or into "+notifyToken)
	}
	trusted, err := f.authorities()
	if err != nil {
		return nil, err
	}
	if trusted != nil {
		target.Trust(trusted)
	}
	secret := func() (string, error) { return os.Getenv(notifyToken), nil }
	if f.notifyTokenFile != "" {
		secret = func() (string, error) { return smallfile.Secret(f.notifyTokenFile) }
	}
	first, err := secret()
	switch {
	case err != nil:
		return nil, err
	case first == "" && target.NeedsSecret():
		return nil, hint(usagef("%s: %s needs a token", f.given["notify"], target), "put it into a file and name the file with --notify-token-file, or into the variable "+notifyToken)
	case first != "" && target.Plain():
		log.Warn("the token of --notify is sent over http, where others can read it", "target", target.String())
	}
	return notify.New(target, secret), nil
}

// checkReceivers makes sure that the receivers of new generations can be told: a secret that
// is missing is a wrong setting of the job.
func (f *flags) checkReceivers() error {
	if err := f.config.CheckSecrets(f.channels); err != nil {
		return hint(wrongSetting(fmt.Errorf("%s: %w", f.configFile, err)), "give this job the secret that the receiver knows")
	}
	return nil
}
