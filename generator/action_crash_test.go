package generator_test

import (
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/action"
)

// actingWorld has a version that is yanked, and waiting: its restore, yanks, two
// deprecations, one beside uploads to its chart, an action that is refused and one that is
// none. All of these come to the same in any order, since a fault can keep one from being
// read. It takes several records.
func actingWorld(t testing.TB) *world {
	w := newWorld(t)
	one, two := pin("alpha", "1.1.0", alphaAt("1.1.0")), pin("alpha", "1.2.0", alphaAt("1.2.0"))
	w.publish("stable", 1, alphaOld, alphaAt("1.1.0"), alphaAt("1.2.0"), beta)
	w.mustAsk("stable", id(20), yank(one))
	w.clock = w.clock.Add(time.Minute)
	w.mustRun()
	w.mustAsk("stable", id(21), restore(one))
	w.mustAsk("stable", id(22), yank(oldPin, two))
	w.mustUpload("stable", id(23), alphaAt("1.3.0"), nil)
	w.mustAsk("stable", id(24), yank(newPin)) // that is not its content
	w.mustAsk("stable", id(25), deprecate("alpha"))
	w.mustUpload("stable", id(26), deprecated("1.4.0"), nil)
	w.mustAsk("stable", id(27), action.Request{Kind: action.Deprecate, Chart: "beta"})
	w.mustUpload("stable", id(28), nil, betaProv)
	w.mustUpload("stable", id(29), gamma, gammaSig)
	w.mustAsk("stable", id(30), yank(pin("gamma", "0.1.0", gamma)))
	w.drop.Put("inbox/stable/"+id(31)+".action.json", []byte("none"))
	w.clock = w.clock.Add(time.Hour)
	return w
}

// TestEveryCrashOfActions breaks every operation of a run with actions, whatever the
// policy, also in the registry.
func TestEveryCrashOfActions(t *testing.T) {
	for name, config := range map[string]string{
		"replace": "{}",
		"reject":  "channels: [{match: '**', duplicates: reject, keep: 1}]",
		"oci":     "{rootChannel: stable, channels: [{match: '**', oci: true}]}",
	} {
		t.Run(name, func(t *testing.T) {
			crashEverywhere(t, func(t testing.TB) *world {
				w := actingWorld(t)
				w.configure(config)
				return w
			})
		})
	}
}

// TestFirstRecordActs breaks the first record of a channel, which accepts an action: it has
// an upload and, in the next one, the yank of that.
func TestFirstRecordActs(t *testing.T) {
	crashEverywhere(t, func(t testing.TB) *world {
		w := newWorld(t)
		w.mustAsk("stable", id(1), yank(pin("delta", "1.0.0", gamma)))
		w.mustUpload("stable", id(2), alphaOld, nil)
		w.mustAsk("stable", id(3), yank(oldPin))
		w.clock = w.clock.Add(time.Hour)
		return w
	})
}
