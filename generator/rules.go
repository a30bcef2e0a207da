package generator

import (
	"fmt"

	"github.com/portolan-charts/portolan/generator/check"
	"github.com/portolan-charts/portolan/generator/gate"
)

// rules has one line per rule of the run itself, beside those of archives and gates:
// first what rejects an upload, then how one was decided that nothing is wrong
// with, then what only warns. Like those of archives, codes are public and stay.
var rules = map[string]struct{ message, fix string }{
	// What the channel's policy, or what is published, has against it.
	"name-case":           {"the chart's name differs from a published one only in case", "use the published spelling, or another name"},
	"channel-unknown":     {"the site's settings do not let it have this channel", "upload to another channel, or add this one to onlyChannels in portolan.yaml"},
	"channel-case":        {"the channel's name differs from another's only in case", "use another name: some clients and file systems take both for the same"},
	"version-exists":      {"the version is published with other content, and versions of this channel are final", "raise the version in Chart.yaml"},
	"provenance-differs":  {"the archive is published with another provenance file", "keep the published signature, or raise the version and sign that"},
	"provenance-repacked": {"the version is published unsigned, and this signs other bytes of the same content", "sign the published archive itself: download it, make its .prov, and upload that"},
	"provenance-alone":    {"no chart arrived for the provenance file", "upload the chart together with its provenance file"},
	"provenance-missing":  {"the provenance file that the upload announced did not arrive", "upload the chart together with its provenance file, or by itself if it is not signed"},
	"manifest":            {"the manifest that was pushed with the chart does not describe it, or not alone", "push the chart with 'helm push', which makes its manifest"},
	"signature-missing":   {"the chart is not signed, and the channel has keys to verify signatures with", "sign the chart with 'helm package --sign', and upload it together with its .prov file"},
	"upload-overwritten":  {"the upload was overwritten while it was being published", "upload the chart again, under a new name"},

	// What speaks against an action, or against content that was removed.
	"action-malformed":   {"it is not an action that portolan knows", "ask with the command, for example 'portolan yank'"},
	"action-not-allowed": {"the channel's settings do not take this action from the drop area", "add it to actions: {drop: […]} of the channel in portolan.yaml"},
	"action-unknown":     {"the action names a chart or a version that is not published", "see what is published with 'portolan list', and ask again"},
	"action-digest":      {"the version has other content than the action names", "look at what is published now, and ask again if that is meant"},
	"action-too-large":   {"what the action changes does not fit one record", "divide it"},
	"promote-unknown":    {"the version is not published in the channel that it is to be promoted from", "see what is published there with 'portolan list', and ask again"},
	"promote-yanked":     {"the version is yanked in the channel that it is to be promoted from", "promote another version, or restore it there first"},
	"promote-lost":       {"the files of the version are missing or damaged in the channel that it is to be promoted from", "run 'portolan verify --deep' on that channel, and restore or upload the version there"},
	"rollback-unknown":   {"the channel has no such generation", "see its generations with 'portolan log'"},
	"rollback-pruned":    {"the generation is not kept any more", "roll back to a later one: 'portolan log' shows them"},
	"content-gone":       {"the same content was removed, and is not to come back", "publish other content, as another version"},

	// How an upload was decided that nothing is wrong with.
	"same-content":     {"the same content is published already", ""},
	"signature":        {"the provenance file was added to the published version", ""},
	"later-upload":     {"a later upload of this version was decided before it", ""},
	"later-action":     {"a later action on this version was decided before it", ""},
	"action-unchanged": {"it is so already", ""},
	"forced":           {"the upload was forced: it took the place of a final version", ""},
	"restored":         {"the published archive was missing; this one is the same", ""},
	"retain":           {"by the channel's rule, versions like these do not stay", ""},

	// What is accepted, with a warning.
	"warn-request":    {"the .json file beside the upload cannot be read", ""},
	"warn-created":    {"the date that an upload was imported with cannot be true", ""},
	"warn-precedence": {"two versions have the same precedence", ""},
	"warn-channel":    {"the channel is new, and its name is almost another's", ""},
	"warn-oci":        {"the version cannot be read by oci://", ""},
	"warn-digest":     {"the same content is published under another digest", ""},
	"warn-yanked":     {"the version is yanked, and stays so", ""},
	"warn-yank-ended": {"the version was yanked, and has other content now, which lists show", ""},
	"warn-older":      {"the index shows newer versions only", ""},
	"warn-action":     {"what is published now is not what the action names", ""},

	"warn-signature-missing": {"the chart is not signed, and the channel has keys to verify signatures with", ""},
	"warn-signature-unknown": {"the provenance file is signed with a key that is not among those of the channel", ""},
	"warn-signature-expired": {"the signature, or the key that made it, was not valid when it arrived", ""},
	"warn-signature-revoked": {"the key that signed the provenance file is revoked", ""},
	"warn-signature-weak":    {"the hash of the signature can be forged", ""},
	"warn-signature-invalid": {"the signature does not fit the provenance file", ""},
}

// Describe returns the general texts of a rule, for places where only the
// code is known, such as the log. Both are empty if the rule is unknown; fix is
// empty for a warning, which asks for nothing.
func Describe(rule string) (message, fix string) {
	if r, ok := rules[rule]; ok {
		return r.message, r.fix
	}
	if message, fix = gate.Describe(rule); message != "" {
		return message, fix
	}
	return check.Describe(rule)
}

// reject makes the Problem of a rule; the fix is the rule's own.
func reject(rule, format string, args ...any) *check.Problem {
	_, fix := Describe(rule)
	return &check.Problem{Rule: rule, Message: fmt.Sprintf(format, args...), Fix: fix}
}
