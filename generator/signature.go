package generator

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

// signature is what the channel's keys say of an upload's provenance file, or of the
// upload that has none. It is zero if the channel has no keys.
type signature struct {
	signer  *publisher.Signer
	refusal *check.Problem   // why the upload must not publish anything
	warning *verdict.Warning // the same, in a channel that does not require signatures
}

// judgeSignature verifies a provenance file that arrived at that time; nil stands for an
// unsigned upload.
func judgeSignature(p config.Policy, prov []byte, at time.Time) (signature, error) {
	if !p.Signed && p.Keyring == nil {
		return signature{}, nil
	}
	problem := rejectUnsigned()
	if prov != nil {
		signer, err := cmp.Or(p.Keyring, &check.Keyring{}).Verify(prov, at)
		if err == nil {
			return signature{signer: &publisher.Signer{Fingerprint: signer.Fingerprint, Identity: signer.Identity}}, nil
		}
		if !errors.As(err, &problem) {
			return signature{}, err
		}
	}
	rule := signatureWarnings[problem.Rule]
	if p.Signed || rule == "" {
		return signature{refusal: problem}, nil
	}
	return signature{warning: &verdict.Warning{Rule: rule, Message: problem.Message}}, nil
}

// signatureWarnings are the rules of warnings, by those of refusals.
var signatureWarnings = map[string]string{
	"signature-missing": "warn-signature-missing",
	"signature-unknown": "warn-signature-unknown",
	"signature-expired": "warn-signature-expired",
	"signature-revoked": "warn-signature-revoked",
	"signature-weak":    "warn-signature-weak",
	"signature-invalid": "warn-signature-invalid",
}

// refuses reports whether a ruling is that of the signature.
func (s signature) refuses(r ruling) bool { return s.refusal != nil && s.refusal.Rule == r.rule }

func rejectUnsigned() *check.Problem {
	return reject("signature-missing", "the chart is not signed, and the channel has keys to verify signatures with")
}

// withWarning returns the warnings about a release with those about the signature that
// it has now.
func (s signature) withWarning(warnings []verdict.Warning) []verdict.Warning {
	warnings = slices.DeleteFunc(slices.Clone(warnings), func(w verdict.Warning) bool {
		return strings.HasPrefix(w.Rule, "warn-signature-")
	})
	if s.warning != nil {
		warnings = append(warnings, *s.warning)
	}
	return warnings
}

// putKeyring publishes the channel's keys, if it has any, before anything is shown that was
// verified with them.
func (r *channelRun) putKeyring(ctx context.Context) error {
	if r.policy.Keyring == nil || r.channel.Generation() == 0 {
		return nil
	}
	return publisher.PutKeyring(ctx, r.Site, r.channel.Name, r.policy.Keyring.Binary(), r.policy.Keyring.Armored())
}
