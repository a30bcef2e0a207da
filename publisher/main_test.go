package publisher_test

import (
	"os"
	"testing"

	"github.com/portolan-charts/portolan/publisher/storetest/servers"
)

// TestMain turns the test binary into one of the processes that tests start.
func TestMain(m *testing.M) {
	if dir := os.Getenv(racerEnv); dir != "" {
		os.Exit(racerMain(dir))
	}
	os.Exit(servers.Main(m))
}
