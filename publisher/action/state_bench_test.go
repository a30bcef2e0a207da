package action_test

import (
	"fmt"
	"testing"

	"github.com/portolan-charts/portolan/publisher/action"
)

const many = 10_000

// BenchmarkFindGone looks for what 10,000 uploads bring among 10,000 tombstones.
func BenchmarkFindGone(b *testing.B) {
	change := (*action.State)(nil).Begin()
	for i := range many {
		change.Bury(action.Tombstone{Chart: "web", Version: fmt.Sprint(i), Digest: fmt.Sprintf("%064x", i), Fingerprint: fmt.Sprintf("f%063x", i)})
	}
	for b.Loop() {
		s := change.State()
		for i := range many {
			if _, gone := s.FindGone(fmt.Sprintf("%064x", many+i), fmt.Sprintf("f%063x", many+i)); gone {
				b.Fatal("it finds what is not there")
			}
		}
	}
}

// BenchmarkOwns publishes 10,000 versions of a deprecated chart, which say so themselves.
func BenchmarkOwns(b *testing.B) {
	for b.Loop() {
		change := (*action.State)(nil).Begin()
		change.Deprecate(action.Deprecation{Chart: "web"})
		for i := range many {
			change.Owns("web", fmt.Sprint(i), true)
		}
		if s := change.State(); len(s.Deprecated[0].Own) != many {
			b.Fatal("some are lost")
		}
	}
}
