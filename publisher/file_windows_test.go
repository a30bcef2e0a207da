package publisher

import "testing"

func makeFIFO(*testing.T, string) {}
