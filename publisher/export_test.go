package publisher

import "time"

// Hasten makes a store in a bucket lose its patience sooner.
func Hasten(s Store, stall, total, wait time.Duration) {
	s.(*bucketStore).patience = patience{stall, total, wait}
}

// Held is how many indexes a channel holds that head does not show.
func Held(c *Channel) int { return len(c.behind) }
