package publisher

// Held is how many indexes a channel holds that head does not show.
func Held(c *Channel) int { return len(c.behind) }
