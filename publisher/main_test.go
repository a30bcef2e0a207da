package publisher_test

import (
	"os"
	"testing"
)

// TestMain turns the test binary into one of the processes that tests start.
func TestMain(m *testing.M) {
	if dir := os.Getenv(racerEnv); dir != "" {
		os.Exit(racerMain(dir))
	}
	os.Exit(m.Run())
}
