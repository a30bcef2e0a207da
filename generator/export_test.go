package generator

import "testing"

// SetMaxHeld has runs hold smaller indexes until the test ends.
func SetMaxHeld(t *testing.T, bytes int64) {
	was := maxHeld
	maxHeld = bytes
	t.Cleanup(func() { maxHeld = was })
}

// SetIndexBudget has runs warn of smaller indexes until the test ends.
func SetIndexBudget(t *testing.T, bytes int64) {
	was := indexBudget
	indexBudget = bytes
	t.Cleanup(func() { indexBudget = was })
}

// Apart is the order in which workers take uploads.
func Apart(i, workers, n int) int { return apart(i, workers, n) }
