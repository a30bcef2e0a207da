package publisher

import "testing"

// Held is how many indexes a channel holds that head does not show.
func Held(c *Channel) int { return len(c.behind) }

// SetMaxFreed has records free fewer versions until the test ends.
func SetMaxFreed(t *testing.T, n int) {
	was := maxFreed
	maxFreed = n
	t.Cleanup(func() { maxFreed = was })
}
