package values

import (
	"context"
	"iter"
	"slices"

	"go.yaml.in/yaml/v3"
)

// everywhere are keys of nearly every chart, among them those that 'helm create' writes.
// They tell one chart from another least.
var everywhere = map[string]bool{
	"affinity": true, "commonAnnotations": true, "commonLabels": true, "extraDeploy": true, "fullnameOverride": true,
	"global": true, "image": true, "imagePullSecrets": true, "kubeVersion": true, "livenessProbe": true, "nameOverride": true,
	"nodeSelector": true, "podAnnotations": true, "podLabels": true, "podSecurityContext": true, "readinessProbe": true,
	"replicaCount": true, "replicas": true, "resources": true, "securityContext": true, "service": true, "serviceAccount": true,
	"tolerations": true, "volumeMounts": true, "volumes": true,
}

// maxKeys bounds how many keys are looked at. Aliases may lead to the same ones often.
const maxKeys = maxMarks

// Keys returns those keys of a values.yaml that tell most about its chart, with at most
// room bytes in all and one between two keys: first what can be enabled, such as
// ingress.enabled, and the other keys of the top level; then what can be enabled below
// those; and last the keys that nearly every chart has. Keys of one kind are in the order
// of the file. Those that a path has to quote are left out.
func Keys(ctx context.Context, file *File, room int) []string {
	root, note := file.parse(ctx)
	if note != "" {
		return nil
	}
	k := &keyFinder{}
	for key, value := range k.pairs(root) {
		switch {
		case everywhere[key]:
			k.common = append(k.common, key)
		case k.enabled(value):
			k.first = append(k.first, key+".enabled")
		default:
			k.first = append(k.first, key)
		}
		for below, value := range k.pairs(value) {
			if k.enabled(value) {
				k.second = append(k.second, key+"."+below+".enabled")
			}
		}
	}
	var keys []string
	for _, key := range slices.Concat(k.first, k.second, k.common) {
		if len(key) > room {
			continue
		}
		room -= len(key) + 1
		keys = append(keys, key)
	}
	return keys
}

// keyFinder sorts keys by how much they tell.
type keyFinder struct {
	first, second, common []string
	visits                int
}

// pairs returns the keys of a mapping that a path need not quote, with their values.
func (k *keyFinder) pairs(n *yaml.Node) iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		if n = resolve(n); n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content) && k.visits < maxKeys; i += 2 {
			k.visits++
			if key := n.Content[i]; key.Kind == yaml.ScalarNode && simple(key.Value) && !yield(key.Value, n.Content[i+1]) {
				return
			}
		}
	}
}

// enabled reports whether the value is a mapping with a switch.
func (k *keyFinder) enabled(n *yaml.Node) bool {
	for key := range k.pairs(n) {
		if key == "enabled" {
			return true
		}
	}
	return false
}
