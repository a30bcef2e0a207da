package generator_test

import (
	"os"
	"runtime/debug"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket/buckettest/servers"
)

// TestMain stops the servers that tests have started.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // the explorations make much garbage, and keep little
	os.Exit(servers.Main(m))
}
