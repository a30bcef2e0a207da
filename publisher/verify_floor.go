package publisher

import (
	"context"
	"slices"
	"strings"
)

// Below the floor, files may be missing: prune removes snapshots, and archives that no
// kept generation names.

// kept reports whether a generation at or above the floor names the archive.
func (v *verifier) kept(a *archive) bool {
	return !a.gone && (a.until == 0 || a.until > v.result.Floor)
}

// countKept returns how many archives must exist, and sets how many files to check.
func (v *verifier) countKept() (archives int) {
	for _, a := range v.archives {
		if v.kept(a) {
			archives++
		}
	}
	v.total = v.done + archives
	for _, s := range v.snapshots {
		if s.generation >= v.result.Floor {
			v.total++
			if s.older != nil {
				v.total++
			}
		}
	}
	return archives
}

// forgivePruned drops the faults of files that a prune removed during the verification:
// by now the log says so.
func (v *verifier) forgivePruned(ctx context.Context) error {
	before := v.result.Floor
	if len(v.result.Faults) == 0 || v.broken {
		return nil
	}
	if err := v.readLog(ctx); err != nil || v.result.Floor == before {
		return err
	}
	pruned := map[string]bool{}
	for _, s := range v.snapshots {
		pruned[snapshotKey(v.name, s.generation)] = s.generation < v.result.Floor
		pruned[olderKey(v.name, s.generation)] = s.generation < v.result.Floor
	}
	v.result.Faults = slices.DeleteFunc(v.result.Faults, func(f Fault) bool {
		a := v.archives[strings.TrimSuffix(f.Key, ".prov")]
		return pruned[f.Key] || a != nil && !a.gone && !v.kept(a)
	})
	return nil
}
