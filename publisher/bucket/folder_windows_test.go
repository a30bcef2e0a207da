package bucket

import "testing"

func makeFIFO(*testing.T, string) {}
