package generator_test

import (
	"testing"
	"time"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/publisher/action"
)

var (
	alphaProvenance = signer.Sign("alpha-1.0.0.tgz", alphaOld)
	alphaRepacked   = charttest.Pack("alpha", charttest.Chart("alpha", "1.0.0"), &charttest.Options{Time: charttest.Time.Add(time.Hour), Reverse: true})

	oldPin = pin("alpha", "1.0.0", alphaOld)
	newPin = pin("alpha", "1.0.0", alphaNew)
)

// TestDecideActions says what becomes of actions, and of uploads beside them. In all of
// these, alpha 1.0.0 and beta 1.0.0 are published.
func TestDecideActions(t *testing.T) {
	for _, test := range []struct {
		name   string
		policy string // "" for both
		moves  []move
	}{
		{"other content after a yank", "replace", []move{
			requests(10, yank(oldPin)), decides("10 accepted"), lists(),
			uploads(11, alphaNew, nil), decides("11 replaced"), shows("1.0.0", alphaNew),
		}},
		{"other content after a yank", "reject", []move{
			requests(10, yank(oldPin)), decides("10 accepted"),
			uploads(11, alphaNew, nil), decides("11 rejected version-exists"), lists(),
			forces(12, alphaNew), decides("12 replaced forced"), shows("1.0.0", alphaNew),
		}},
		{"the same content after a yank", "", []move{
			requests(10, yank(oldPin)), decides("10 accepted"),
			uploads(11, alphaOld, nil), decides("11 unchanged same-content"), lists(),
			warns(11, "portolan restore stable alpha 1.0.0"), warns(11, "it loses data"),
			uploads(12, alphaRepacked, nil), decides("12 unchanged same-content"), lists(),
		}},
		{"a signature after a yank", "", []move{
			requests(10, yank(oldPin)), decides("10 accepted"),
			uploads(11, nil, alphaProvenance), decides("11 replaced signature"), lists(), warns(11, "warn-yanked"),
			requests(12, restore(oldPin)), decides("12 accepted"), shows("1.0.0", alphaOld),
		}},
		{"a signed chart after a yank", "", []move{
			requests(10, yank(oldPin)), decides("10 accepted"),
			uploads(11, alphaOld, alphaProvenance), decides("11 replaced signature"), lists(), warns(11, "warn-yanked"),
		}},
		{"a yank and an upload in one inbox", "replace", []move{
			requests(10, yank(oldPin)), uploads(11, alphaNew, nil), requests(12, yank(newPin)), uploads(13, alphaOld, nil),
			decides("10 accepted", "11 replaced", "12 accepted", "13 replaced"), shows("1.0.0", alphaOld),
		}},
		{"a yank and a restore in one inbox", "", []move{
			requests(10, yank(oldPin)), requests(11, restore(oldPin)), requests(12, yank(oldPin)), requests(13, yank(oldPin)),
			decides("10 accepted", "11 accepted", "12 accepted", "13 unchanged action-unchanged"), lists(),
		}},
		{"an action repeated", "", []move{
			requests(10, restore(oldPin)), decides("10 unchanged action-unchanged"),
			requests(11, yank(oldPin)), requests(12, yank(oldPin)), decides("11 accepted", "12 unchanged action-unchanged"),
			warns(12, "alpha 1.0.0 is yanked already"),
			requests(13, deprecate("alpha")), requests(14, deprecate("alpha")), decides("13 accepted", "14 unchanged action-unchanged"),
			requests(15, undeprecate("alpha")), requests(16, undeprecate("alpha")), decides("15 accepted", "16 unchanged action-unchanged"),
		}},
		{"a yank of what comes later", "", []move{
			requests(10, yank(pin("alpha", "1.1.0", alphaAt("1.1.0")))), decides(), lists("1.0.0"),
			uploads(11, alphaAt("1.1.0"), nil), decides("10 accepted", "11 accepted"), lists("1.0.0"),
		}},
		{"a yank of what does not come", "", []move{
			requests(10, yank(pin("alpha", "1.0.1", alphaOld))), passes(8 * time.Minute), decides(),
			decides("10 rejected action-unknown"), warns(10, "perhaps 1.0.0 is meant"),
			requests(11, yank(pin("alfa", "1.0.0", alphaOld))), passes(time.Hour), decides("11 rejected action-unknown"), warns(11, "perhaps alpha is meant"),
			requests(12, deprecate("delta")), passes(time.Hour), decides("12 rejected action-unknown"),
		}},
		{"a yank of some that are there", "", []move{
			requests(10, yank(oldPin, pin("alpha", "1.1.0", alphaOld))), passes(time.Hour),
			decides("10 rejected action-unknown"), lists("1.0.0"),
		}},
		{"a yank of other content", "", []move{
			requests(10, yank(newPin)), decides("10 rejected action-digest"), lists("1.0.0"), warns(10, digest(alphaOld)),
		}},
		{"a restore of what was replaced", "replace", []move{
			requests(10, yank(oldPin)), uploads(11, alphaNew, nil), requests(12, restore(oldPin)),
			decides("10 accepted", "11 replaced", "12 rejected action-digest"), shows("1.0.0", alphaNew),
			requests(13, restore(newPin)), decides("13 unchanged action-unchanged"),
		}},
		{"an upload from before a yank", "", []move{
			requests(10, yank(oldPin)), decides("10 accepted"),
			unseen(90*time.Second, uploads(11, alphaNew, nil)), decides("11 superseded later-action"), lists(),
			requests(12, restore(oldPin)), decides("12 accepted"), shows("1.0.0", alphaOld),
			unseen(5*time.Minute, uploads(13, alphaNew, nil)), decides("13 superseded later-action"), shows("1.0.0", alphaOld),
		}},
		{"a yank from before other content", "replace", []move{
			uploads(10, alphaNew, nil), decides("10 replaced"),
			unseen(90*time.Second, requests(11, yank(oldPin))), decides("11 superseded later-upload"), shows("1.0.0", alphaNew),
		}},
		{"a yank from before the same content", "", []move{
			uploads(10, alphaRepacked, nil), decides("10 unchanged same-content"),
			unseen(90*time.Second, requests(11, yank(oldPin))), decides("11 accepted"), lists(),
		}},
		{"a yank from before a restore", "", []move{
			requests(10, yank(oldPin)), decides("10 accepted"), requests(11, restore(oldPin)), decides("11 accepted"),
			unseen(90*time.Second, requests(12, yank(oldPin))), decides("12 superseded later-action"), lists("1.0.0"),
		}},
		{"a restore from before a yank that changed nothing", "", []move{
			requests(10, yank(oldPin)), decides("10 accepted"), requests(11, yank(oldPin)), decides("11 unchanged action-unchanged"),
			unseen(90*time.Second, requests(12, restore(oldPin))), decides("12 superseded later-action"), lists(),
		}},
		{"a deprecation from before it was undone", "", []move{
			requests(10, deprecate("alpha")), decides("10 accepted"), requests(11, undeprecate("alpha")), decides("11 accepted"),
			unseen(90*time.Second, requests(12, deprecate("alpha"))), decides("12 superseded later-action"),
		}},
		{"a yank that waited, and content that came meanwhile", "replace", []move{
			requests(10, yank(pin("alpha", "1.1.0", alphaOld))), uploads(11, alphaAt("1.1.0"), nil),
			decides("10 superseded later-upload", "11 accepted"), lists("1.1.0", "1.0.0"),
		}},
		{"a successor that is none", "", []move{
			requests(10, action.Request{Kind: action.Deprecate, Chart: "alpha", Successor: "alpha"}),
			requests(11, action.Request{Kind: action.Deprecate, Chart: "alpha", Successor: "../beta"}),
			decides("10 rejected action-malformed", "11 rejected action-malformed"),
		}},
	} {
		for _, policy := range []string{"replace", "reject"} {
			if test.policy != "" && test.policy != policy {
				continue
			}
			t.Run(test.name+"/"+policy, func(t *testing.T) {
				w := newWorld(t)
				w.configure("channels: [{match: '**', duplicates: " + policy + "}]")
				w.publish("stable", 1, alphaOld, beta)
				for _, m := range test.moves {
					m(w)
				}
			})
		}
	}
}
