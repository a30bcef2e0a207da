package generator

import "testing"

// SetIndexBudget has runs warn of smaller indexes until the test ends.
func SetIndexBudget(t *testing.T, bytes int64) {
	was := indexBudget
	indexBudget = bytes
	t.Cleanup(func() { indexBudget = was })
}
