package gate

import (
	"fmt"

	"github.com/portolan-charts/portolan/generator/check"
)

// rules has one line per rule of the gates. Codes are public and stay.
var rules = map[string]struct{ message, fix string }{
	"promote-only":      {"the channel takes no uploads, only promotions", "upload to another channel, and promote from there"},
	"gate-from":         {"the channel takes no promotions from that channel", "promote from another channel, or add this one to promote: {from: […]} in portolan.yaml"},
	"gate-soak":         {"the version has not been in the channel that it comes from for long enough", "ask again when the gate opens"},
	"gate-signed":       {"the version has no signature that was verified", "upload its provenance file to the channel that it comes from, whose signatures: {keyrings: […]} must have the key, and ask again"},
	"gate-dependencies": {"the version depends on a chart of this site that the channel does not have", "promote that chart first, and then ask again"},
}

// Describe returns the general texts of a rule, as [check.Describe] does.
func Describe(rule string) (message, fix string) {
	r := rules[rule]
	return r.message, r.fix
}

func reject(rule, format string, args ...any) *check.Problem {
	return &check.Problem{Rule: rule, Message: fmt.Sprintf(format, args...), Fix: rules[rule].fix}
}
